#!/usr/bin/env python3
"""What the simulator costs: all ready scenarios together, and a long transfer through a router.

    cargo build --release
    benches/simulator.py [--binary OTHER]

CPU (user and system), the fastest of three runs. Packets are simulated and thrown away, neither dissected nor shown.
"""

import argparse
import os
import re
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MESSAGES, SIZE = 4_000, 50_000
TRANSFER = """
title = "A transfer"
about = "One host sends, another receives, over a router."
seed = 1

[[host]]
name = "client"
mac = "02:00:00:00:00:0a"
addresses = ["192.0.2.10/24"]
gateway = ["192.0.2.1"]

[[host.visit]]
to = "203.0.113.80:5000"
bulk = {{ messages = {messages}, size = {size} }}

[[host]]
name = "server"
mac = "02:00:00:00:00:50"
addresses = ["203.0.113.80/24"]
gateway = ["203.0.113.1"]

[[host.serve]]
port = 5000
bulk = {{}}

[[router]]
name = "router"

[[router.card]]
name = "near"
mac = "02:00:00:00:01:01"
addresses = ["192.0.2.1/24"]

[[router.card]]
name = "far"
mac = "02:00:00:00:01:02"
addresses = ["203.0.113.1/24"]

[[link]]
between = ["client", "router:near"]
delay_us = 100
rate_kbit = 10_000_000

[[link]]
between = ["router:far", "server"]
delay_us = 100
rate_kbit = 10_000_000
"""


def cpu(command):
    """Seconds, and what the program said."""
    best, said = float("inf"), ""
    for _ in range(3):
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = run.stdout.read()
        _, status, used = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
        if run.returncode:
            raise SystemExit(f"{' '.join(command)}: exit {run.returncode}\n{said}")
        best = min(best, used.ru_utime + used.ru_stime)
    return best, said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(HERE.parent / "target/release/osi-tutor"))
    binary = parser.parse_args().binary
    listed = subprocess.run([binary, "simulate", "--list"], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"^ *([a-z][a-z0-9-]+)  ", listed, re.MULTILINE)
    start, _ = cpu([binary, "--version"])
    each = {name: cpu([binary, "simulate", name, "-q"])[0] for name in names}
    print(f"{len(names)} scenarios: {sum(each.values()) * 1000:.0f} ms, of which starting the program {start * len(names) * 1000:.0f} ms")
    for name in sorted(each, key=each.get, reverse=True)[:5]:
        print(f"  {name:20} {each[name] * 1000:5.1f} ms")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "transfer.toml"
        path.write_text(TRANSFER.format(messages=MESSAGES, size=SIZE))
        seconds, said = cpu([binary, "simulate", str(path), "-q"])
    print(said)
    gigabits = MESSAGES * SIZE * 8 / 1e9
    print(f"a transfer of {gigabits:.1f} Gbit through a router: {seconds:.2f} s, {gigabits / seconds:.2f} Gbit a second of CPU")


if __name__ == "__main__":
    main()
