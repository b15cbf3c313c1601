"""Echo requests of several sizes from one machine of the lab, and who answered."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Collection
from contextlib import ExitStack

from ipsec_lab.document import Address
from ipsec_lab.echo import REPLY, REQUEST, checksum

SIZES = (64, 512, 1232)
"""Bytes of ICMP, with its header; the largest fits into a tunnel with whatever cipher, digest and version of IP."""

_HEADER = struct.Struct("!BBHHH")
_IP_HEADER = 20

Asked = tuple[Address, int]
"""Of whom, and by which size."""


def asked(targets: Collection[Address], seconds: float, every: float = 0.05) -> set[Asked]:
    """Sends each target one of each size, again and again those without an answer; gives the answered ones.

    Returns as soon as all have answered, at the latest after so many seconds. A raw socket sees everybody's
    answers, so that the identifier tells ours.
    """
    own = time.monotonic_ns() & 0xFFFF
    waiting = {(target, size) for target in targets for size in SIZES}
    until = time.monotonic() + seconds
    with ExitStack() as stack:
        sockets = {version: stack.enter_context(_socket(version)) for version in (4, 6)}
        while waiting and time.monotonic() < until:
            for target, size in waiting:
                sockets[target.version].sendto(
                    _request(target.version, own, size), (str(target), 0)
                )
            again = min(time.monotonic() + every, until)
            while waiting and (left := again - time.monotonic()) > 0:
                for ready in select.select(list(sockets.values()), [], [], left)[0]:
                    found = _reply(ready, own)
                    waiting -= {one for one in waiting if found == (str(one[0]), one[1])}
        return {(target, size) for target in targets for size in SIZES} - waiting


def _socket(version: int) -> socket.socket:
    if version == 6:
        return socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)


def _request(version: int, identifier: int, size: int) -> bytes:
    """By IPv6 the kernel puts the checksum in."""
    padding = bytes(size - _HEADER.size)
    summed = checksum(_HEADER.pack(REQUEST[version], 0, 0, identifier, size) + padding)
    return _HEADER.pack(REQUEST[version], 0, summed, identifier, size) + padding


def _reply(ready: socket.socket, own: int) -> tuple[str, int] | None:
    """Who answered which size; the sequence number is the size."""
    data, address = ready.recvfrom(2048)
    version = 6 if ready.family == socket.AF_INET6 else 4
    message = data[_IP_HEADER:] if version == 4 else data
    if len(message) < _HEADER.size:
        return None
    kind, _, _, identifier, size = _HEADER.unpack_from(message)
    if (kind, identifier, len(message)) != (REPLY[version], own, size):
        return None
    return str(address[0]), size
