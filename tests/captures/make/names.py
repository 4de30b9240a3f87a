"""A name server that has one address for every name. usage: names.py ADDRESS"""
import socket
import struct
import sys

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", 53))
while True:
    query, client = server.recvfrom(512)
    end = query.index(0, 12) + 5
    question = query[12:end]
    is_a = question[-4:-2] == b"\0\1"
    answer = b"\xc0\x0c" + struct.pack("!HHIH4s", 1, 1, 300, 4, socket.inet_aton(sys.argv[1])) if is_a else b""
    server.sendto(query[:2] + struct.pack("!HHHHH", 0x8180, 1, is_a, 0, 0) + question + answer, client)
