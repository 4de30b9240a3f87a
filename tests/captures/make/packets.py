"""Packets written byte by byte, and the file they go into. Standard library only.

Numbers in a text of hexadecimal digits stand for themselves; spaces are for the reader.
"""

import ipaddress
import struct
import zlib

LEFT, RIGHT = "02:00:00:00:00:01", "02:00:00:00:00:02"
CLIENT, SERVER = "192.0.2.10", "192.0.2.20"
CLIENT6, SERVER6 = "2001:db8::10", "2001:db8::20"


def x(text):
    """The bytes of hexadecimal digits."""
    return bytes.fromhex(text)


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ip4(text):
    return ipaddress.IPv4Address(text).packed


def ip6(text):
    return ipaddress.IPv6Address(text).packed


def u8(n):
    return struct.pack(">B", n)


def u16(n):
    return struct.pack(">H", n)


def u24(n):
    return struct.pack(">I", n)[1:]


def u32(n):
    return struct.pack(">I", n)


def u64(n):
    return struct.pack(">Q", n)


def counted(size, body):
    """A length, then what it counts."""
    return len(body).to_bytes(size, "big") + body


def sum16(data):
    """The checksum of the Internet (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def summed(data, at, pseudo=b""):
    """The same bytes with their checksum at that place."""
    return data[:at] + u16(sum16(pseudo + data)) + data[at + 2 :]


def ether(kind, body, dst=RIGHT, src=LEFT):
    return mac(dst) + mac(src) + u16(kind) + body


def llc(body, dst, sap="aaaa03", oui="", kind=None):
    """IEEE 802.3 with a length, LLC and, where an OUI is given, SNAP."""
    body = x(sap) + x(oui) + (u16(kind) if kind is not None else b"") + body
    return ether(len(body), body, dst)


def packed(address):
    return ip6(address) if ":" in address else ip4(address)


def ip(proto, body, src=CLIENT, dst=SERVER, ttl=64, number=1, tos=0):
    """An IPv4 or IPv6 packet, by its addresses."""
    if ":" in src:
        head = u32(6 << 28 | tos << 20) + u16(len(body)) + u8(proto) + u8(ttl)
        return head + ip6(src) + ip6(dst) + body
    head = x("45") + u8(tos) + u16(20 + len(body)) + u16(number) + x("4000") + u8(ttl) + u8(proto) + x("0000")
    return summed(head + ip4(src) + ip4(dst), 10) + body


def pseudo(proto, length, src, dst):
    return packed(src) + packed(dst) + (u32(length) + u32(proto) if ":" in src else u8(0) + u8(proto) + u16(length))


def udp(body, sport, dport, src=CLIENT, dst=SERVER, ttl=64):
    body = u16(sport) + u16(dport) + u16(8 + len(body)) + x("0000") + body
    return ip(17, summed(body, 6, pseudo(17, len(body), src, dst)), src, dst, ttl)


def frame(packet, dst=RIGHT, src=LEFT):
    """An Ethernet frame around an IP packet."""
    return ether(0x86DD if packet[0] >> 4 == 6 else 0x0800, packet, dst, src)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def sctp(sport, dport, tag, *chunks):
    """Chunks: type, flags and value."""
    body = b""
    for kind, flags, value in chunks:
        body += u8(kind) + u8(flags) + u16(4 + len(value)) + value + b"\0" * (-len(value) % 4)
    head = u16(sport) + u16(dport) + u32(tag)
    return head + struct.pack("<I", crc32c(head + b"\0" * 4 + body)) + body


def fcs(data):
    """With the frame check sequence that Ethernet and Wi-Fi share."""
    return data + struct.pack("<I", zlib.crc32(data))


class Tcp:
    """A connection; `client` and `server` speak, each message in a segment that the other side acknowledges."""

    def __init__(self, port, sport=40000, src=CLIENT, dst=SERVER):
        self.ends = [(src, sport), (dst, port)]
        self.next = [1000, 5000]
        self.frames = []
        for side, flags in ((0, 0x02), (1, 0x12), (0, 0x10)):
            self.segment(side, b"", flags)

    def segment(self, side, data, flags=0x18, options=b"", ack=True):
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        number = self.next[1 - side] if flags & 0x10 else 0
        offset = (20 + len(options)) // 4
        head = u16(sport) + u16(dport) + u32(self.next[side]) + u32(number) + u16(offset << 12 | flags)
        body = head + u16(65000) + x("00000000") + options + data
        body = summed(body, 16, pseudo(6, len(body), src, dst))
        self.frames.append(frame(ip(6, body, src, dst, number=len(self.frames) + 1)))
        self.next[side] += len(data) + (1 if flags & 3 else 0)

    def client(self, *messages):
        return self._say(0, messages)

    def server(self, *messages):
        return self._say(1, messages)

    def _say(self, side, messages):
        for data in messages:
            data = data.encode() if isinstance(data, str) else data
            self.segment(side, data)
            self.segment(1 - side, b"", 0x10)
        return self

    def close(self):
        for side, flags in ((0, 0x11), (1, 0x11), (0, 0x10)):
            self.segment(side, b"", flags)
        return self.frames


def write(path, link, frames):
    """A classic capture file; a frame every 10 ms from the start of 2026 on."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link))
        for n, data in enumerate(frames):
            out.write(struct.pack("<IIII", 1767225600 + n // 100, n % 100 * 10000, len(data), len(data)) + data)
