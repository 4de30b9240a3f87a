#!/usr/bin/env python3
"""A big capture: a million packets of many conversations at a time, each of them whole.

    benches/big.py big.pcap                     # 1,000,000 packets
    benches/big.py --packets 100000 small.pcap

DNS asks for a name, HTTP/1.1 fetches pages over a connection that stays open, and one long download goes on beside them.
Now and then a segment is lost and sent again. Checksums are right. The same seed always gives the same bytes.
"""

import argparse
import random
import struct

SERVER, RESOLVER = bytes([192, 0, 2, 80]), bytes([192, 0, 2, 53])
FIN, SYN, PSH, ACK = 1, 2, 8, 16
TCP, UDP = 6, 17
MSS = 1448
# What is said, prepared: its bytes once for all.
TEXT = (b"The quick brown fox jumps over the lazy dog. " * 40)[:MSS]


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def ip(source, target, protocol, body, number):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), number & 0xFFFF, 0x4000, 64, protocol, 0, source, target)
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    mac = lambda address: b"\x02\x00" + address
    return mac(target) + mac(source) + b"\x08\x00" + head + body


def segment(source, target, ports, seq, ack, flags, data, number):
    options = b"\x02\x04\x05\xb4\x01\x03\x03\x07" if flags & SYN else b""
    offset = (20 + len(options)) // 4 << 12
    head = struct.pack(">HHIIHHHH", *ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, offset | flags, 502, 0, 0) + options
    pseudo = source + target + struct.pack(">BBH", 0, TCP, len(head) + len(data))
    head = head[:16] + struct.pack(">H", checksum(pseudo + head + data)) + head[18:]
    return ip(source, target, TCP, head + data, number)


def datagram(source, target, ports, data, number):
    head = struct.pack(">HHHH", *ports, 8 + len(data), 0)
    pseudo = source + target + struct.pack(">BBH", 0, UDP, 8 + len(data))
    return ip(source, target, UDP, head[:6] + struct.pack(">H", checksum(pseudo + head + data)) + data, number)


def dns(rng, client, number):
    """A question and its answer."""
    asked, port = rng.randrange(1 << 16), rng.randrange(49152, 65536)
    label = b"www%d" % number
    name = bytes([len(label)]) + label + b"\7example\3com\0"
    question = struct.pack(">HHHHHH", asked, 0x0100, 1, 0, 0, 0) + name + b"\0\1\0\1"
    answer = struct.pack(">HHHHHH", asked, 0x8180, 1, 1, 0, 0) + name + b"\0\1\0\1" + b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4" + SERVER
    yield datagram(client, RESOLVER, (port, 53), question, number)
    yield datagram(RESOLVER, client, (53, port), answer, number)


class Connection:
    """Both ends of one."""

    def __init__(self, rng, client, port):
        self.client, self.ports = client, (port, 80)
        self.seq, self.ack = rng.randrange(1 << 32), rng.randrange(1 << 32)
        self.numbers = [rng.randrange(1 << 16), rng.randrange(1 << 16)]

    def up(self, flags, data=b""):
        frame = segment(self.client, SERVER, self.ports, self.seq, self.ack, flags, data, self.numbers[0])
        self.numbers[0] += 1
        self.seq += len(data) + (1 if flags & (SYN | FIN) else 0)
        return frame

    def down(self, flags, data=b""):
        frame = segment(SERVER, self.client, self.ports[::-1], self.ack, self.seq, flags, data, self.numbers[1])
        self.numbers[1] += 1
        self.ack += len(data) + (1 if flags & (SYN | FIN) else 0)
        return frame

    def open(self):
        ack, self.ack = self.ack, 0
        yield self.up(SYN)
        self.ack = ack
        yield self.down(SYN | ACK)
        yield self.up(ACK)

    def close(self):
        yield self.up(FIN | ACK)
        yield self.down(FIN | ACK)
        yield self.up(ACK)

    def fetch(self, rng, path, size):
        yield self.up(PSH | ACK, b"GET %s HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: big/1\r\nAccept: */*\r\n\r\n" % path)
        yield self.down(ACK)
        rest = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % size
        left, turn = size, 0
        while rest or left:
            take = min(left, MSS - len(rest))
            data, left, rest = rest + TEXT[:take], left - take, b""
            lost = rng.random() < 0.002
            frame = self.down(ACK if left else PSH | ACK, data)
            if not lost:
                yield frame
            turn += 1
            if turn % 2 == 0 and not lost:
                yield self.up(ACK)
            if lost:
                yield frame
                yield self.up(ACK)


def talk(rng, number):
    """One client: a name, a connection, some pages."""
    client = bytes([10, number >> 16 & 255, number >> 8 & 255, number & 255])
    yield from dns(rng, client, number)
    connection = Connection(rng, client, 49152 + number % 16000)
    yield from connection.open()
    for page in range(rng.randrange(1, 12)):
        yield from connection.fetch(rng, b"/page/%d" % page, rng.choice([0, 20, 80, 80, 150, 150, 300, 1200]))
    yield from connection.close()


def download(rng):
    connection = Connection(rng, bytes([10, 255, 255, 1]), 50000)
    yield from connection.open()
    yield from connection.fetch(rng, b"/big.iso", 1 << 40)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--packets", type=int, default=1_000_000)
    args.add_argument("--at-a-time", type=int, default=300, help="conversations that go on beside each other")
    args.add_argument("path")
    args = args.parse_args()
    rng = random.Random(14)
    talks, begun = [download(rng)], 0
    clock = 1_700_000_000 * 10**6
    with open(args.path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        written = 0
        while written < args.packets:
            while len(talks) < args.at_a_time:
                talks.append(talk(rng, begun))
                begun += 1
            which = 0 if rng.random() < 0.08 else rng.randrange(len(talks))
            frame = next(talks[which], None)
            if frame is None:
                talks.pop(which)
                continue
            clock += rng.randrange(10, 200)
            out.write(struct.pack("<IIII", clock // 10**6, clock % 10**6, len(frame), len(frame)) + frame)
            written += 1


if __name__ == "__main__":
    main()
