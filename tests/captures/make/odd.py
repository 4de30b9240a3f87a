"""Headers that ordinary programs seldom send, built by scapy: `pip install scapy`.

    odd.py ipv4|ipv6|mdns FILE
"""

import sys

from scapy.all import *  # noqa: F403

conf.checkIPaddr = False
LEFT, RIGHT = "02:00:00:00:00:01", "02:00:00:00:00:02"
ether = Ether(src=LEFT, dst=RIGHT)


def ipv6():
    ip = lambda **more: ether / IPv6(src="2001:db8::1", dst="2001:db8::2", **more)
    echo = lambda n: ICMPv6EchoRequest(id=7, seq=n, data=b"extension")
    yield ip() / IPv6ExtHdrHopByHop(options=[RouterAlert(value=0), PadN(optdata=b"\0\0")]) / echo(1)
    yield ip() / IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))]) / echo(2)
    yield ip() / IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x1E, optdata=b"test"), Pad1(), Pad1()]) / echo(3)
    yield ip() / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(addresses=["2001:db8::3"]) / echo(4)
    yield ip() / IPv6ExtHdrSegmentRouting(addresses=["2001:db8::2", "2001:db8::4"], segleft=1, lastentry=1) / echo(5)
    yield ip() / IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=70000)]) / echo(6)
    yield ip() / IPv6ExtHdrFragment(id=9) / UDP(sport=9000, dport=9001) / b"an atomic fragment"
    whole = bytes(UDP(sport=9000, dport=9001, len=8 + 40, chksum=0x1234) / (b"0123456789" * 4))
    yield ip() / IPv6ExtHdrFragment(id=10, m=1, offset=0, nh=17) / Raw(whole[:24])
    yield ip() / IPv6ExtHdrFragment(id=10, m=0, offset=3, nh=17) / Raw(whole[24:])
    yield ip() / IPv6ExtHdrDestOpt(nh=59) / Raw(b"nothing follows")
    yield ip(nh=253) / Raw(b"an experiment")
    yield ip(tc=0xB9, fl=0x12345, hlim=3) / TCP(sport=9000, dport=9001, flags="SEC", options=[("MSS", 1440), ("NOP", None)])
    yield ip(nh=51) / AH(nh=17, payloadlen=4, spi=0x100, seq=1, icv=bytes(12)) / UDP(sport=9000, dport=9001) / b"signed"
    yield ip(nh=50) / Raw(bytes.fromhex("00000200 00000001") + bytes(range(32)))


