"""Datagrams of programs that are seldom at hand: `datagrams.py ntp|syslog`, from 192.0.2.1 to 192.0.2.2."""

import socket, struct, sys


def ntp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("192.0.2.1", 123))
    stamp = struct.pack(">II", 3976214400, 0x80000000)
    time = lambda first, stratum, reference, poll=6, more=b"": (
        struct.pack(">BBbb", first, stratum, poll, -20) + struct.pack(">II", 0x100, 0x200) + reference + stamp * 4 + more
    )
    for packet in (
        time(0x25, 1, b"GPS\0"),  # broadcast, from a server that hears satellites
        time(0xE4, 0, b"RATE"),  # a kiss of death: ask less often
        time(0x21, 2, socket.inet_aton("192.0.2.123")),  # symmetric active
        time(0x23, 0, bytes(4), more=struct.pack(">I", 5) + bytes(16)),  # with a key
        time(0x1B, 0, bytes(4), poll=-6),  # version 3, and a negative exponent
        struct.pack(">BBHHHHH", 0x26, 2, 1, 0, 0, 0, 0),  # control: read variables
        struct.pack(">BBBBHH", 0x17, 0, 3, 42, 0, 0) + bytes(40),  # private: monitor list
        time(0x23, 0, bytes(4))[:20],  # cut short
    ):
        s.sendto(packet, ("192.0.2.2", 123))


def syslog():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for text in (
        b"<34>Oct 11 22:14:15 left su: 'su root' failed for someone",
        b'<165>1 2026-01-01T00:00:00.003Z left.example.test program 42 ID47 [one@32473 a="b"] a message',
        b"no priority at all",
        b"<999>too large",
    ):
        s.sendto(text, ("192.0.2.2", 514))


{"ntp": ntp, "syslog": syslog}[sys.argv[1]]()
