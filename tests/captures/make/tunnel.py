"""One end of an IP tunnel: what the system sends into a TUN device leaves inside an IP packet, and back.

    tunnel.py DEVICE KIND HERE THERE

KIND: `ipip`, `6in4`, `gre` over IPv4; `ipip6`, `gre6` over IPv6. The kernel adds the outer header.
"""

import fcntl, os, select, socket, struct, sys

device, kind, here, there = sys.argv[1:]
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH", device.encode(), 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
family = socket.AF_INET6 if ":" in here else socket.AF_INET


def end(protocol):
    s = socket.socket(family, socket.SOCK_RAW, protocol)
    s.bind((here, 0))
    return s


if "gre" in kind:
    ends = dict.fromkeys((4, 6), end(47))
else:
    ends = {4: end(4), 6: end(41)}
while True:
    for ready in select.select({tun, *ends.values()}, [], [])[0]:
        if ready == tun:
            packet = os.read(tun, 65536)
            version = packet[0] >> 4
            if "gre" in kind:
                packet = struct.pack(">HH", 0, {4: 0x0800, 6: 0x86DD}[version]) + packet
            ends[version].sendto(packet, (there, 0))
        else:
            packet = ready.recv(65536)
            if family == socket.AF_INET:
                packet = packet[(packet[0] & 15) * 4 :]
            if "gre" in kind:
                packet = packet[4:]
            try:
                os.write(tun, packet)
            except OSError:
                pass  # The device is not up yet.
