"""ICMP echo as bytes: requests written, replies read. Pure; layouts of RFC 792 and RFC 4443."""

from __future__ import annotations

import struct
from typing import NamedTuple

ECHO_REPLY, ECHO_REQUEST = 0, 8  # RFC 792
ECHO_REQUEST_6, ECHO_REPLY_6 = 128, 129  # RFC 4443

ECHO = struct.Struct("!BBHHH8sQQ")
"""Type, code, checksum, identifier, sequence; then whose it is, the sequence in full, and when it was sent."""

MARK = b"ipsec-cl"
MARK_NUMBER = int.from_bytes(MARK, "big")
IPV4_HEADER = 20  # bytes, without options
IPPROTO_ICMP = 1


class Reply(NamedTuple):
    """An answer to a request of ours: its ``sequence`` in full and when the request was sent, in nanoseconds.

    Whoever answered may have written what he liked: these are claims.
    """

    sequence: int
    sent: int


def request(family: int, identifier: int, sequence: int, sent: int) -> bytes:
    """An echo request. On the wire the sequence has 16 bits; the payload has all of it.

    The checksum of ICMPv6 covers addresses that only the kernel knows: it fills that in (RFC 3542, 3.1).
    """
    kind = ECHO_REQUEST if family == 4 else ECHO_REQUEST_6
    checksum = 0 if family == 6 else 0xFFFF - _sum(kind, identifier, sequence, sent)
    low = sequence & 0xFFFF
    return ECHO.pack(kind, 0, checksum, identifier, low, MARK, sequence, sent)


def reply(family: int, identifier: int, data: bytes | memoryview) -> Reply | None:
    """The answer in what a raw socket received, or None: too short, damaged, or somebody else's.

    With IPv4 the datagram begins with its IP header, with IPv6 it does not (raw(7), RFC 3542).
    """
    size = _ip_header(data) if family == 4 else 0
    if size is None or len(data) != size + ECHO.size:
        return None
    kind, code, checksum, whose, low, mark, sequence, sent = ECHO.unpack_from(data, size)
    expected = ECHO_REPLY if family == 4 else ECHO_REPLY_6
    if (kind, code, whose, mark, low) != (expected, 0, identifier, MARK, sequence & 0xFFFF):
        return None
    if family == 4 and (checksum + _sum(kind, whose, sequence, sent)) % 0xFFFF:
        return None
    return Reply(sequence, sent)


def _sum(kind: int, identifier: int, sequence: int, sent: int) -> int:
    """The sum that the Internet checksum complements (RFC 1071), over an echo message of these fields.

    Words of 16 bits added with their carries are what is left of all as one number, divided by 65 535: so a
    field of several words counts as it is.
    """
    total = (kind << 8) + identifier + (sequence & 0xFFFF) + MARK_NUMBER + sequence + sent
    return total % 0xFFFF or 0xFFFF


def _ip_header(data: bytes | memoryview) -> int | None:
    if len(data) < IPV4_HEADER or data[0] >> 4 != 4 or data[9] != IPPROTO_ICMP:
        return None
    size = (data[0] & 0xF) * 4
    return size if IPV4_HEADER <= size <= len(data) else None
