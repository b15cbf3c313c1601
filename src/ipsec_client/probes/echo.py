"""What an operator's ``ping`` sends and hears, as bytes: any size, and the errors of those who cannot pass it on. Pure.

Layouts of RFC 792 and RFC 4443; of errors the message that they quote.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

from ipsec_client.probes.packet import ECHO_REPLY, ECHO_REPLY_6, ECHO_REQUEST, ECHO_REQUEST_6

HEADER = struct.Struct(
    "!BBHHH"
)  # type, code, checksum, identifier and sequence, or what an error holds
HEADER_4, HEADER_6 = 20, 40  # bytes of an IP header without options
UNREACHABLE, EXCEEDED = 3, 11  # RFC 792
UNREACHABLE_6, TOO_BIG_6, EXCEEDED_6 = 1, 2, 3  # RFC 4443
TOO_BIG = 4  # the code of UNREACHABLE that says so

WORDS = {0: "network unreachable", 1: "host unreachable", 3: "port unreachable", 13: "prohibited"}
WORDS_6 = {0: "no route", 1: "prohibited", 3: "address unreachable", 4: "port unreachable"}


class Heard(NamedTuple):
    """An answer to request ``sequence``, or (``trouble``) why it did not arrive, as ``source`` says.

    ``ttl`` is 0 where it is not known, ``size`` in bytes of data.
    """

    sequence: int
    source: str
    ttl: int
    size: int
    trouble: str = ""


def request(family: int, identifier: int, sequence: int, size: int) -> bytes:
    """An echo request with ``size`` bytes of data. The kernel fills in the checksum of ICMPv6 (RFC 3542, 3.1)."""
    kind = ECHO_REQUEST if family == 4 else ECHO_REQUEST_6
    data = bytes(index & 0xFF for index in range(size))
    blank = HEADER.pack(kind, 0, 0, identifier, sequence & 0xFFFF) + data
    checksum = _checksum(blank) if family == 4 else 0
    return HEADER.pack(kind, 0, checksum, identifier, sequence & 0xFFFF) + data


def heard(family: int, identifier: int, data: bytes, source: str, ttl: int = 0) -> Heard | None:
    """What a raw socket received of requests with this identifier; None for everything else."""
    if family == 4:
        start = _header(data)
        if start is None:
            return None
        ttl, data = data[8], data[start:]
    if len(data) < HEADER.size:
        return None
    kind, code, _, whose, rest = HEADER.unpack_from(data)
    if kind == (ECHO_REPLY if family == 4 else ECHO_REPLY_6):
        if whose != identifier:
            return None
        return Heard(rest, source, ttl, len(data) - HEADER.size)
    trouble = _trouble(family, kind, code, rest if family == 4 else (whose << 16) + rest)
    quoted = _quoted(family, data[HEADER.size :])
    if not trouble or quoted is None or quoted[0] != identifier:
        return None
    return Heard(quoted[1], source, ttl, 0, trouble)


def _trouble(family: int, kind: int, code: int, mtu: int) -> str:
    match family, kind:
        case (4, 3) if code == TOO_BIG:
            return f"too big, {mtu} bytes pass" if mtu else "too big"
        case (6, 2):
            return f"too big, {mtu} bytes pass"
        case (4, 3):
            return WORDS.get(code, "unreachable")
        case (6, 1):
            return WORDS_6.get(code, "unreachable")
        case (4, 11) | (6, 3):
            return "time to live exceeded"
    return ""


def _quoted(family: int, data: bytes) -> tuple[int, int] | None:
    """Identifier and sequence of the request that an error quotes."""
    if family == 4:
        start, wanted = _header(data), ECHO_REQUEST
    else:
        start, wanted = (HEADER_6 if data[:1] and data[0] >> 4 == 6 else None), ECHO_REQUEST_6
    if start is None or len(data) < start + HEADER.size:
        return None
    kind, _, _, identifier, sequence = HEADER.unpack_from(data, start)
    return (identifier, sequence) if kind == wanted else None


def _header(data: bytes) -> int | None:
    if len(data) < HEADER_4 or data[0] >> 4 != 4 or data[9] != 1:
        return None
    size = (data[0] & 0xF) * 4
    return size if HEADER_4 <= size <= len(data) else None


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total = int.from_bytes(data + bytes(len(data) % 2), "big") % 0xFFFF or 0xFFFF
    return 0xFFFF - total


def is_six(address: str) -> bool:
    """Whether it is an IPv6 address."""
    return ipaddress.ip_address(address).version == 6
