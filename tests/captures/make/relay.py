"""A cable with faults: frames that come in at one interface go out at the other, but for what the rules say.

    relay.py LEFT RIGHT [RULE…]

A rule is DIRECTION:WHICH:N:WHAT. DIRECTION: `<` towards LEFT, `>` towards RIGHT. WHICH: `data` counts TCP segments
with a payload, `syn`, `fin`, `ack` (those without anything else) the others. N: which of them, from 1; `5-7` for
several. WHAT: `drop`; `twice`; `late=K`, after K more frames of this direction; `wait=MS`, so long.
"""

import heapq, select, socket, sys, time


def kind(frame):
    """What a frame is to a rule."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 6:
        return "other"
    ip = (frame[14] & 15) * 4
    flags, header = frame[14 + ip + 13], (frame[14 + ip + 12] >> 4) * 4
    total = int.from_bytes(frame[16:18], "big")
    if total > ip + header:
        return "data"
    return "syn" if flags & 2 else "fin" if flags & 1 else "ack"


def rules(words):
    for word in words:
        direction, which, n, what = word.split(":")
        first, _, last = n.partition("-")
        yield direction, which, range(int(first), int(last or first) + 1), what


def main():
    left, right = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3) for _ in "lr")
    left.bind((sys.argv[1], 0x0003))
    right.bind((sys.argv[2], 0x0003))
    table, seen, held, waiting = list(rules(sys.argv[3:])), {}, [], []
    while True:
        pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for end in select.select([left, right], [], [], pause)[0]:
            frame, address = end.recvfrom(65536)
            if address[2] == socket.PACKET_OUTGOING:
                continue
            to, direction = (right, ">") if end is left else (left, "<")
            what = kind(frame)
            count = seen[direction, what] = seen.get((direction, what), 0) + 1
            found = next((w for d, k, n, w in table if d == direction and k == what and count in n), "")
            name, _, value = found.partition("=")
            if name == "late":
                held.append([int(value), direction, to, frame])
                continue
            if name == "wait":
                heapq.heappush(waiting, (time.monotonic() + int(value) / 1000, count, frame, to))
                continue
            for _ in range({"drop": 0, "twice": 2}.get(name, 1)):
                to.send(frame)
            for item in [h for h in held if h[1] == direction]:
                item[0] -= 1
                if item[0] <= 0:
                    item[2].send(item[3])
                    held.remove(item)
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, frame, to = heapq.heappop(waiting)
            to.send(frame)


main()