def ipv4():
    ip = lambda **more: ether / IP(src="192.0.2.1", dst="192.0.2.2", **more)
    udp = lambda: UDP(sport=9000, dport=9001) / b"options"
    yield ip(options=[IPOption_Router_Alert()]) / udp()
    yield ip(options=[IPOption_LSRR(routers=["192.0.2.2", "198.51.100.1"])]) / udp()
    yield ip(options=[IPOption_SSRR(routers=["192.0.2.2"]), IPOption_EOL()]) / udp()
    yield ip(options=[IPOption_NOP(), IPOption_NOP(), IPOption_Timestamp(flg=1, internet_address="192.0.2.1", timestamp=123456)]) / udp()
    yield ip(options=[IPOption_Stream_Id(security=5)]) / udp()
    yield ip(options=[IPOption_Security()]) / udp()
    yield ip(options=IPOption(b"\x9e\x06test")) / udp()
    yield ip(flags="evil", id=77, tos=0xB8) / udp()
    yield ip(proto=253) / Raw(b"an experiment")
    yield ip(chksum=0x1234) / UDP(sport=9000, dport=9001, chksum=0x4321) / b"both sums are wrong"
    yield ip() / UDP(sport=9000, dport=9001, chksum=0) / b"no sum"
    yield ip() / AH(nh=6, payloadlen=4, spi=0x100, seq=1, icv=bytes(12)) / TCP(sport=9000, dport=9001, flags="S")
    yield ip(proto=50) / Raw(bytes.fromhex("00000200 00000001") + bytes(range(32)))
    yield ip(proto=132) / SCTP(sport=9000, dport=9001, tag=0) / SCTPChunkInit(init_tag=5, a_rwnd=65535, n_out_streams=1, n_in_streams=1, init_tsn=9)
    yield ip() / ICMP(type=13, code=0, id=7, seq=1, ts_ori=1000, ts_rx=0, ts_tx=0)
    yield ip() / ICMP(type=17, id=7, seq=2, addr_mask="255.255.255.0")
    yield ip() / ICMP(type=9, code=0) / Raw(bytes.fromhex("01020708 c00002fe 00000000"))
    yield ip() / ICMP(type=12, ptr=20) / IP(src="192.0.2.2", dst="192.0.2.1") / UDP(sport=9001, dport=9000)
    yield ip() / ICMP(type=4) / IP(src="192.0.2.2", dst="192.0.2.1") / TCP(sport=9001, dport=9000, seq=5)
    yield ip() / ICMP(type=40, code=2) / Raw(b"\0" * 8)
    yield ip() / TCP(sport=9000, dport=9001, flags="S", options=[("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)])
    yield ip() / TCP(sport=9000, dport=9002, flags="S", options=[(19, bytes(16)), ("EOL", None)])
    yield ip() / TCP(sport=9000, dport=9003, flags="", options=[(253, b"\x12\x34ab"), (77, b"unknown")])
    yield ip() / TCP(sport=9000, dport=9004, flags="FPU", urgptr=3) / b"tree"
    yield ip() / TCP(sport=9000, dport=9005, flags="S", options=[("UTO", 0x8005), ("NOP", None)])


def mdns():
    """Multicast DNS and LLMNR, as a printer and someone who looks for it would speak."""
    to = Ether(src=LEFT, dst="01:00:5e:00:00:fb") / IP(src="192.0.2.1", dst="224.0.0.251", ttl=255) / UDP(sport=5353, dport=5353)
    kind, name, host = "_ipp._tcp.local.", "A printer._ipp._tcp.local.", "printer.local."
    yield to / DNS(rd=0, qd=[DNSQR(qname=kind, qtype="PTR", unicastresponse=1), DNSQR(qname=host, qtype="A")])
    yield to / DNS(qr=1, aa=1, rd=0, qd=[], an=[
        DNSRR(rrname=kind, type="PTR", ttl=4500, rdata=name),
        DNSRRSRV(rrname=name, cacheflush=1, ttl=120, port=631, target=host),
        DNSRR(rrname=name, cacheflush=1, type="TXT", ttl=4500, rdata=[b"txtvers=1", b"rp=queue"]),
    ], ar=[
        DNSRR(rrname=host, cacheflush=1, type="A", ttl=120, rdata="192.0.2.1"),
        DNSRR(rrname=host, cacheflush=1, type="AAAA", ttl=120, rdata="2001:db8::1"),
        DNSRRNSEC(rrname=host, cacheflush=1, ttl=120, nextname=host, typebitmaps=[1, 28]),
    ])
    yield to / DNS(rd=0, qd=DNSQR(qname=host, qtype="ALL"), ns=DNSRR(rrname=host, type="A", ttl=120, rdata="192.0.2.1"))
    yield to / DNS(qr=1, aa=1, rd=0, qd=[], an=DNSRR(rrname=kind, type="PTR", ttl=0, rdata=name))
    group = Ether(src=LEFT, dst="01:00:5e:00:00:fc") / IP(src="192.0.2.1", dst="224.0.0.252", ttl=1)
    yield group / UDP(sport=50000, dport=5355) / DNS(id=7, rd=0, qd=DNSQR(qname="printer", qtype="A"))
    back = Ether(src=RIGHT, dst=LEFT) / IP(src="192.0.2.2", dst="192.0.2.1") / UDP(sport=5355, dport=50000)
    yield back / DNS(id=7, qr=1, rd=0, qd=DNSQR(qname="printer", qtype="A"), an=DNSRR(rrname="printer", ttl=30, rdata="192.0.2.2"))


wrpcap(sys.argv[2], list({"ipv4": ipv4, "ipv6": ipv6, "mdns": mdns}[sys.argv[1]]()), linktype=1)
