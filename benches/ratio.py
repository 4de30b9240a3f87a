#!/usr/bin/env python3
"""How much less CPU osi-tutor takes than tshark and tcpdump, and how much memory.

Joins captures into one file of 100,000 packets or more, reads it with each program, and prints CPU
seconds (user and system, the median of the runs), the ratios, and the peak of resident memory. In each
copy of a capture the IP addresses differ, and checksums follow them (RFC 1624): else every flow of the
second copy would be a retransmission of the first one's.

    cargo build --release
    benches/ratio.py                          # the captures of tests/captures
    benches/ratio.py --captures DIR --runs 5  # others; or CAPTURES=DIR
    benches/ratio.py --instructions           # nothing but the instructions that we take, by callgrind
"""

import argparse
import gzip
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import growth

HERE = Path(__file__).resolve().parent
ETHERNET, NULL, LOOP, RAW, IPV4, IPV6, COOKED, COOKED2 = 1, 0, 108, (101, 12, 14), 228, 229, 113, 276
TCP, UDP, ICMPV6 = 6, 17, 58
FILTER = "tcp.flags.syn == 1 && ip.ttl > 10"
ENDING = (".pcap", ".pcapng", ".cap", ".dmp", ".trace", ".gz")


# ---- reading captures: (link type, nanoseconds, length on the wire, bytes)


def packets(path):
    """The packets of a pcap or pcapng file; what is damaged ends it."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError):
            return
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        yield from pcapng(data)
    else:
        yield from pcap(data)


def pcap(data):
    units = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}
    for order in "<>":
        if len(data) >= 24 and (unit := units.get(struct.unpack_from(order + "I", data)[0])):
            link, at = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF, 24
            while at + 16 <= len(data):
                seconds, fraction, kept, length = struct.unpack_from(order + "4I", data, at)
                if at + 16 + kept > len(data):
                    return
                yield link, seconds * 10**9 + fraction * unit, length, data[at + 16 : at + 16 + kept]
                at += 16 + kept


def pcapng(data):
    order, interfaces, at = "<", [], 0
    while at + 12 <= len(data):
        kind = data[at : at + 4]
        if kind == b"\x0a\x0d\x0d\x0a":
            order, interfaces = ("<" if data[at + 8] == 0x4D else ">"), []
        kind, total = struct.unpack_from(order + "2I", data, at)
        if total < 12 or at + total > len(data):
            return
        body = data[at + 8 : at + total - 4]
        if kind == 1:
            interfaces.append((struct.unpack_from(order + "H", body)[0], resolution(body, order)))
        elif kind == 6 and len(body) >= 20:
            which, high, low, kept, length = struct.unpack_from(order + "5I", body)
            if which < len(interfaces):
                link, unit = interfaces[which]
                yield link, int((high << 32 | low) * unit), length, body[20 : 20 + kept]
        at += total + -total % 4


def resolution(body, order):
    """Nanoseconds of one unit of an interface's timestamps."""
    at = 8
    while at + 4 <= len(body):
        code, size = struct.unpack_from(order + "2H", body, at)
        if code == 9 and size:
            n = body[at + 4]
            return 10**9 / (2 ** (n & 0x7F) if n & 0x80 else 10**n)
        if code == 0:
            break
        at += 4 + size + -size % 4
    return 1000


# ---- giving each copy addresses of its own


def network(link, b):
    """Where the network header starts, and its version; None where there is no IP."""
    if link == ETHERNET or link == COOKED or link == COOKED2:
        at = {ETHERNET: 12, COOKED: 14, COOKED2: 0}[link]
        kind = b[at : at + 2]
        at = 20 if link == COOKED2 else at + 2
        while kind in (b"\x81\x00", b"\x88\xa8", b"\x91\x00"):
            kind, at = b[at + 2 : at + 4], at + 4
        return {b"\x08\x00": (at, 4), b"\x86\xdd": (at, 6)}.get(bytes(kind))
    at = 4 if link in (NULL, LOOP) else 0
    if link in (NULL, LOOP, IPV4, IPV6, *RAW) and len(b) > at and b[at] >> 4 in (4, 6):
        return at, b[at] >> 4
    return None


