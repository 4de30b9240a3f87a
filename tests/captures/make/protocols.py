"""Protocols that no program at hand speaks, written byte by byte. QUIC needs `pip install cryptography`.

    protocols.py NAME|all FOLDER

Made again, the files come out the same, byte for byte. Each function below is one file, and its name the file's.
"""

import sys
from pathlib import Path

import quic as quic_packets
from packets import *  # noqa: F403

ROUTER, PEER = "198.51.100.1", "198.51.100.2"
ROUTERS, ROUTERS6 = "224.0.0.5", "ff02::5"
EVERYBODY = "ff:ff:ff:ff:ff:ff"
PING = ip(1, summed(x("0800 0000 0007 0001") + b"inside the tunnel", 2))
PING6 = ip(58, summed(x("8000 0000 0007 0001") + b"inside", 2, pseudo(58, 14, CLIENT6, SERVER6)), CLIENT6, SERVER6)
BRIDGED = frame(PING, "00:00:5e:00:53:12", "00:00:5e:00:53:11")
CAPTURES = {}


def capture(link):
    """The function below yields the frames of a file with this link type."""

    def register(function):
        CAPTURES[function.__name__.replace("_", "-")] = (link, function)
        return function

    return register


# ---- routers among themselves


def ospf2(kind, body):
    """RFC 2328 §A.3.1, without authentication."""
    head = x("02") + u8(kind) + u16(24 + len(body)) + ip4("192.0.2.1") + ip4("0.0.0.1")
    return ip(89, summed(head + x("0000 0000") + bytes(8) + body, 12), ROUTER, ROUTERS, 1)


def ospf3(kind, body):
    """RFC 5340 §A.3.1."""
    src, dst = "fe80::1", ROUTERS6
    data = x("03") + u8(kind) + u16(16 + len(body)) + ip4("192.0.2.1") + ip4("0.0.0.1") + x("0000 07 00") + body
    return ip(89, summed(data, 12, pseudo(89, len(data), src, dst)), src, dst, 1)


def eigrp(opcode, *tlvs):
    """RFC 7868 §6.2."""
    body = b"".join(u16(kind) + u16(4 + len(value)) + value for kind, value in tlvs)
    head = x("02") + u8(opcode) + x("0000 00000001 00000005 00000004 0000 0064")
    return ip(88, summed(head + body, 2), ROUTER, "224.0.0.10", 2)


def pim(kind, body, dst="224.0.0.13", covers=None):
    """RFC 7761 §4.9; a Register's checksum covers its header only."""
    data = u8(0x20 | kind) + x("00 0000") + body
    covered = summed(data[:covers], 2) + data[covers:] if covers else summed(data, 2)
    return ip(103, covered, ROUTER, dst, 1)


def bfd(state, flags="00"):
    """RFC 5880 §4.1."""
    return x("20") + u8(state << 6 | int(flags, 16)) + x("03 18 00000001 00000002 000f4240 000f4240 00000000")


def hsrp2():
    """Version 2: a group state entry, then text authentication."""
    state = x("02 00 06 04 0007") + mac(LEFT) + u32(120) + u32(3000) + u32(10000) + ip4("192.0.2.1") + bytes(12)
    return x("01 28") + state + x("03 08") + b"cisco\0\0\0"


@capture(1)
def routing():
    yield frame(ospf2(1, x("ffffff00 000a 02 01 00000028") + ip4(ROUTER) + ip4("0.0.0.0") + ip4("192.0.2.2")))
    lsa = x("0001 02 01") + ip4("192.0.2.1") * 2 + x("80000001 0000 0024 0000 0001")
    lsa += ip4(ROUTER) + x("ffffff00 03 00 000a")
    yield frame(ospf2(2, x("05dc 02 07 00000009") + lsa[:20]))
    yield frame(ospf2(3, x("00000001") + ip4("192.0.2.1") * 2))
    yield frame(ospf2(4, u32(1) + lsa))
    yield frame(ospf2(5, lsa[:20]))
    yield frame(ospf3(1, x("00000005 01 000013 000a 0028") + ip4("192.0.2.1") + ip4("0.0.0.0") + ip4("192.0.2.2")))
    yield frame(ospf3(2, x("00 000013 05dc 00 07 00000009")))
    yield frame(ospf3(5, x("0001 2001") + ip4("0.0.0.0") + ip4("192.0.2.1") + x("80000001 1234 0018")))
    yield frame(eigrp(5, (1, x("01 00 01 00 00 00 000f")), (4, x("0c 04 01 02"))))
    yield frame(eigrp(1, (0x102, ip4(ROUTER) + x("00000100 00000a00 0005dc 00 ff 01 00 00 18 c00002"))))
    yield frame(pim(0, x("0001 0002 0069 0013 0004 00000001 0014 0004 12345678")))
    group = x("01 00 00 20") + ip4("233.252.0.1")
    join = x("01 00") + ip4(PEER) + x("00 01 00d2") + group + x("0001 0000 01 00 07 20") + ip4("192.0.2.5")
    yield frame(pim(3, join))
    yield frame(pim(1, x("00000000") + ip(17, x("9c40 9c40 0008 0000"), CLIENT, "233.252.0.1"), PEER, 8))
    yield frame(pim(2, group + x("01 00") + ip4(CLIENT), PEER))
    yield frame(pim(5, group + x("01 00") + ip4(CLIENT) + x("00000064 0000000a")))
    vrrp = x("21 05 64 02 00 01 0000") + ip4("192.0.2.1") + ip4("192.0.2.2") + bytes(8)
    yield frame(ip(112, summed(vrrp, 6), ROUTER, "224.0.0.18", 255), "01:00:5e:00:00:12", "00:00:5e:00:01:05")
    vrrp = x("31 05 c8 01 0064 0000") + ip4("192.0.2.1")
    vrrp = summed(vrrp, 6, pseudo(112, len(vrrp), ROUTER, "224.0.0.18"))
    yield frame(ip(112, vrrp, ROUTER, "224.0.0.18", 255), "01:00:5e:00:00:12", "00:00:5e:00:01:05")
    vrrp = x("31 05 c8 01 0064 0000") + ip6("fe80::5")
    vrrp = summed(vrrp, 6, pseudo(112, len(vrrp), "fe80::1", "ff02::12"))
    yield frame(ip(112, vrrp, "fe80::1", "ff02::12", 255), "33:33:00:00:00:12", "00:00:5e:00:02:05")
    for opcode, state in ((0, 16), (1, 4), (2, 16)):
        hsrp = x("00") + u8(opcode) + u8(state) + x("03 0a 64 01 00") + b"cisco\0\0\0" + ip4("192.0.2.1")
        yield frame(udp(hsrp, 1985, 1985, ROUTER, "224.0.0.2", 1))
    yield frame(udp(x("00 03 0001 000a 02 00 00000000 00000000"), 1985, 1985, ROUTER, "224.0.0.2", 1))
    yield frame(udp(hsrp2(), 1985, 1985, ROUTER, "224.0.0.102", 1))
    for state, flags in ((1, "0"), (2, "0"), (3, "30")):
        yield frame(udp(bfd(state, flags), 49152, 3784, ROUTER, PEER, 255))
    yield frame(udp(x("20 c4 03 1f") + bfd(3)[4:] + x("01 07 01") + b"pass", 49152, 4784, ROUTER, PEER, 255))
    entry = x("0002 0007") + ip4("203.0.113.0") + x("ffffff00 00000000 00000003")
    yield frame(udp(x("01 02 0000 0000 0000") + bytes(12) + u32(16), 520, 520, ROUTER, "224.0.0.9", 1))
    yield frame(udp(x("02 02 0000") + entry + entry, 520, 520, ROUTER, "224.0.0.9", 1))
    yield frame(udp(x("02 02 0000 ffff 0002") + b"secret" + bytes(10) + entry, 520, 520, ROUTER, "224.0.0.9", 1))
    yield frame(udp(x("02 01 0000 0002 0000") + ip4("203.0.113.0") + bytes(8) + u32(2), 520, 520, ROUTER, PEER, 1))
    route = ip6("2001:db8:1::") + x("0000 40 01")
    yield frame(udp(x("02 01 0000") + ip6("fe80::2") + x("0000 00 ff") + route, 521, 521, "fe80::1", "ff02::9", 255))
    yield frame(udp(x("01 01 0000") + bytes(16) + x("0000 00 10"), 521, 521, "fe80::1", "ff02::9", 255))


