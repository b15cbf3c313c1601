"""The packets that the lab measures with: ICMP echo requests that carry a stream's number, their own and a time.

ICMP, because the kernel of whoever is asked answers at once: no program of the lab adds its own pauses.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from ipsec_lab.pcap import ICMP, ICMP_SIX, Packet

REQUEST, REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}
_IS_REPLY = {(ICMP, REQUEST[4]): False, (ICMP, REPLY[4]): True} | {
    (ICMP_SIX, REQUEST[6]): False, (ICMP_SIX, REPLY[6]): True
}  # fmt: skip
SIZE = 64
"""Bytes of an ICMP message of ours."""

_MARK = b"ipsec-lab"
_HEADER = struct.Struct("!BBHHH")
_BODY = struct.Struct("!9sIQQ")
_PADDING = bytes(SIZE - _HEADER.size - _BODY.size)


class Echo(NamedTuple):
    """One request or reply of a stream, as captured."""

    time_ns: int
    reply: bool
    stream: int
    number: int
    sent_ns: int
    """When the sender gave it to its kernel, by the sender's wall clock."""


def request(stream: int, number: int, sent_ns: int, version: int = 4) -> bytes:
    """The ICMP message that asks (RFC 792, 4443); by IPv6 the kernel puts the checksum in."""
    body = _BODY.pack(_MARK, stream, number, sent_ns) + _PADDING
    header = (REQUEST[version], 0, 0, stream & 0xFFFF, number & 0xFFFF)
    summed = checksum(_HEADER.pack(*header) + body)
    return _HEADER.pack(REQUEST[version], 0, summed, stream & 0xFFFF, number & 0xFFFF) + body


def read(packet: Packet) -> Echo | None:
    """The request or reply of ours in a packet, if it is one."""
    data = packet.payload
    if len(data) < _HEADER.size + _BODY.size:
        return None
    reply = _IS_REPLY.get((packet.protocol, data[0]))
    mark, stream, number, sent_ns = _BODY.unpack_from(data, _HEADER.size)
    if mark != _MARK or reply is None:
        return None
    return Echo(packet.time_ns, reply, stream, number, sent_ns)


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071); ``data`` has an even length."""
    words: tuple[int, ...] = struct.unpack(f"!{len(data) // 2}H", data)
    total = sum(words)
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
