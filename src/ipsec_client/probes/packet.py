"""ICMP echo as bytes: requests written, replies read. Pure; layouts of RFC 792 and RFC 4443."""

from __future__ import annotations

import struct
from dataclasses import dataclass

ECHO_REPLY, ECHO_REQUEST = 0, 8  # RFC 792
ECHO_REQUEST_6, ECHO_REPLY_6 = 128, 129  # RFC 4443

HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence
PAYLOAD = struct.Struct("!8sQQ")  # whose, sequence, when sent (monotonic nanoseconds)
MARK = b"ipsec-cl"
IPV4_HEADER = 20  # bytes, without options
IPPROTO_ICMP = 1


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a request of ours: its ``sequence`` in full and when the request was sent, in nanoseconds.

    Whoever answered may have written what he liked: these are claims.
    """

    sequence: int
    sent: int


def request(family: int, identifier: int, sequence: int, sent: int) -> bytes:
    """An echo request. On the wire the sequence has 16 bits; the payload has all of it.

    The checksum of ICMPv6 covers addresses that only the kernel knows: it fills that in (RFC 3542, 3.1).
    """
    payload = PAYLOAD.pack(MARK, sequence, sent)
    kind = ECHO_REQUEST if family == 4 else ECHO_REQUEST_6
    bare = HEADER.pack(kind, 0, 0, identifier, sequence & 0xFFFF)
    if family == 6:
        return bare + payload
    return HEADER.pack(kind, 0, checksum(bare + payload), identifier, sequence & 0xFFFF) + payload


def reply(family: int, identifier: int, data: bytes | memoryview) -> Reply | None:
    """The answer in what a raw socket received, or None: too short, damaged, or somebody else's.

    With IPv4 the datagram begins with its IP header, with IPv6 it does not (raw(7), RFC 3542).
    """
    if family == 4:
        size = _ip_header(data)
        if size is None or checksum(data[size:]) != 0:
            return None
        data = data[size:]
    if len(data) < HEADER.size + PAYLOAD.size:
        return None
    kind, code, _checksum, whose, low = HEADER.unpack_from(data)
    mark, sequence, sent = PAYLOAD.unpack_from(data, HEADER.size)
    expected = ECHO_REPLY if family == 4 else ECHO_REPLY_6
    if (kind, code, whose, mark, low) != (expected, 0, identifier, MARK, sequence & 0xFFFF):
        return None
    return Reply(sequence, sent)


def checksum(data: bytes | memoryview) -> int:
    """The Internet checksum (RFC 1071); over data that holds its right checksum it is 0."""
    padded = bytes(data) + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF ^ total


def _ip_header(data: bytes | memoryview) -> int | None:
    if len(data) < IPV4_HEADER or data[0] >> 4 != 4 or data[9] != IPPROTO_ICMP:
        return None
    size = (data[0] & 0xF) * 4
    return size if IPV4_HEADER <= size <= len(data) else None
