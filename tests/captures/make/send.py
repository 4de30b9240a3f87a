"""Sends the frames of a classic capture file.

    send.py IFACE FILE
"""

import socket, struct, sys, time

s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
data, at = open(sys.argv[2], "rb").read(), 24
while at < len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    s.send(data[at + 16 : at + 16 + length])
    at += 16 + length
    time.sleep(0.02)
