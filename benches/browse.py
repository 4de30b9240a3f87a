#!/usr/bin/env python3
"""How fast the full screen is on a big capture, seen from outside, beside tshark's first pass.

    benches/big.py /tmp/big.pcap
    cargo build --release
    benches/browse.py /tmp/big.pcap

It plays in tmux: keys in, the screen read every few milliseconds. Seconds on the wall, in which whatever else runs on the machine
counts, and seconds of CPU in all threads.
"""

import argparse
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from ratio import measure

HERE = Path(__file__).resolve().parent
SESSION = f"browse-{os.getpid()}"


def tmux(*args):
    return subprocess.run(["tmux", "-L", SESSION, *args], capture_output=True, text=True, check=False).stdout


def screen():
    return tmux("capture-pane", "-p", "-t", SESSION)


def wait(seen, what, patience=120):
    """Seconds until the screen is as wanted."""
    begun = time.monotonic()
    while not seen(shown := screen()):
        if time.monotonic() - begun > patience:
            raise SystemExit(f"{what}: it never came\n{shown}")
        time.sleep(0.002)
    return time.monotonic() - begun


def cpu(pid):
    """Seconds of CPU of all threads, those that have ended counted to 10 ms."""
    now = [int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return max(sum(now) / 1e9, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))


def keys(*args):
    tmux("send-keys", "-t", SESSION, *args)


def memory(pid):
    """Megabytes: now, and at the most."""
    text = Path(f"/proc/{pid}/status").read_text()
    return [int(re.search(rf"{name}:\s+(\d+)", text)[1]) / 1024 for name in ("VmRSS", "VmHWM")]


def tell(what, seconds, used, wanted=""):
    print(f"{what:44} {seconds:8.3f} s   {used:8.3f} s CPU   {wanted}", flush=True)


def jump(number):
    keys(":" + str(number), "Enter")
    row = re.compile(rf"^.\s*{number} .*\d", re.M)
    return wait(lambda s: row.search(s) and "reading …" not in s and re.search(r"^7 Application", s, re.M), f"packet {number}")


def browse(binary, path, packets):
    tmux("new-session", "-d", "-s", SESSION, "-x", "120", "-y", "40", "sh")
    time.sleep(0.5)
    begun = time.monotonic()
    keys(f"exec {binary} read {path}", "Enter")
    wait(lambda s: re.search(r"^.\s+1 .*\d", s, re.M) and "Seven layers" in s, "the first rows")
    shown = time.monotonic() - begun
    pid = int(tmux("list-panes", "-t", SESSION, "-F", "#{pane_pid}"))
    tell("first rows", shown, cpu(pid), "wanted: 0.1")
    wait(lambda s: "the end" in s.split("\n")[0], "the index")
    tell("whole index", time.monotonic() - begun, cpu(pid), "wanted: 3")
    now, most = memory(pid)
    print(f"{'memory after the index':44} {now:8.0f} MB  at the most {most:.0f}; wanted: 300")
    for number in (packets - 3, packets // 2 + 4001, 77, packets * 9 // 10):
        before = cpu(pid)
        seconds = jump(number)
        tell(f"packet {number}", seconds, cpu(pid) - before, "wanted: 0.05")
    for text in ("tcp.analysis.retransmission", "http.request", "dns.qry.name contains \"www99\""):
        keys("/")
        wait(lambda s: "Filter:" in s, "the filter's line")
        keys("-l", text)
        wait(lambda s: text in s.rstrip().split("\n")[-1], "the filter")
        begun, before = time.monotonic(), cpu(pid)
        keys("Enter")
        wait(lambda s: "shown by " + text in s.split("\n")[0] and "filtering" not in s.split("\n")[0], text)
        tell("/ " + text, time.monotonic() - begun, cpu(pid) - before, "wanted: 2")
        keys("Escape")
        wait(lambda s: "shown by" not in s.split("\n")[0], "no filter")
    now, most = memory(pid)
    print(f"{'memory after the filters':44} {now:8.0f} MB  at the most {most:.0f}; wanted: 300")
    keys("q")


def tshark(path):
    for command in (["tshark", "-n", "-r", path, "-Y", "frame.number < 0"], ["tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.number"]):
        if not shutil.which("tshark"):
            return print("tshark                                       SKIPPED: it is not here")
        begun = time.monotonic()
        cpu, memory = measure(command)
        tell(" ".join(command[:2] + command[4:])[:44], time.monotonic() - begun, cpu, f"{memory / 1024:.0f} MB")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("path")
    args.add_argument("--packets", type=int, default=1_000_000)
    args.add_argument("--binary", default=str(HERE.parent / "target/release/osi-tutor"))
    args.add_argument("--only-ours", action="store_true", help="leave tshark out")
    args = args.parse_args()
    try:
        browse(args.binary, args.path, args.packets)
    finally:
        tmux("kill-server")
    if not args.only_ours:
        tshark(args.path)


if __name__ == "__main__":
    main()