# ---- tunnels


def gre(flags, kind, body, options=b""):
    return frame(ip(47, u16(flags) + u16(kind) + options + body, ROUTER, PEER))


def through(port, body, sport=50000):
    return frame(udp(body, sport, port, ROUTER, PEER))


@capture(1)
def tunnels():
    summed_gre = summed(x("8000 0800 0000 0000") + PING, 4)
    yield frame(ip(47, summed_gre, ROUTER, PEER))
    yield gre(0x3000, 0x0800, PING, x("00000001 00000009"))
    yield gre(0x3081, 0x880B, x("ff03 0021") + PING, u16(4 + len(PING)) + x("0007 00000001 00000002"))
    yield gre(0x2081, 0x880B, b"", x("0000 0007 00000003"))
    yield gre(0x1000, 0x88BE, x("1064 0007 00000000") + BRIDGED, x("00000004"))
    yield gre(0x0000, 0x88BE, BRIDGED)
    yield gre(0x0000, 0x6558, BRIDGED)
    yield gre(0x0000, 0x883E, x("00000000") + PING)
    yield frame(ip(97, x("3000") + BRIDGED, ROUTER, PEER))
    yield through(4341, x("c0 123456 00000001") + PING)
    yield through(4341, x("88 123456 00002a01") + PING6)
    yield through(37008, x("01 00 0001 01") + BRIDGED)
    yield through(37008, x("01 00 0001 0a 01 c4 00 01") + BRIDGED)
    yield through(1701, x("c802 000c 0000 0000 0000 0000"), 1701)
    sccrq = x("8008 0000 0000 0001 8008 0000 0002 0100 800a 0000 0003 00000003 8009 0000 0007") + b"lac"
    yield through(1701, x("c802") + u16(12 + len(sccrq)) + x("0000 0000 0000 0000") + sccrq, 1701)
    yield through(1701, x("0002 0007 0009 ff03 0021") + PING, 1701)
    yield through(1701, x("4802") + u16(16 + len(PING)) + x("0007 0009 0001 0002 ff03 0021") + PING, 1701)
    yield through(1701, x("0202 0007 0009 0002 0000 ff03 c021 0901 0008 12345678"), 1701)
    yield through(2152, x("30 ff") + u16(len(PING)) + x("00000007") + PING, 2152)
    yield through(2152, x("32 ff") + u16(4 + len(PING6)) + x("00000007 0001 00 00") + PING6, 2152)
    yield through(2152, x("34 ff") + u16(8 + len(PING)) + x("00000007 0000 00 85 01 10 09 00") + PING, 2152)
    yield through(2152, x("32 01 0004 00000000 0003 00 00"), 2152)
    yield through(2152, x("32 02 0006 00000000 0003 00 00 0e 00"), 2152)
    yield through(2123, x("48 20 000d 00000000 000001 00 03 0001 00 05"), 2123)
    yield through(2123, x("40 01 0009 000001 00 03 0001 00 05"), 2123)
    router = ip(58, summed(x("8500 0000 00000000"), 2, pseudo(58, 8, "fe80::ffff:ffff:fffe", "ff02::2")), "fe80::ffff:ffff:fffe", "ff02::2", 255)
    yield through(3544, x("0001 0000 0102030405060708 00") + router)
    yield through(3544, x("0001 0203 6964 abcdef 0102030405060708 01") + router)
    origin = x("0000 63bf 3ffffdf5")
    yield frame(udp(x("0001 0000 0102030405060708 00") + origin + router, 3544, 50000, PEER, ROUTER))
    yield frame(udp(origin + PING6, 3544, 50000, PEER, ROUTER))
    yield through(3544, ip(59, b"", CLIENT6, SERVER6))
    yield through(4789, x("08000000 00002a00") + BRIDGED)
    yield through(4790, x("0c 0000 03 00002a00") + BRIDGED)
    yield through(4790, x("0c 0000 01 00002a00") + PING)
    yield through(6081, x("00 00 6558 00002a00") + BRIDGED)
    yield through(6081, x("02 40 6558 00002a00 0102 80 01 00000007") + BRIDGED)
    yield through(6081, x("00 80 0800 00002a00") + PING)
    yield ether(0x8847, x("00010140") + PING)
    yield ether(0x8847, x("000100ff 00020b3f") + PING6)
    yield ether(0x8847, x("000101ff") + x("00000005") + BRIDGED)
    yield ether(0x8847, x("000101ff") + BRIDGED)
    yield ether(0x8847, x("000100ff 0000d101 10000007") + bfd(3))
    yield ether(0x8847, x("000100ff 0000d101 10000021") + PING)
    yield ether(0x8847, x("000101ff 10000057") + PING6)
    yield through(6635, x("000101ff") + PING)
    esp = x("00000200 00000001") + bytes(range(24))
    yield frame(ip(50, esp, ROUTER, PEER))
    yield through(4500, x("ff"), 4500)
    yield through(4500, esp, 4500)
    sa = x("2200 0030 0000002c 01010004 0300000c 0100000c 800e0080 03000008 03000002 03000008 02000005 00000008 04000002")
    ike = x("0102030405060708 0000000000000000 21 20 22 08 00000000")
    ke, nonce = x("2800 000c 0002 0000") + b"keys", x("0000 000c") + b"nonce.12"
    ike += u32(28 + len(sa + ke + nonce)) + sa + ke + nonce
    yield through(500, ike, 500)
    yield through(4500, bytes(4) + ike, 4500)
    yield through(500, x("0102030405060708 1112131415161718 2e 20 23 20 00000001 00000030 2300 0014") + bytes(16), 500)
    yield through(500, x("0102030405060708 0000000000000000 0d 10 02 00 00000000 0000002c 0000 0010") + b"vendor.text.", 500)


# ---- one link


def tlv(kind, value):
    """IEEE 802.1AB §8.4."""
    return u16(kind << 9 | len(value)) + value


def cdp(*entries):
    body = b"".join(u16(kind) + u16(4 + len(value)) + value for kind, value in entries)
    return llc(summed(x("02 b4 0000") + body, 2), "01:00:0c:cc:cc:cc", oui="00000c", kind=0x2000)


def pppoe(kind, code, session, body):
    return ether(kind, x("11") + u8(code) + u16(session) + u16(len(body)) + body)


def option(kind, value, size=2):
    return kind.to_bytes(size, "big") + len(value).to_bytes(size, "big") + value


def eap(code, number, body=b""):
    body = u8(code) + u8(number) + u16(4 + len(body)) + body
    return ether(0x888E, x("02 00") + u16(len(body)) + body, "01:80:c2:00:00:03")


