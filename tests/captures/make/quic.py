"""QUIC — RFC 9000, RFC 9001: a handshake's first packets, encrypted as anybody on the way can undo it."""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from packets import CLIENT, SERVER, counted, frame, u8, u16, u24, u32, udp, x

SALTS = {1: x("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), 0x6B3343CF: x("0dede3def700a6db819381be6e269dcbf9bd2ed9")}
RETRIES = {1: ("be0c690b9f66575a1d766b54e368c84e", "461599d35d632bf2239825bb")}
ONE, TWO = 1, 0x6B3343CF
# What the first packets of the four connections call the server, and what it calls itself.
FIRST = [x(f"8394c8f03e51570{n}") for n in range(4)]
OTHERS = [x(f"f067a5502a4262b{n}") for n in range(4)]


def expand(key, label, size):
    """HKDF-Expand-Label (RFC 8446 §7.1)."""
    info = u16(size) + counted(1, b"tls13 " + label) + b"\0"
    return hmac.new(key, info + b"\1", hashlib.sha256).digest()[:size]


def variable(n):
    """RFC 9000 §16."""
    return u8(n) if n < 64 else u16(0x4000 | n)


def keys(version, dcid, side):
    secret = expand(hmac.new(SALTS[version], dcid, hashlib.sha256).digest(), side, 32)
    prefix = b"quicv2 " if version == TWO else b"quic "
    return [expand(secret, prefix + part, size) for part, size in ((b"key", 16), (b"iv", 12), (b"hp", 16))]


def initial(side, number, payload, to, of, dcid, version=ONE, token=b"", size=0):
    """A protected Initial packet (RFC 9001 §5); the keys come from `dcid`."""
    key, iv, hp = keys(version, dcid, side)
    payload += b"\0" * max(0, size - len(payload))
    kind = 0xD1 if version == TWO else 0xC1
    head = u8(kind) + u32(version) + counted(1, to) + counted(1, of) + variable(len(token)) + token
    head += variable(2 + len(payload) + 16) + u16(number)
    nonce = (int.from_bytes(iv, "big") ^ number).to_bytes(12, "big")
    sealed = AESGCM(key).encrypt(nonce, payload, head)
    mask = Cipher(algorithms.AES(hp), modes.ECB()).encryptor().update(sealed[2:18])
    first = u8(head[0] ^ mask[0] & 0x0F)
    return first + head[1:-2] + bytes(a ^ b for a, b in zip(head[-2:], mask[1:])) + sealed


def hello(name, extra=b""):
    """A TLS 1.3 ClientHello with the extensions that QUIC needs (RFC 9001 §8)."""
    ext = lambda kind, body: u16(kind) + counted(2, body)
    extensions = ext(0, counted(2, b"\0" + counted(2, name))) + ext(10, counted(2, x("001d")))
    extensions += ext(13, counted(2, x("0403 0804"))) + ext(16, counted(2, counted(1, b"h3"))) + ext(43, x("02 0304"))
    extensions += ext(51, counted(2, x("001d") + counted(2, bytes(range(32)))))
    extensions += ext(57, x("01 04 80007530 04 04 80100000")) + extra
    body = x("0303") + bytes(range(32)) + x("00 0002 1301 01 00") + counted(2, extensions)
    return u8(1) + u24(len(body)) + body


def server_hello():
    extensions = x("002b 0002 0304 0033 0024 001d 0020") + bytes(range(32))
    body = x("0303") + bytes(range(32)) + x("00 1301 00") + counted(2, extensions)
    return u8(2) + u24(len(body)) + body


def crypto(data, at=0):
    return x("06") + variable(at) + variable(len(data)) + data


def retry(token, to, of, original):
    head = x("f0") + u32(ONE) + counted(1, to) + counted(1, of) + token
    key, nonce = RETRIES[ONE]
    return head + AESGCM(x(key)).encrypt(x(nonce), b"", counted(1, original) + head)


def frames():
    ask = lambda body, sport=50000: frame(udp(body, sport, 443))
    answer = lambda body, sport=50000: frame(udp(body, 443, sport, SERVER, CLIENT))
    first, other = FIRST[0], OTHERS[0]
    yield ask(initial(b"client in", 0, crypto(hello(b"example.org")), first, b"", first, size=1162))
    reply = initial(b"server in", 0, x("02 00 40 64 00 00") + crypto(server_hello()), b"", other, first)
    sealed = x("e1") + u32(ONE) + counted(1, b"") + counted(1, other) + variable(40) + bytes(range(40))
    yield answer(reply + sealed)
    yield ask(initial(b"client in", 1, x("03 01 00 01 00 00 00 01 00 02"), other, b"", first, size=1150))
    yield ask(x("41") + other + bytes(range(30)))
    yield answer(x("61") + bytes(range(30)))
    yield answer(initial(b"server in", 1, x("1c 0128 06 04") + b"oops", b"", other, first))
    # Another connection: an unknown version, and which ones the server knows.
    first = FIRST[1]
    yield ask(x("c0 babababa 08") + first + x("04 01020304 00 44b0") + bytes(range(200)) * 6, 50001)
    yield answer(x("80 00000000 04 01020304 08") + first + x("00000001 6b3343cf ff00001d"), 50001)
    # A Retry, and the same again with its token.
    first, other, mine = FIRST[2], OTHERS[2], x("0a0b0c0d")
    asks = crypto(hello(b"retry.example"))
    yield ask(initial(b"client in", 0, asks, first, mine, first, size=1150), 50002)
    yield answer(retry(b"token", mine, other, first), 50002)
    yield ask(initial(b"client in", 1, asks, other, mine, other, token=b"token", size=1150), 50002)
    # Version 2, and a hello in two pieces, the second one first.
    first, other, mine = FIRST[3], OTHERS[3], x("0c0d0e0f")
    whole = hello(b"two.example")
    pieces = crypto(whole[80:], 80) + x("01") + crypto(whole[:80])
    yield ask(initial(b"client in", 0, pieces, first, mine, first, version=TWO, size=1150), 50003)
    said = x("02 00 00 00 00") + crypto(server_hello())
    yield answer(initial(b"server in", 0, said, mine, other, first, version=TWO), 50003)
