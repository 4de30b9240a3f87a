"""A VLAN interface for a kernel without one: a TAP device whose frames go out of IFACE with tags, and back.

    tag.py DEVICE MAC IFACE TPID:TCI…          outermost tag first, in hexadecimal
"""

import fcntl, os, select, socket, struct, sys

device, mac, iface, *tags = sys.argv[1:]
tags = bytes.fromhex("".join(tag.replace(":", "") for tag in tags))
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, 0x400454CA, struct.pack("16sH", device.encode(), 0x1002))  # TUNSETIFF: IFF_TAP, IFF_NO_PI
os.system(f"ip link set {device} address {mac}")
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)
wire.bind((iface, 3))
wire.setsockopt(263, 8, 1)  # PACKET_AUXDATA: the kernel takes the outer tag off, and tells it here.
while True:
    for ready in select.select([tap, wire], [], [])[0]:
        if ready == tap:
            frame = os.read(tap, 65536)
            wire.send(frame[:12] + tags + frame[12:])
            continue
        frame, extra, _, address = wire.recvmsg(65536, 256)
        tci, tpid = struct.unpack_from("HH", extra[0][2], 16) if extra else (0, 0)
        if tpid:
            frame = frame[:12] + struct.pack(">HH", tpid, tci) + frame[12:]
        ids = [frame[12 + i : 14 + i] + bytes([frame[14 + i] & 15, frame[15 + i]]) for i in range(0, len(tags), 4)]
        ours = [tags[i : i + 2] + bytes([tags[i + 2] & 15, tags[i + 3]]) for i in range(0, len(tags), 4)]
        if address[2] != socket.PACKET_OUTGOING and ids == ours:
            os.write(tap, frame[:12] + frame[12 + len(tags) :])