@capture(1)
def link():
    end = tlv(0, b"")
    head = tlv(1, x("04") + mac(LEFT)) + tlv(2, x("05") + b"Gi0/1") + tlv(3, u16(120))
    texts = tlv(4, b"to the roof") + tlv(5, b"switch.example") + tlv(6, b"Example OS 1.0") + tlv(7, x("0014 0004"))
    manage = tlv(8, x("05 01") + ip4("192.0.2.1") + x("02 00000001 00"))
    own = tlv(127, x("0080c2 01 0007")) + tlv(127, x("00120f 01 03 6c03 001e")) + tlv(127, x("00120f 04 05f2"))
    yield ether(0x88CC, head + texts + manage + own + end, "01:80:c2:00:00:0e")
    head = tlv(1, x("05 01") + ip4("192.0.2.1")) + tlv(2, x("03") + mac(LEFT)) + tlv(3, u16(0))
    yield ether(0x88CC, head + end, "01:80:c2:00:00:0e")
    head = tlv(1, x("07") + b"rack 7") + tlv(2, x("07") + b"port 1") + tlv(3, u16(3601))
    yield ether(0x88CC, head + tlv(4, b"") + end, "01:80:c2:00:00:0e")
    head = tlv(1, x("06") + b"eth0") + tlv(2, x("01") + b"alias") + tlv(3, u16(120))
    yield ether(0x88CC, head + end, "01:80:c2:00:00:0e")
    addresses = x("00000001 01 01 cc 0004") + ip4("192.0.2.1")
    yield cdp((1, b"switch.example"), (2, addresses), (3, b"GigabitEthernet0/1"), (4, u32(0x29)), (5, b"Example OS 1.0"), (6, b"example 1000"))
    yield cdp((1, b"switch"), (9, b"domain"), (10, u16(7)), (11, x("01")), (0x16, addresses))
    yield pppoe(0x8863, 0x09, 0, option(0x0101, b"") + option(0x0103, x("01020304")))
    offer = option(0x0101, b"internet") + option(0x0102, b"concentrator") + option(0x0104, x("aabbccdd"))
    yield pppoe(0x8863, 0x07, 0, offer + option(0x0103, x("01020304")))
    yield pppoe(0x8863, 0x19, 0, offer + option(0x0103, x("01020304")) + option(0x0000, b""))
    yield pppoe(0x8863, 0x65, 0x2A, option(0x0101, b"internet"))
    yield pppoe(0x8864, 0, 0x2A, x("c021 0101 000e 0104 05d4 0506 12345678"))
    yield pppoe(0x8864, 0, 0x2A, x("c021 0201 000e 0104 05d4 0506 12345678"))
    yield pppoe(0x8864, 0, 0x2A, x("c021 0303 0008 0304 c023"))
    yield pppoe(0x8864, 0, 0x2A, x("c023 0101 000f 05") + b"alice" + x("04") + b"word"[:4])
    yield pppoe(0x8864, 0, 0x2A, x("c023 0201 0005 00"))
    yield pppoe(0x8864, 0, 0x2A, x("c223 0101 0018 10") + bytes(range(16)) + b"isp")
    yield pppoe(0x8864, 0, 0x2A, x("8021 0101 000a 0306 c0000201"))
    yield pppoe(0x8864, 0, 0x2A, x("8057 0101 000e 010a 0200 00ff fe00 0001"))
    yield pppoe(0x8864, 0, 0x2A, x("c021 0905 0008 12345678"))
    yield pppoe(0x8864, 0, 0x2A, x("0021") + PING)
    yield pppoe(0x8864, 0, 0x2A, x("0057") + PING6)
    yield pppoe(0x8863, 0xA7, 0x2A, option(0x0203, b"done"))
    yield ether(0x888E, x("01 01 0000"), "01:80:c2:00:00:03")
    yield eap(1, 1, x("01") + b"who?")
    yield eap(2, 1, x("01") + b"alice")
    yield eap(1, 2, x("04 10") + bytes(range(16)) + b"switch")
    yield eap(2, 2, x("03 19"))
    yield eap(1, 3, x("19 20"))
    yield eap(3, 3)
    yield eap(4, 3)
    yield ether(0x888E, x("01 02 0000"), "01:80:c2:00:00:03")
    key = x("02 008a 0010 0000000000000001") + bytes(range(32)) + bytes(16 + 8 + 8 + 16) + x("0000")
    yield ether(0x888E, x("02 03") + u16(len(key)) + key)
    bridge = x("8000") + mac(LEFT)
    timers = x("0000 1400 0200 0f00")
    group = "01:80:c2:00:00:00"
    yield llc(x("0000 00 00 01") + bridge + u32(4) + bridge + x("8001") + timers, group, "424203")
    yield llc(x("0000 00 80"), group, "424203")
    yield llc(x("0000 02 02 7c") + bridge + u32(4) + bridge + x("8001") + timers + x("00"), group, "424203")
    mst = x("00") + b"region".ljust(32, b"\0") + x("0000") + bytes(16) + u32(0) + bridge + x("14")
    yield llc(x("0000 03 02 7c") + bridge + u32(4) + bridge + x("8001") + timers + x("00") + counted(2, mst), group, "424203")
    yield llc(x("0000 02 02 3c") + bridge + u32(4) + bridge + x("8001") + timers + x("00 00 0000 0002 0007"), "01:00:0c:cc:cc:cd", oui="00000c", kind=0x010B)
    yield llc(PING, RIGHT, oui="000000", kind=0x0800)
    yield ether(0x8100, x("a007") + u16(3 + 35 + 0) + x("424203 0000 00 00 01") + bridge + u32(4) + bridge + x("8001") + timers)
    yield fcs(frame(ip(17, x("9c40 9c41 0009 0000 21"))) + bytes(18))


@capture(9)
def ppp():
    yield x("ff03 c021 0101 0014 0104 05d4 0206 00000000 0506 12345678")
    yield x("ff03 c021 0401 000a 0206 00000000")
    yield x("ff03 c023 0102 000d 05") + b"alice" + x("02") + b"pw"[:1]
    yield x("ff03 c223 0301 000b") + b"welcome"
    yield x("ff03 8021 0101 0010 0306 00000000 8106 00000000")
    yield x("ff03 0021") + PING
    yield x("21") + PING
    yield x("0057") + PING6
    yield x("ff03 0281 00010140") + PING
    yield x("c021 0506 0004")


@capture(0)
def null():
    yield x("02000000") + PING
    for family in ("18000000", "1c000000", "1e000000"):
        yield x(family) + PING6
    yield x("05000000 00112233")


@capture(108)
def loop():
    yield x("00000002") + PING
    yield x("00000018") + PING6


# ---- the air


def wlan(control, *addresses, sequence=0x10, body=b""):
    head = x(control) + x("2c00") + b"".join(mac(a) for a in addresses[:3])
    if len(addresses) > 2:
        head += struct.pack("<H", sequence)
    return head + b"".join(mac(a) for a in addresses[3:]) + body


def radiotap(frame_, flags=True):
    """With the card's clock, flags, rate, channel, signal, noise and antenna (radiotap.org)."""
    present = 1 | (2 if flags else 0) | 4 | 8 | 32 | 64 | 2048
    fields = struct.pack("<Q", 123456789) + (x("10") if flags else b"") + x("0c")
    fields += b"\0" * (-(len(fields)) % 2) + struct.pack("<HH", 2412, 0xA0) + struct.pack("<bbB", -42, -95, 1)
    return x("00 00") + struct.pack("<HI", 8 + len(fields), present) + fields + (fcs(frame_) if flags else frame_)


