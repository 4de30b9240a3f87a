"""A TCP server and its client, for one thing that TCP does.

    talk.py serve WHAT          right, at 192.0.2.2 port 9000
    talk.py ask WHAT            left
"""

import socket, struct, sys, time

SERVER = ("192.0.2.2", 9000)
TFO = 0x20000000


def text(size):
    """Lines that say which they are, so that a lost one is seen."""
    return "".join(f"line {n:4} of a long text\n" for n in range(1 + size // 25)).encode()[:size]


def listen():
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sys.argv[2] == "fast-open":
        server.setsockopt(socket.IPPROTO_TCP, 23, 5)
    server.bind(("", SERVER[1]))
    server.listen()
    return server


def read_all(s):
    while s.recv(65536):
        pass


class Serve:
    def send(s, size=17000):
        s.recv(100)
        s.sendall(text(int(sys.argv[3]) if len(sys.argv) > 3 else size))

    def window(s):
        s.recv(100)
        s.sendall(text(20000))

    def echo(s):
        while data := s.recv(4096):
            s.sendall(data)

    def urgent(s):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        read_all(s)

    def idle(s):
        read_all(s)

    fast_open = linger = echo

    def crossing(s):
        """Closes at once, so that both sides' FINs may cross."""
        s.recv(100)
        time.sleep(0.2)


def connect(**options):
    s = socket.socket()
    if "buffer" in options:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options["buffer"])
    if "port" in options:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("", options["port"]))
    s.connect(SERVER)
    return s


class Ask:
    def send():
        with connect() as s:
            s.sendall(b"send\n")
            read_all(s)

    def window():
        """A reader that sleeps: its buffer fills, the window closes, the sender asks, the reader wakes."""
        with connect(buffer=4096) as s:
            s.sendall(b"send\n")
            time.sleep(1.5)
            read_all(s)

    def echo():
        with connect() as s:
            for word in (b"one", b"two", b"three"):
                s.sendall(word)
                s.recv(100)

    def urgent():
        with connect() as s:
            s.sendall(b"before ")
            s.send(b"!", socket.MSG_OOB)
            s.sendall(b" after")

    def idle():
        with connect() as s:
            s.sendall(b"hello")
            s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 3)):
                s.setsockopt(socket.IPPROTO_TCP, option, value)
            time.sleep(3.6)
            s.sendall(b"still here")

    def linger():
        """The same port again and again: first cut off by a reset, then closed in order."""
        for hard in (True, True, False):
            s = connect(port=40000)
            s.sendall(b"again")
            s.recv(100)
            if hard:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()

    def fast_open():
        """Twice: the first connection gets a cookie, the second sends data with its SYN."""
        for _ in "12":
            s = socket.socket()
            s.sendto(b"hello", TFO, SERVER)
            s.recv(100)
            s.close()
            time.sleep(0.1)

    def crossing():
        s = connect()
        s.sendall(b"bye\n")
        time.sleep(0.2)
        s.close()


def main():
    role, what = sys.argv[1], sys.argv[2].replace("-", "_")
    if role == "ask":
        return getattr(Ask, what)()
    server = listen()
    while True:
        s, _ = server.accept()
        try:
            getattr(Serve, what)(s)
        except ConnectionError:
            pass
        s.close()


main()
