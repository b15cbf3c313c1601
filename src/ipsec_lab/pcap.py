"""Reads packet captures, also while they are still being written, and takes their packets apart."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ICMP, UDP, ESP, ICMP_SIX = 1, 17, 50, 58

_NANOSECOND_MAGIC = 0xA1B23C4D
_MICROSECOND_MAGIC = 0xA1B2C3D4
_ETHERNET = 1
_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"
_FRAGMENT_OFFSET, _FRAGMENT_OFFSET_SIX = 0x1FFF, 0xFFF8
_FRAGMENT = 44
"""The header that every fragment of IPv6 has; RFC 8200, section 4.5."""


class Packet(NamedTuple):
    """One captured packet. Addresses are four bytes, or sixteen, or empty if it is not IP."""

    time_ns: int
    source: bytes
    destination: bytes
    protocol: int
    payload: bytes
    """What follows the IP header; of what is not IP, the whole frame."""

    @property
    def is_ip(self) -> bool:
        """Whether it has an IP header."""
        return bool(self.source)


class CaptureError(Exception):
    """A file is not a capture that this reader knows."""


def packets(path: Path) -> Iterator[Packet]:
    """The packets of a capture file, oldest first; a last one that is cut off is left out.

    Raises CaptureError for anything but Ethernet frames in pcap format (the libpcap manual, pcap-savefile(5)).
    """
    data = path.read_bytes()
    if not data:
        return
    order, to_nanoseconds = _file_header(data, path)
    record = struct.Struct(order + "IIII")
    at, end = 24, len(data)
    while at + record.size <= end:
        seconds, fraction, kept, _ = record.unpack_from(data, at)
        at += record.size
        if at + kept > end:
            return
        yield ethernet(seconds * 1_000_000_000 + fraction * to_nanoseconds, data[at : at + kept])
        at += kept


def _file_header(data: bytes, path: Path) -> tuple[str, int]:
    if len(data) < 24:
        raise CaptureError(f"{path}: not a capture: shorter than a capture's header")
    for order in "<>":
        magic, *_, link = struct.unpack_from(order + "IHHiIII", data)
        if magic in (_NANOSECOND_MAGIC, _MICROSECOND_MAGIC):
            if link != _ETHERNET:
                raise CaptureError(f"{path}: link type {link}, Ethernet ({_ETHERNET}) is expected")
            return order, 1 if magic == _NANOSECOND_MAGIC else 1000
    raise CaptureError(f"{path}: not a capture in pcap format")


def ethernet(time_ns: int, frame: bytes) -> Packet:
    """The packet in an Ethernet frame."""
    if frame[12:14] in (_IPV4, _IPV6):
        packet = ip(time_ns, frame[14:])
        if packet is not None:
            return packet
    return Packet(time_ns, b"", b"", -1, frame)


def ip(time_ns: int, data: bytes) -> Packet | None:
    """The packet that ``data`` begins with, or None if it has no IP header."""
    return _ipv6(time_ns, data) if data[:1] and data[0] >> 4 == 6 else _ipv4(time_ns, data)


def _ipv6(time_ns: int, data: bytes) -> Packet | None:
    """Of the headers between, only a fragment's is looked behind."""
    if len(data) < 40:
        return None
    protocol, payload = data[6], data[40:]
    if protocol == _FRAGMENT and len(payload) >= 8:
        later = int.from_bytes(payload[2:4], "big") & _FRAGMENT_OFFSET_SIX
        protocol, payload = payload[0], b"" if later else payload[8:]
    return Packet(time_ns, data[8:24], data[24:40], protocol, payload)


def _ipv4(time_ns: int, data: bytes) -> Packet | None:
    if len(data) < 20 or data[0] >> 4 != 4:
        return None
    later_fragment = int.from_bytes(data[6:8], "big") & _FRAGMENT_OFFSET
    header = (data[0] & 15) * 4
    return Packet(
        time_ns,
        data[12:16],
        data[16:20],
        data[9],
        b"" if later_fragment else data[header:],
    )