def readdress(link, frame, copy):
    """The frame with the addresses of another copy. Groups, broadcasts and zeros stay."""
    b = bytearray(frame)
    found = network(link, b)
    if copy == 0 or not found:
        return b
    ip, version = found
    size, first = (4, 12) if version == 4 else (16, 8)
    if len(b) < ip + first + 2 * size:
        return b
    change = 0
    for at in (ip + first, ip + first + size):
        unicast = 0 < b[at] < 224 if version == 4 else b[at] != 0xFF and any(b[at : at + 8])
        if unicast:
            at += 0 if version == 4 else 2
            old = struct.unpack_from(">H", b, at)[0]
            new = old ^ (copy & 0xFF)
            struct.pack_into(">H", b, at, new)
            change += (~old & 0xFFFF) + new
    if version == 4:
        header, proto = (b[ip] & 15) * 4, b[ip + 9]
        adjust(b, ip + 10, change)
        if struct.unpack_from(">H", b, ip + 6)[0] & 0x1FFF:
            return b
    else:
        header, proto = 40, b[ip + 6]
    offset = {TCP: 16, UDP: 6, ICMPV6: 2 if version == 6 else None}.get(proto)
    if offset is not None:
        at = ip + header + offset
        if len(b) >= at + 2 and not (proto == UDP and b[at : at + 2] == b"\0\0"):
            adjust(b, at, change)
    return b


def adjust(b, at, change):
    """A checksum after its data changed (RFC 1624, equation 3)."""
    total = (~struct.unpack_from(">H", b, at)[0] & 0xFFFF) + change
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into(">H", b, at, ~total & 0xFFFF)


