#!/usr/bin/env python3
"""What starting costs: the CPU (user and system) until the first byte of output, the median of thirty runs.

    cargo build --release
    benches/start.py [--binary OTHER]
"""

import argparse
import os
import signal
import statistics
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def first_byte(command):
    """Milliseconds; the program is stopped where it has said something."""
    run = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if not os.read(run.stdout.fileno(), 1):
        raise SystemExit(f"{' '.join(command)}: no output")
    # `run.kill` would wait for it, and lose what it used.
    os.kill(run.pid, signal.SIGKILL)
    _, _, used = os.wait4(run.pid, 0)
    run.returncode = 0
    run.stdout.close()
    return (used.ru_utime + used.ru_stime) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(HERE.parent / "target/release/osi-tutor"))
    binary = parser.parse_args().binary
    for arguments in ["--help"], ["explain", "handshake"], ["simulate", "two-hosts", "--brief"]:
        used = statistics.median(first_byte([binary, *arguments]) for _ in range(30))
        print(f"{' '.join(arguments):28} {used:5.1f} ms")


if __name__ == "__main__":
    main()