ALL, STATION, POINT = EVERYBODY, "02:00:00:00:00:0a", "02:00:00:00:00:0b"


def air():
    element = lambda kind, value: u8(kind) + counted(1, value)
    rates, name = element(1, x("82848b96")), element(0, b"cafe")
    rsn = element(48, x("0100 000fac04 0100 000fac04 0100 000fac02 0000"))
    clock = struct.pack("<QHH", 1000000, 100, 0x0411)
    yield wlan("8000", ALL, POINT, POINT, body=clock + name + rates + element(3, x("01")) + element(5, x("00010000")) + rsn)
    yield wlan("8000", ALL, POINT, POINT, body=clock + element(0, b"") + rates)
    yield wlan("4000", ALL, STATION, ALL, body=element(0, b"") + rates)
    yield wlan("5000", STATION, POINT, POINT, body=clock + name + rates)
    yield wlan("b000", POINT, STATION, POINT, body=x("0000 0100 0000"))
    yield wlan("0000", POINT, STATION, POINT, body=x("1104 0a00") + name + rates)
    yield wlan("1000", STATION, POINT, POINT, body=x("1104 0000 01c0") + rates)
    yield wlan("2000", POINT, STATION, POINT, body=x("1104 0a00") + mac(POINT) + name + rates)
    yield wlan("a000", POINT, STATION, POINT, body=x("0300"))
    yield wlan("c000", POINT, STATION, POINT, body=x("0700"))
    yield wlan("d000", POINT, STATION, POINT, body=x("0300 01 0200 0000 0000"))
    yield wlan("b400", POINT, STATION)
    yield wlan("c400", STATION)
    yield wlan("d400", STATION)
    yield wlan("a4c0", POINT, STATION)[:2] + x("01c0") + mac(POINT) + mac(STATION)
    yield wlan("8400", POINT, STATION, body=x("0400 1000"))
    yield wlan("9400", STATION, POINT, body=x("0400 1000") + bytes(8))
    yield wlan("e400", ALL, POINT)
    snap = x("aaaa03 000000 0800") + PING
    yield wlan("0801", POINT, STATION, RIGHT, body=snap)
    yield wlan("0802", STATION, POINT, RIGHT, body=snap)
    yield wlan("0800", STATION, POINT, POINT, body=snap)
    yield wlan("0803", POINT, STATION, RIGHT, LEFT, body=snap)
    yield wlan("8801", POINT, STATION, RIGHT, body=x("0600") + snap)
    yield wlan("8842", STATION, POINT, RIGHT, body=x("0000") + x("0100 00 20 00000000") + bytes(16))
    yield wlan("0841", POINT, STATION, RIGHT, body=x("01020300") + bytes(16))
    yield wlan("0805", POINT, STATION, RIGHT, body=snap[:20])
    yield wlan("0809", POINT, STATION, RIGHT, body=snap)
    yield wlan("4811", POINT, STATION, POINT)
    yield wlan("c801", POINT, STATION, POINT, body=x("0700"))
    yield wlan("0802", STATION, POINT, POINT, body=x("aaaa03 000000 888e 02 03 0004 02 008a00"))


@capture(105)
def wifi():
    yield from air()


@capture(127)
def wifi_radio():
    for n, frame_ in enumerate(air()):
        yield radiotap(frame_, n % 3 != 2)


# ---- calls


def text(*lines):
    return "\r\n".join(lines).encode()