def join(folder, wanted, path, only=None):
    """Writes copies of all captures (of one link type), one after the other, until there are enough packets."""
    captures = [list(packets(p)) for p in sorted(folder.rglob("*")) if p.name.endswith(ENDING)]
    captures = [c for c in captures if c and only in (None, c[0][0])]
    if not captures:
        sys.exit(f"{folder}: no captures")
    links = sorted({packet[0] for c in captures for packet in c})
    with open(path, "wb") as out:
        block(out, 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        for link in links:
            block(out, 1, struct.pack("<HHI", link, 0, 0) + struct.pack("<HHB3xHH", 9, 1, 9, 0, 0))
        count, copy, clock = 0, 0, 1_700_000_000 * 10**9
        while count < wanted:
            for capture in captures:
                before = capture[0][1]
                for link, at, length, frame in capture:
                    bytes_ = readdress(link, frame, copy)
                    # A clock that was set in between would make all times after it strange.
                    clock += min(max(at - before, -(10**9)), 60 * 10**9)
                    before = at
                    head = struct.pack("<5I", links.index(link), clock >> 32, clock & 0xFFFFFFFF, len(bytes_), length)
                    block(out, 6, head + bytes_)
                    count += 1
                clock += 10**6
            copy += 1
    print(f"{count} packets from {len(captures)} captures, {copy} copies of each, {os.path.getsize(path) >> 20} MB")
    return count


def block(out, kind, body):
    padding = -len(body) % 4
    total = len(body) + padding + 12
    out.write(struct.pack("<2I", kind, total) + body + bytes(padding) + struct.pack("<I", total))


# ---- measuring


def measure(command):
    """CPU seconds and peak memory (KB) of one run. The floor of the latter is this script's own."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        print(f"  (exit {os.waitstatus_to_exitcode(status)}: {' '.join(command)})")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def first_output(command):
    """Milliseconds from the start of a program to the first byte that it writes into a pipe."""
    read, write = os.pipe()
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.dup2(write, 1)
        os.execvp(command[0], command)
    os.close(write)
    os.read(read, 1)
    waited = (time.monotonic() - begun) * 1000
    while os.read(read, 1 << 16):
        pass
    os.close(read)
    os.waitpid(pid, 0)
    return waited


def instructions(command):
    """How many a program executes: the same number in each run."""
    with tempfile.TemporaryDirectory() as folder:
        counting = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", *command]
        run = subprocess.run(counting, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(counting)}: exit {run.returncode}\n{run.stderr}")
    return int(run.stderr.rpartition("Collected :")[2].split()[0])


def count_instructions(binary, captures, folder):
    """Prints those of each way that packets go, a packet, and those of a lesson."""
    sample = str(Path(folder) / "sample.pcapng")
    packets = join(captures, 7_000, sample)
    ways = {
        "full text": ["read"],
        "--brief": ["read", "--brief"],
        "--json": ["read", "--json"],
        "stats": ["stats"],
        "--brief -Y": ["read", "--brief", "-Y", FILTER],
    }
    for name, way in ways.items():
        print(f"{name:20} {instructions([binary, *way, sample]) / packets:12,.0f} instructions a packet", flush=True)
    print(f"{'explain handshake':20} {instructions([binary, 'explain', 'handshake']):12,} instructions in all")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--captures", type=Path, default=os.environ.get("CAPTURES", HERE.parent / "tests/captures"))
    args.add_argument("--packets", type=int, default=100_000)
    args.add_argument("--runs", type=int, default=3)
    args.add_argument("--binary", default=str(HERE.parent / "target/release/osi-tutor"))
    args.add_argument("--keep", type=Path, help="where to leave the joined file")
    args.add_argument("--instructions", action="store_true", help="count instructions, and measure nothing else")
    args.add_argument("--only-ours", action="store_true", help="leave the other programs out")
    args = args.parse_args()
    folder = tempfile.TemporaryDirectory()
    if args.instructions:
        return count_instructions(args.binary, Path(args.captures), folder.name)
    joined = str(args.keep or Path(folder.name) / "joined.pcapng")
    # tcpdump reads files of one link type only.
    ethernet = str(Path(folder.name) / "ethernet.pcapng")
    plain = str(Path(folder.name) / "tcp.pcap")
    with open(plain, "wb") as pipe:
        growth.feed(pipe, growth.flows(args.packets, 1000, growth.TALK))
    for path, only in [(joined, None), (ethernet, ETHERNET)]:
        # In a process of its own: memory that this one used would count as its children's.
        pid = os.fork()
        if pid == 0:
            join(Path(args.captures), args.packets, path, only)
            sys.stdout.flush()
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            sys.exit(1)
    commands = {
        "osi-tutor --brief": [args.binary, "read", "--brief", joined],
        "osi-tutor --json": [args.binary, "read", "--json", joined],
        "tshark": ["tshark", "-n", "-r", joined],
        "tshark -T json": ["tshark", "-T", "json", "-n", "-r", joined],
        "osi-tutor": [args.binary, "read", joined],
        "tshark -V": ["tshark", "-V", "-n", "-r", joined],
        "osi-tutor stats": [args.binary, "stats", joined],
        "tshark -z": ["tshark", "-n", "-q", "-z", "io,phs", "-z", "conv,tcp", "-r", joined],
        "osi-tutor -Y": [args.binary, "read", "--brief", "-Y", FILTER, joined],
        "tshark -Y": ["tshark", "-n", "-Y", FILTER, "-r", joined],
        "osi-tutor, Ethernet": [args.binary, "read", "--brief", ethernet],
        "tcpdump -nn": ["tcpdump", "-nn", "-r", ethernet],
        "osi-tutor, TCP": [args.binary, "read", "--brief", plain],
        "tcpdump -nn, TCP": ["tcpdump", "-nn", "-r", plain],
    }
    seconds = {}
    for name, command in commands.items():
        if not shutil.which(command[0]) or (args.only_ours and command[0] != args.binary):
            print(f"{name:20} SKIPPED: {command[0]} is not here, or not wanted")
            continue
        runs = [measure(command) for _ in range(args.runs)]
        seconds[name] = statistics.median(cpu for cpu, _ in runs)
        memory = max(rss for _, rss in runs) / 1024
        print(f"{name:20} {seconds[name]:8.3f} s CPU {memory:8.1f} MB", flush=True)
    for other, ours, target in [
        ("tshark", "osi-tutor --brief", 10),
        ("tcpdump -nn", "osi-tutor, Ethernet", 4.5),
        ("tcpdump -nn, TCP", "osi-tutor, TCP", 3),
        ("tshark -T json", "osi-tutor --json", 45),
        ("tshark -V", "osi-tutor", 12),
        ("tshark -z", "osi-tutor stats", 15),
        ("tshark -Y", "osi-tutor -Y", 12),
    ]:
        if other in seconds and ours in seconds:
            print(f"{other} / {ours}: {seconds[other] / seconds[ours]:.1f} (wanted: {target})")
    lesson = [args.binary, "explain", "handshake"]
    print(f"explain handshake: first output after {min(first_output(lesson) for _ in range(5)):.0f} ms (wanted: 50)")


if __name__ == "__main__":
    main()
