#!/usr/bin/env python3
"""How time and memory a packet grow with packets, conversations, streams and disorder.

    cargo build --release
    benches/growth.py                        # up to 10^6 of each, some minutes
    benches/growth.py --all                  # up to 10^7 packets and a stream of 1 GB
    benches/growth.py --only flows --binary OTHER

Packets are made on the spot and go through a pipe, so nothing waits on a disk. Of each run: CPU (user and system), the
nanoseconds of it that a packet took beyond the start of the program, the peak of resident memory, and the bytes of it that
a packet, a conversation or a byte of the stream took beyond that of one packet.
"""

import argparse
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVER = bytes([192, 0, 2, 80])
SYN, PSH, ACK = 2, 8, 16
MSS = 1448
FULL = (b"The quick brown fox jumps over the lazy dog. " * 40)[:MSS]
# What no protocol knows, and a request whose first line never ends: that waits for the rest.
TALK = FULL[:100]
BEGUN = b"GET /" + FULL[:95]
# Packets that are made before they're written.
BATCH = 4096


def frame(client, port, up, seq, ack, flags, data):
    """A segment of a conversation; checksums are 0, as offload leaves them."""
    options = b"\x02\x04\x05\xb4\x01\x03\x03\x07" if flags & SYN else b""
    ends = (client, SERVER) if up else (SERVER, client)
    ports = (port, 80) if up else (80, port)
    length = 20 + len(options) + len(data)
    return (
        b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0"
        + struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, 64, 6, 0)
        + ends[0]
        + ends[1]
        + struct.pack(">HHIIHHHH", *ports, seq, ack, (20 + len(options)) // 4 << 12 | flags, 512, 0, 0)
        + options
        + data
    )


def client(flow):
    """Address and port of the n-th."""
    return struct.pack(">I", 0x0A000000 + flow // 50_000), 1024 + flow % 50_000


def flows(packets, count, data=BEGUN):
    """Conversations that begin with a SYN, and then send `data` in turn."""
    sent = 0
    for flow in range(min(count, packets)):
        yield frame(*client(flow), True, 999, 0, SYN, b"")
        sent += 1
    turn = 0
    while sent < packets:
        for flow in range(min(count, packets - sent)):
            yield frame(*client(flow), True, (1000 + turn * 100) & 0xFFFFFFFF, 1, PSH | ACK, data)
            sent += 1
        turn += 1


def stream(size, disorder=1):
    """An HTTP answer of `size` bytes; its segments come in groups of `disorder`, each backwards."""
    who = client(0)
    ask = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
    yield frame(*who, True, 999, 0, SYN, b"")
    yield frame(*who, False, 4999, 1000, SYN | ACK, b"")
    yield frame(*who, True, 1000, 5000, ACK, b"")
    yield frame(*who, True, 1000, 5000, PSH | ACK, ask)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
    seq, ack = 5000, 1000 + len(ask)
    yield frame(*who, False, seq, ack, PSH | ACK, head)
    seq += len(head)
    whole = (size + MSS - 1) // MSS
    for group in range(0, whole, disorder):
        for at in range(min(group + disorder, whole) - 1, group - 1, -1):
            data = FULL[: min(MSS, size - at * MSS)]
            yield frame(*who, False, (seq + at * MSS) & 0xFFFFFFFF, ack, ACK, data)


def feed(pipe, frames):
    """Writes them as pcap, a microsecond apart."""
    pipe.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    batch = []
    for at, data in enumerate(frames):
        batch.append(struct.pack("<IIII", 1_700_000_000 + at // 1_000_000, at % 1_000_000, len(data), len(data)) + data)
        if len(batch) == BATCH:
            pipe.write(b"".join(batch))
            batch.clear()
    pipe.write(b"".join(batch))
    pipe.close()


def measure(binary, frames):
    """CPU seconds and kilobytes."""
    run = subprocess.Popen([binary, "read", "-", "--brief"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    writer = threading.Thread(target=feed, args=(run.stdin, frames))
    writer.start()
    writer.join()
    _, status, used = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode:
        sys.exit(f"{binary} ended with {run.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss


def tens(low, high):
    return [10**power for power in range(low, high + 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(HERE.parent / "target/release/osi-tutor"))
    parser.add_argument("--all", action="store_true", help="up to 10^7 packets and a stream of 1 GB")
    parser.add_argument("--only", choices=["packets", "flows", "stream", "disorder"])
    asked = parser.parse_args()
    most = 7 if asked.all else 6
    # What grows, its values, how many packets there are of it, the packets, and what a byte of memory is for.
    sweeps = {
        "packets": (tens(4, most), lambda n: n, lambda n: flows(n, 1000), lambda n: n),
        "flows": (tens(0, 6), lambda n: 2_000_000, lambda n: flows(2_000_000, n), lambda n: n),
        "stream": (tens(3, 9 if asked.all else 8), lambda n: 5 + -(-n // MSS), stream, lambda n: n),
        "disorder": (tens(0, 5), lambda n: 5 + 200_000, lambda n: stream(200_000 * MSS, n), lambda n: n),
    }
    start, least = measure(asked.binary, flows(1, 1))
    for name, (values, packets, frames, units) in sweeps.items():
        if asked.only not in (None, name):
            continue
        print(f"{name:>10} {'CPU s':>8} {'ns/packet':>10} {'MB':>8} {'bytes each':>11}")
        for value in values:
            cpu, memory = measure(asked.binary, frames(value))
            each = (cpu - start) / packets(value) * 1e9
            print(f"{value:>10} {cpu:>8.2f} {each:>10.0f} {memory / 1024:>8.1f} {(memory - least) * 1024 / units(value):>11.1f}", flush=True)
        print()


if __name__ == "__main__":
    main()