@capture(1)
def call():
    offer = text("v=0", f"o=alice 1 1 IN IP4 {CLIENT}", "s=A call", "i=About protocols", f"c=IN IP4 {CLIENT}", "b=AS:64", "t=0 0", "a=tool:example", "m=audio 16384 RTP/AVP 0 8 101", "i=The voice", "a=rtpmap:0 PCMU/8000", "a=sendrecv", "")
    answer = text("v=0", f"o=bob 2 2 IN IP4 {SERVER}", "s=-", f"c=IN IP4 {SERVER}", "t=0 0", "m=audio 16400 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "")
    alice, bob = f"Alice <sip:alice@example.com>;tag=a1", "<sip:bob@example.org>"
    common = (f"Via: SIP/2.0/UDP {CLIENT}:5060;branch=z9hG4bK1", f"From: {alice}")
    say = lambda body: frame(udp(body, 5060, 5060))
    reply = lambda body: frame(udp(body, 5060, 5060, SERVER, CLIENT))
    yield say(text("REGISTER sip:example.com SIP/2.0", *common, "To: <sip:alice@example.com>", "Call-ID: r1@example.com", "CSeq: 1 REGISTER", f"Contact: <sip:alice@{CLIENT}>;expires=3600", "Expires: 3600", "Max-Forwards: 70", "User-Agent: example/1.0", "Content-Length: 0", "", ""))
    yield reply(text("SIP/2.0 401 Unauthorized", *common, "To: <sip:alice@example.com>;tag=r9", "Call-ID: r1@example.com", "CSeq: 1 REGISTER", 'WWW-Authenticate: Digest realm="example.com", nonce="abc", algorithm=MD5', "Content-Length: 0", "", ""))
    yield say(text("REGISTER sip:example.com SIP/2.0", *common, "To: <sip:alice@example.com>", "Call-ID: r1@example.com", "CSeq: 2 REGISTER", 'Authorization: Digest username="alice", realm="example.com", nonce="abc", uri="sip:example.com", response="00112233445566778899aabbccddeeff"', "Content-Length: 0", "", ""))
    invite = text("INVITE sip:bob@example.org:5060 SIP/2.0", *common, f"To: {bob}", "Call-ID: c1@example.com", "CSeq: 1 INVITE", f"Contact: <sip:alice@{CLIENT}:5060>", "Subject: Lunch", "Allow: INVITE, ACK, BYE", "Content-Type: application/sdp", f"Content-Length: {len(offer)}", "", "")
    yield say(invite + offer)
    head = (*common, f"To: {bob};tag=b1", "Call-ID: c1@example.com", "CSeq: 1 INVITE", f"Contact: <sip:bob@{SERVER}>", "Server: example/2.0")
    yield reply(text("SIP/2.0 180 Ringing", *head, "Content-Length: 0", "", ""))
    yield reply(text("SIP/2.0 200 OK", *head, "Content-Type: application/sdp", f"Content-Length: {len(answer)}", "", "") + answer)
    yield say(text("ACK sip:bob@example.org SIP/2.0", *common, f"To: {bob};tag=b1", "Call-ID: c1@example.com", "CSeq: 1 ACK", "l: 0", "", ""))
    for n in range(3):
        rtp = x("80") + u8(0x80 if n == 0 else 0) + u16(7 + n) + u32(1600 + 160 * n) + u32(0xABCD) + x("ff7f") * 80
        yield frame(udp(rtp, 16384, 16400))
    yield frame(udp(x("91 08 0001 00000640 00001234 00000005 bede 0001 10aa0000") + x("d5") * 40, 16400, 16384, SERVER, CLIENT))
    yield frame(udp(x("a0 65 0001 00000640 00001234 01 0a 00a0 00000004"), 16400, 16384, SERVER, CLIENT))
    report = x("00001234 00 000001 00000007 00000003 00000000 00000000")
    sdes = x("81 ca 0003 0000abcd 01 05") + b"alice" + bytes(1)
    yield frame(udp(x("81 c8 000c 0000abcd ed000000 80000000 00000640 00000003 000001e0") + report + sdes, 16385, 16401))
    yield frame(udp(x("81 c9 0007 00001234") + report + x("81 cb 0001 00001234"), 16401, 16385, SERVER, CLIENT))
    yield say(text("BYE sip:bob@example.org SIP/2.0", *common, f"To: {bob};tag=b1", "Call-ID: c1@example.com", "CSeq: 2 BYE", "Content-Length: 0", "", ""))
    connection = Tcp(5060)
    connection.client(text("OPTIONS sip:example.org SIP/2.0", f"v: SIP/2.0/TCP {CLIENT};branch=z9hG4bK2", f"f: {alice}", f"t: {bob}", "i: o1@example.com", "CSeq: 1 OPTIONS", "l: 0", "", ""))
    connection.server(text("SIP/2.0 200 OK", f"Via: SIP/2.0/TCP {CLIENT};branch=z9hG4bK2", f"From: {alice}", f"To: {bob};tag=o2", "Call-ID: o1@example.com", "CSeq: 1 OPTIONS", "Content-Length: 0", "", ""))
    yield from connection.close()


def stun(kind, *attributes, cookie=True):
    body = b"".join(u16(k) + u16(len(v)) + v + b"\0" * (-len(v) % 4) for k, v in attributes)
    return u16(kind) + u16(len(body)) + x("2112a442") + b"transaction!" + body


def fingerprinted(message):
    """RFC 8489 §14.7: a checksum at the end, which the length counts already."""
    message = message[:2] + u16(len(message) - 20 + 8) + message[4:]
    return message + x("8028 0004") + u32(zlib.crc32(message) ^ 0x5354554E)


@capture(1)
def traversal():
    ask, answer = lambda m: frame(udp(m, 50000, 3478)), lambda m: frame(udp(m, 3478, 50000, SERVER, CLIENT))
    yield ask(stun(0x0001, (0x8022, b"example 1.0")))
    mapped = u16(0x0001) + u16(50000) + ip4(CLIENT)
    hidden = u16(0x0001) + u16(50000 ^ 0x2112) + bytes(a ^ b for a, b in zip(ip4(CLIENT), x("2112a442")))
    yield answer(fingerprinted(stun(0x0101, (0x0001, mapped), (0x0020, hidden))))
    mask = x("2112a442") + b"transaction!"
    six = bytes(a ^ b for a, b in zip(ip6(CLIENT6), mask))
    yield answer(stun(0x0101, (0x0001, u16(2) + u16(50000) + ip6(CLIENT6)), (0x0020, u16(2) + u16(50000 ^ 0x2112) + six)))
    yield ask(stun(0x0003, (0x0019, x("11000000"))))
    yield answer(stun(0x0113, (0x0009, x("0000 04 01") + b"Unauthorized"), (0x0014, b"example.org"), (0x0015, b"nonce")))
    who = ((0x0006, b"alice"), (0x0014, b"example.org"), (0x0015, b"nonce"), (0x0008, bytes(range(20))))
    yield ask(stun(0x0003, (0x0019, x("11000000")), *who))
    yield answer(stun(0x0103, (0x0016, hidden), (0x0020, hidden), (0x000D, u32(600))))
    yield ask(fingerprinted(stun(0x0001, (0x0006, b"a:b"), (0x0024, u32(0x6E0001FF)), (0x8029, u64(7)), (0x0025, b""))))
    yield ask(stun(0x0016, (0x0012, hidden), (0x0013, b"data")))
    yield ask(x("4000 0004") + b"data")
    yield ask(x("4001 0003") + b"odd" + b"\0")


def dtls(kind, epoch, number, body, version="fefd"):
    return u8(kind) + x(version) + u16(epoch) + number.to_bytes(6, "big") + counted(2, body)


def handshake(kind, sequence, body, at=0, size=None):
    size = len(body) if size is None else size
    return u8(kind) + u24(len(body)) + u16(sequence) + u24(at) + u24(size) + body[at : at + size]


@capture(1)
def datagram_tls():
    ask, answer = lambda m: frame(udp(m, 50000, 4433)), lambda m: frame(udp(m, 4433, 50000, SERVER, CLIENT))
    name = x("0000") + counted(2, counted(2, x("00") + counted(2, b"example.org")))
    groups, points = x("000a 0004 0002 0017"), x("000b 0002 0100")
    extensions = counted(2, name + groups + points)
    hello = lambda cookie: x("fefd") + bytes(range(32)) + x("00") + counted(1, cookie) + x("0004 c02b c02f 01 00") + extensions
    yield ask(dtls(22, 0, 0, handshake(1, 0, hello(b"")), "feff"))
    yield answer(dtls(22, 0, 0, handshake(3, 0, x("feff 08") + b"biscuits")))
    yield ask(dtls(22, 0, 1, handshake(1, 1, hello(b"biscuits"))))
    server = x("fefd") + bytes(range(32)) + counted(1, b"session.") + x("c02b 00") + counted(2, x("000b 0002 0100"))
    yield answer(dtls(22, 0, 1, handshake(2, 1, server)) + dtls(22, 0, 2, handshake(14, 2, b"")))
    exchange = counted(1, bytes(range(65)))
    yield ask(dtls(22, 0, 2, handshake(16, 2, exchange, 0, 40)))
    yield ask(dtls(22, 0, 3, handshake(16, 2, exchange, 40, 26)))
    yield ask(dtls(20, 0, 4, x("01")) + dtls(22, 1, 0, bytes(range(40))))
    yield answer(dtls(20, 0, 3, x("01")) + dtls(22, 1, 0, bytes(range(40))))
    yield ask(dtls(23, 1, 1, bytes(range(50))))
    yield ask(dtls(21, 0, 9, x("02 28")))
    yield ask(dtls(21, 1, 2, bytes(range(26))))


# ---- datagrams


def netbios(name, kind):
    """RFC 1001 §14.1: each half of a byte becomes a letter."""
    name = name.ljust(15).encode() + u8(kind)
    return x("20") + b"".join(u8(0x41 + (b >> 4)) + u8(0x41 + (b & 15)) for b in name) + x("00")


@capture(1)
def datagrams():
    everybody = "192.0.2.255"
    desk = netbios("DESK", 0)
    named = lambda m, dst=everybody: frame(udp(m, 137, 137, CLIENT, dst))
    yield named(x("8001 0110 0001 0000 0000 0000") + desk + x("0020 0001"))
    yield frame(udp(x("8001 8500 0000 0001 0000 0000") + desk + x("0020 0001 00000384 0006 0000") + ip4(SERVER), 137, 137, SERVER, CLIENT))
    record = x("c00c 0020 0001 000493e0 0006 0000") + ip4(CLIENT)
    yield named(x("8002 2910 0001 0000 0000 0001") + desk + x("0020 0001") + record)
    yield named(x("8003 3010 0001 0000 0000 0001") + desk + x("0020 0001") + record)
    star = x("20") + b"CK" + b"A" * 30 + x("00")
    yield named(x("8004 0000 0001 0000 0000 0000") + star + x("0021 0001"), SERVER)
    names = b"".join(n.ljust(15).encode() + u8(k) + u16(f) for n, k, f in (("DESK", 0, 0x0400), ("OFFICE", 0, 0x8400)))
    status = u8(2) + names + mac(RIGHT) + bytes(40)
    yield frame(udp(x("8004 8400 0000 0001 0000 0000") + star + x("0021 0001 00000000") + counted(2, status), 137, 137, SERVER, CLIENT))
    yield frame(udp(x("8005 8583 0000 0000 0000 0000") + desk + x("000a 0001 00000000 0000"), 137, 137, SERVER, CLIENT))
    slot = x("ff534d42 25") + bytes(27) + x("11 0000 0600") + bytes(12) + x("0000 0000 0000") + x("0600 5600 0300 0100 0100 0200 1700") + b"\\MAILSLOT\\BROWSE\0" + x("010080fc0a00") 
    both = desk + netbios("OFFICE", 0x1D)
    letter = lambda kind, body: x(kind) + x("02 0007") + ip4(CLIENT) + u16(138) + body
    yield frame(udp(letter("11", u16(len(both + slot)) + x("0000") + both + slot), 138, 138, CLIENT, everybody))
    yield frame(udp(letter("10", u16(len(both) + 4) + x("0000") + both + b"text"), 138, 138, CLIENT, SERVER))
    yield frame(udp(letter("13", x("82")), 138, 138, SERVER, CLIENT))
    yield frame(udp(letter("14", desk), 138, 138, CLIENT, SERVER))
    avp = lambda kind, value: u8(kind) + u8(2 + len(value)) + value
    body = avp(1, b"alice") + avp(2, bytes(range(16))) + avp(4, ip4(ROUTER)) + avp(5, u32(7)) + avp(80, bytes(16))
    yield frame(udp(x("01 07") + u16(20 + len(body)) + bytes(range(16)) + body, 50000, 1812))
    body = avp(6, u32(2)) + avp(18, b"Welcome") + avp(26, u32(9) + avp(1, b"shell:priv-lvl=15"))
    yield frame(udp(x("02 07") + u16(20 + len(body)) + bytes(range(16)) + body, 1812, 50000, SERVER, CLIENT))
    body = avp(79, x("0107 0006 0410")) + avp(24, b"state")
    yield frame(udp(x("0b 08") + u16(20 + len(body)) + bytes(range(16)) + body, 1812, 50000, SERVER, CLIENT))
    body = avp(40, u32(1)) + avp(44, b"session 7") + avp(1, b"alice")
    yield frame(udp(x("04 09") + u16(20 + len(body)) + bytes(range(16)) + body, 50001, 1813))
    yield frame(udp(x("05 09 0014") + bytes(range(16)), 1813, 50001, SERVER, CLIENT))
    coap = lambda m: frame(udp(m, 50002, 5683))
    yield coap(x("44 01 1234") + b"tokn" + x("3b") + b"example.org" + x("87") + b"sensors" + x("04") + b"temp" + x("43") + b"a=1")
    yield frame(udp(x("64 45 1234") + b"tokn" + x("c0 ff") + b"21.5 C", 5683, 50002, SERVER, CLIENT))
    yield coap(x("40 00 1235"))
    yield coap(x("70 00 1235"))
    yield coap(x("52 02 1236 aabb b6") + b"lights" + x("11 32 ff") + b'{"on":true}')
    yield frame(udp(x("62 84 1236 aabb"), 5683, 50002, SERVER, CLIENT))


@capture(1)
def quic():
    yield from quic_packets.frames()


# ---- streams


@capture(1)
def terminal():
    connection = Tcp(23)
    connection.server(x("fffd18 fffd1f fffb01 fffb03"))
    connection.client(x("fffb18 fffb1f fffd01 fffd03"))
    connection.server(x("fffa18 01 fff0"))
    connection.client(x("fffa18 00") + b"xterm" + x("fff0 fffa1f 0050 0018 fff0"))
    connection.server("Welcome\r\nlogin: ")
    connection.client("alice\r\n")
    connection.server("Password: ")
    connection.client("secret\r\n", x("fff6"), x("fff4 fffd06"))
    connection.server(x("fffc06") + b"\r\n$ ", x("fff1") + b"100" + x("ffff") + b"\r\n")
    yield from connection.close()


@capture(1)
def mailbox():
    letter = "From: bob@example.org\r\nSubject: Hello\r\n\r\nAlice\r\n"
    connection = Tcp(110)
    connection.server("+OK ready <1.2@example.org>\r\n").client("CAPA\r\n")
    connection.server("+OK\r\nUSER\r\nUIDL\r\n.\r\n").client("USER alice\r\n").server("+OK\r\n").client("PASS secret\r\n")
    connection.server("+OK 1 letter\r\n").client("STAT\r\n").server("+OK 1 52\r\n").client("RETR 1\r\n")
    connection.server(f"+OK 52 octets\r\n{letter}.\r\n").client("DELE 2\r\n").server("-ERR no such letter\r\n")
    connection.client("QUIT\r\n").server("+OK bye\r\n")
    yield from connection.close()
    connection = Tcp(143, 40001)
    connection.server("* OK [CAPABILITY IMAP4rev1] ready\r\n").client("a1 LOGIN \"alice\" \"secret\"\r\n")
    connection.server("a1 OK logged in\r\n").client('a2 SELECT "INBOX"\r\n')
    connection.server("* 1 EXISTS\r\n* FLAGS (\\Seen)\r\na2 OK [READ-WRITE] done\r\n").client("a3 UID FETCH 1 (FLAGS BODY[])\r\n")
    connection.server(f"* 1 FETCH (UID 7 FLAGS (\\Seen) BODY[] {{{len(letter)}}}\r\n{letter})\r\na3 OK done\r\n")
    connection.client("a4 STATUS Drafts (MESSAGES)\r\n").server("* STATUS Drafts (MESSAGES 0)\r\na4 OK done\r\n")
    connection.client("a5 FROB\r\n").server("a5 BAD what?\r\n").client("a6 LIST \"\" *\r\n")
    connection.server('* LIST (\\HasNoChildren) "/" INBOX\r\na6 OK done\r\n').client("a7 IDLE\r\n").server("+ idling\r\n")
    connection.client("DONE\r\n").server("a7 OK done\r\n").client("a8 LOGOUT\r\n").server("* BYE\r\na8 OK bye\r\n")
    yield from connection.close()


@capture(1)
def letters():
    """Mails in SMTP, IMAP and HTTP: in one piece, in several, in chunks, of several parts, without a head."""
    letter = text(
        "Return-Path: <ann@example.org>", "Received: from left.example.org by mail.example.org;", "\tThu, 01 Jan 2026 00:00:00 +0000",
        "Date: Thu, 01 Jan 2026 00:00:00 +0000", "From: Ann Author <ann@example.org>, ann@example.net", "Sender: Ann <ann@example.org>",
        "Reply-To: ann@example.org", "To: Bob <bob@example.net>,", " <carol@example.net>", "Cc: dora@example.net", "Subject: =?utf-8?q?A_lesson?=",
        " in two lines", "Message-ID: <1@example.org>", "In-Reply-To: <0@example.net>", "References: <0@example.net>", "MIME-Version: 1.0",
        "X-Mailer: hand", "X-Own: thing", "User-Agent: pen", "Keywords: mail, lesson", "Comments:", "Content-Transfer-Encoding: 7bit",
        "Content-Type: text/plain; charset=utf-8", "", "Hello,", "..a dot first", "", "Bye", "",
    )
    short = text("From: ann@example.org", "To: bob@example.net", "", "line 0", "line 1", "")
    parts = text(
        "From: ann@example.org", "Subject: parts", 'Content-Type: multipart/mixed; boundary="cut"', "", "--cut", "Content-Type: text/plain", "", "one",
        "--cut", "Content-Type: text/html; charset=utf-8", "", "<p>two</p>", "--cut--", "",
    )
    typed = text("From: ann@example.org", "Content-Type: text/html", "", "<p>no parameter</p>", "")
    end = b".\r\n"
    connection = Tcp(25)
    connection.server("220 mail.example.org ready\r\n").client("EHLO left.example.org\r\n").server("250 CHUNKING\r\n")
    for pieces in (
        [letter + end], [letter[:300], letter[300:], end], [short, end], [parts + end], [typed + end], [end], [b"no colon\r\n.\r\n"],
        [b"\r\nno head\r\n\r\n.\r\n"], [b"Subject: x\r\n\r\nmid", b".\r\n line\r\n.\r\n"],
    ):
        connection.client("MAIL FROM:<ann@example.org>\r\n").server("250 ok\r\n").client("RCPT TO:<bob@example.net>\r\n").server("250 ok\r\n")
        connection.client("DATA\r\n").server("354 go on\r\n").client(*pieces).server("250 kept\r\n")
    connection.client("QUIT\r\n").server("221 bye\r\n")
    yield from connection.close()
    connection = Tcp(25, 40001)
    chunk = b"Subject: in chunks\r\n\r\nabc\r\n"
    connection.server("220 mail.example.org ready\r\n").client(f"BDAT {len(chunk)}\r\n", chunk).server("250 ok\r\n")
    connection.client("BDAT 5 LAST\r\n", "def\r\n").server("250 kept\r\n").client("QUIT\r\n").server("221 bye\r\n")
    yield from connection.close()
    connection = Tcp(143, 40002)
    fetched = lambda what, mail: f"* 1 FETCH ({what} {{{len(mail)}}}\r\n".encode() + mail + b")\r\n"
    connection.server("* OK ready\r\n").client("a1 FETCH 1 (BODY[])\r\n").server(fetched("BODY[]", short) + b"a1 OK done\r\n")
    connection.client("a2 FETCH 1 (BODY[TEXT])\r\n").server(fetched("BODY[TEXT]", b"just text\r\n") + b"a2 OK done\r\n")
    both = fetched("RFC822", short) + fetched("RFC822", parts) + b"a3 OK done\r\n"
    connection.client("a3 FETCH 1:2 (RFC822)\r\n").server(both)
    whole = fetched("BODY[]", letter) + b"a4 OK done\r\n"
    connection.client("a4 FETCH 1 (BODY[])\r\n").server(whole[:200], whole[200:])
    yield from connection.close()
    connection = Tcp(80, 40003)
    connection.client(text("POST /m HTTP/1.1", "Host: web.example", "Content-Type: message/rfc822", f"Content-Length: {len(short)}", "", "") + short)
    yield from connection.close()


@capture(1)
def mails():
    """Mails that POP brings: behind the answer and with it, in pieces, of a length that isn't told, the first lines only."""
    letter = text(
        "From: Ann <ann@example.org>", "To: bob@example.net", "Subject: fetched", "Date: Thu, 01 Jan 2026 00:00:00 +0000",
        "Content-Type: text/plain; charset=utf-8", "", "Hello,", "..a dot first", "Bye", "",
    )
    end = b".\r\n"
    octets = f"+OK {len(letter)} octets\r\n"
    connection = Tcp(110)
    connection.server("+OK ready\r\n").client("USER bob\r\n").server("+OK\r\n").client("PASS secret\r\n").server("+OK 2 letters\r\n")
    connection.client("RETR 1\r\n").server(octets, letter + end)
    connection.client("RETR 1\r\n").server(octets, letter[:100], letter[100:] + end)
    connection.client("retr 2\r\n").server(octets, letter[:50], letter[50:120], letter[120:] + end)
    connection.client("TOP 1 1\r\n").server("+OK\r\n", letter[:-20] + end)
    connection.client("RETR 2\r\n").server("+OK message follows\r\n", letter + end)
    connection.client("RETR 9\r\n").server("-ERR no such letter\r\n")
    connection.client("RETR 1\r\n").server(octets.encode() + letter + end)
    connection.client("QUIT\r\n").server("+OK bye\r\n")
    yield from connection.close()


@capture(1)
def parts():
    """Bodies of several parts: with text before and behind them, without the name of their boundary; frames of no valid length, and one in IPv6 (RFC 8986)."""
    body = text(
        "--cut", "Content-Type: text/plain", "", "one", "--cut", "Content-Type: application/json", "", '{"a":[1,2]}', "--cut",
        'Content-Disposition: form-data; name="x"', "", "value", "--cut", "", "no header", "--cut--", "",
    )
    bodies = (
        ("multipart/mixed; boundary=cut", body), ('multipart/mixed; boundary="cut"', b"before\r\nit\r\n" + body + b"behind"), ("multipart/mixed", body),
        ("multipart/mixed; boundary=other", body), ("multipart/form-data; boundary=cut", body[:-9]), ("multipart/mixed; boundary=cut", b"--cut--\r\n"),
    )
    for n, (kind, data) in enumerate(bodies):
        connection = Tcp(80, 40000 + n)
        connection.client(text("POST /m HTTP/1.1", "Host: web.example", f"Content-Type: {kind}", f"Content-Length: {len(data)}", "", "") + data)
        yield from connection.close()
    for number in (1500, 1501, 1535):
        yield mac(RIGHT) + mac(LEFT) + u16(number) + x("424203") + bytes(1500)
    yield frame(ip(143, BRIDGED, CLIENT6, SERVER6))


@capture(1)
def printer():
    attribute = lambda tag, name, value: u8(tag) + counted(2, name) + counted(2, value)
    common = attribute(0x47, b"attributes-charset", b"utf-8") + attribute(0x48, b"attributes-natural-language", b"en")
    ask = x("0101 000b 00000001 01") + common + attribute(0x45, b"printer-uri", b"ipp://printer.example/ipp")
    ask += attribute(0x44, b"requested-attributes", b"printer-state") + attribute(0x44, b"", b"copies-supported") + x("03")
    answer = x("0101 0000 00000001 01") + common + x("04") + attribute(0x23, b"printer-state", u32(3))
    answer += attribute(0x33, b"copies-supported", u32(1) + u32(99)) + attribute(0x22, b"color-supported", x("01")) + x("03")
    job = x("0101 0002 00000002 01") + common + attribute(0x42, b"job-name", b"Letter") + x("03") + b"%!PS text"
    connection = Tcp(631)
    post = lambda body: text("POST /ipp HTTP/1.1", "Host: printer.example:631", "Content-Type: application/ipp", f"Content-Length: {len(body)}", "", "") + body
    reply = lambda body: text("HTTP/1.1 200 OK", "Content-Type: application/ipp", f"Content-Length: {len(body)}", "", "") + body
    connection.client(post(ask)).server(reply(answer)).client(post(job)).server(reply(x("0101 0001 00000002 01") + common + x("03")))
    yield from connection.close()


@capture(1)
def association():
    init = u32(5) + u32(65535) + x("000a 000a") + u32(100)
    cookie = b"cookie.."
    ends = lambda tag, *chunks: frame(ip(132, sctp(40000, 9000, tag, *chunks)))
    back = lambda tag, *chunks: frame(ip(132, sctp(9000, 40000, tag, *chunks), SERVER, CLIENT))
    yield ends(0, (1, 0, init + x("000c 0006 0005 0000 8000 0004")))
    yield back(5, (2, 0, u32(9) + init[4:12] + u32(200) + x("0007") + u16(4 + len(cookie)) + cookie))
    yield ends(9, (10, 0, cookie))
    yield back(5, (11, 0, b""))
    data = lambda tsn, sid, ssn, ppid, body: u32(tsn) + u16(sid) + u16(ssn) + u32(ppid) + body
    yield ends(9, (0, 3, data(100, 1, 0, 0, b"a whole message")))
    yield back(5, (3, 0, u32(100) + u32(65000) + x("0000 0000")), (0, 3, data(200, 2, 0, 0, b"odd")))
    yield ends(9, (0, 2, data(101, 1, 1, 0, b"first ")), (0, 1, data(102, 1, 1, 0, b"second")))
    yield ends(9, (4, 0, x("0001 0008") + b"beat"))
    yield back(5, (5, 0, x("0001 0008") + b"beat"))
    yield back(5, (3, 0, u32(100) + u32(65000) + x("0001 0001 0002 0002") + u32(100)))
    yield ends(9, (7, 0, u32(200)))
    yield back(5, (8, 0, b""))
    yield ends(9, (14, 0, b""))
    yield back(5, (6, 0, x("000c 0008") + b"over"))
    yield ends(9, (9, 0, x("0001 0008 0007 0000")))

# ---- what is rare: each a kind that was once read otherwise than by tshark


def domain(text):
    """A domain name (RFC 1035 §3.1)."""
    return b"".join(counted(1, label.encode()) for label in text.split(".") if label) + b"\0"


def record(kind, data):
    """An answer about the name of the question."""
    question = domain("www.example.com") + x("0001 0001")
    answer = x("c00c") + u16(kind) + x("0001 0000012c") + counted(2, data)
    return frame(udp(x("0007 8180 0001 0001 0000 0000") + question + answer, 53, 50000, SERVER, CLIENT))


def dhcp(*options):
    """RFC 2131 §2, an offer."""
    head = x("02 01 06 00 12345678 0001 8000") + bytes(4) + ip4(CLIENT) + ip4(SERVER) + bytes(4)
    body = b"".join(u8(kind) + counted(1, value) for kind, value in ((53, x("02")), *options))
    return frame(udp(head + mac(LEFT).ljust(208, b"\0") + x("63825363") + body + x("ff"), 67, 68, SERVER, CLIENT))


@capture(1)
def rare_datagrams():
    for body in (b"", b"", b"text", b"", b"more"):
        yield frame(udp(body, 50000, 9001))
    yield llc(PING, RIGHT, "060603")
    yield llc(x("10 00 0001 0000 00") + mac(LEFT), "01:00:0c:dd:dd:dd", oui="00000c", kind=0x2001)
    yield ether(0x8808, x("0001 ffff") + bytes(42), "01:80:c2:00:00:01")
    yield frame(ip(59, b"", CLIENT6, SERVER6)) + bytes(6)
    yield ether(0x86DD, x("45") + bytes(49))
    for kind, group in ((0x13, "224.0.0.4"), (0x14, "224.0.0.2"), (0x23, "224.0.0.22"), (0x30, "224.0.0.106")):
        yield frame(ip(2, summed(u8(kind) + x("01 0000 00000000"), 2), ROUTER, group, 1))
    bridge = x("8000") + mac(LEFT)
    bpdu = bridge + u32(4) + bridge + x("8001 0000 1400 0200 0f00 00")
    yield llc(x("0000 00 02 3c") + bpdu, "01:80:c2:00:00:00", "424203")
    yield llc(x("0000 00 01 00") + bpdu, "01:80:c2:00:00:00", "424203")
    signature = x("08 02 00000e10 60000000 5f000000 1234") + domain("example.com") + bytes(16)
    for kind in (24, 46):
        yield record(kind, x("0001") + signature)
    for kind, data in ((17, domain("a.example") * 2), (29, x("00121613 80000000 80000000 00989680")), (44, bytes(22))):
        yield record(kind, data)
    for kind, data in ((53, bytes(11)), (55, x("0402 0004") + b"hit.keyk"), (32769, x("1234 08 02") + bytes(32)), (65280, b"own")):
        yield record(kind, data)
    yield frame(udp(x("0007 0100 0001 0000 0000 0000 c00c 0001 0001"), 50000, 53))
    yield dhcp((1, bytes(5)), (51, bytes(3)), (54, ip4(SERVER) * 2), (53, x("05 00")), (52, x("01 01")))
    yield dhcp((1, x("ffffff00")), (51, u32(3600)), (54, ip4(SERVER)))
    trap = x("3026020101 04067075626c6963 a719 020101 020100 020100 300e 300c 06082b06010201010100 0500")
    for sport in (50001, 50001, 50001, 162, 162):
        yield frame(udp(trap, sport, 162))


@capture(1)
def rare_streams():
    hello = x("16 0301 0043 01 00003f 0303") + bytes(range(32)) + x("00 0002 1301 01 00 0014 0000 0010 000e 00 000b") + b"example.org"
    for number, port in enumerate((3389, 143)):
        connection = Tcp(port, 40000 + number)
        connection.client(hello).server(x("15 0303 0002 02 28"))
        yield from connection.close()
    connection = Tcp(6379, 40003)
    connection.client("*2\r\n$3\r\nGET\r\n$1\r\na\r\n").server("$9\r\nin ", "pieces\r\n")
    connection.client("PING\r\n").server("+PONG\r\n$4\r\nmo", "re\r\n:5\r\n")
    yield from connection.close()
    connection = Tcp(80, 40002)
    connection.client("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
    connection.server("HTTP/1.1  200  Fine\r\nContent-Length: +2\r\nContent-Type: text/plain\r\n\r\nab")
    connection.client("NOTIFY / HTTP/1.1\r\nHost: example.org\r\nNT: upnp:event\r\n\r\n")
    query = x("0000 0100 0001 0000 0000 0000") + domain("www.example.com") + x("0001 0001")
    head = text("HTTP/1.1 200 OK", "Content-Type: application/dns-message", f"Content-Length: {len(query)}", "", "")
    connection.server(head + query)
    yield from connection.close()
    connection = Tcp(443, 40004)
    connection.client(hello).server(x("15 0303 0002 01 c8"))
    yield from connection.close()


@capture(1)
def port_mapping():
    """RFC 6886 §3.2 to §3.5: the router's address, a mapping made, refused and removed; then PCP's announcements (RFC 6887 §14.1)."""
    inside, outside = "192.0.2.10", "192.0.2.1"
    asks = lambda m: frame(udp(m, 49152, 5351, inside, outside))
    answers = lambda m: frame(udp(m, 5351, 49152, outside, inside), LEFT, RIGHT)
    yield asks(x("00 00"))
    yield answers(x("00 80 0000") + u32(86400) + ip4("203.0.113.7"))
    yield asks(x("00 01 0000") + u16(51820) + u16(51820) + u32(7200))
    yield answers(x("00 81 0000") + u32(86401) + u16(51820) + u16(40000) + u32(7200))
    yield asks(x("00 02 0000") + u16(22) + u16(22) + u32(7200))
    yield answers(x("00 82 0002") + u32(86402) + u16(22) + u16(0) + u32(0))
    yield asks(x("00 01 0000") + u16(51820) + u16(0) + u32(0))
    yield answers(x("00 81 0000") + u32(86403) + u16(51820) + u16(0) + u32(0))
    yield asks(x("00 07"))
    yield answers(x("00 87 0005") + u32(86404))
    yield frame(udp(x("00 80 0000") + u32(1) + ip4("203.0.113.8"), 5351, 5350, outside, "224.0.0.1", 1), LEFT, RIGHT)
    client = bytes(10) + x("ffff") + ip4(inside)
    yield asks(x("02 00 0000 00000000") + client)
    yield answers(x("02 80 00 00 00000000") + u32(86405) + bytes(12))
    yield answers(x("00 80 0001") + u32(86406))


if __name__ == "__main__":
    wanted, folder = sys.argv[1], Path(sys.argv[2])
    for name, (link_type, function) in CAPTURES.items():
        if wanted in ("all", name):
            write(folder / f"{name}.pcap", link_type, list(function()))
