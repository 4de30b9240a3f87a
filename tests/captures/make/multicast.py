"""Joins a group of each kind, sends it a datagram, and leaves it.

    multicast.py IFACE
"""

import socket, struct, sys, time

index = socket.if_nametoindex(sys.argv[1])
four, six = "233.252.0.5", "ff15::db8:5"
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
b = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
request = struct.pack("4s4si", socket.inet_aton(four), bytes(4), index)
a.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
b.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, six) + struct.pack("i", index))
# Only what this one source says (IGMPv3, MLDv2).
try:
    a.setsockopt(socket.IPPROTO_IP, 39, b"".join(map(socket.inet_aton, ("233.252.0.6", "192.0.2.1", "192.0.2.2"))))
except OSError:
    pass
a.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("4s4si", bytes(4), bytes(4), index))
time.sleep(0.5)
a.sendto(b"to the group", (four, 9000))
b.sendto(b"to the group", (six, 9000, 0, index))
a.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, request)
b.close()
a.close()
time.sleep(1)
