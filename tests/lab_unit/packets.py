"""Packets and captures made by hand, for the tests of what reads them."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

LAN = IPv4Address("172.16.1.10").packed
SERVICE = IPv4Address("1.1.1.1").packed
WAN = IPv4Address("172.16.3.2").packed
GATEWAY = IPv4Address("172.16.4.3").packed
PROBE = IPv4Address("10.128.128.6").packed
STRANGER = IPv4Address("192.0.2.1").packed
LAN_SIX = IPv6Address("2001:db8:1::1").packed
SERVICE_SIX = IPv6Address("2001:db8:7::1").packed
WAN_SIX = IPv6Address("2001:db8:3::2").packed
GATEWAY_SIX = IPv6Address("2001:db8:16::3").packed


def ip(source: bytes, destination: bytes, protocol: int, payload: bytes) -> bytes:
    """An IPv4 packet; its checksum is left out, as nothing here looks at it."""
    length = 20 + len(payload)
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, protocol, 0, source, destination
    )
    return header + payload


def six(source: bytes, destination: bytes, protocol: int, payload: bytes) -> bytes:
    """An IPv6 packet."""
    head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64)
    return head + source + destination + payload


def frame(source: bytes, destination: bytes, protocol: int, payload: bytes) -> bytes:
    """The same, of the version that the addresses are of, in an Ethernet frame."""
    if len(source) == 16:
        return bytes(12) + b"\x86\xdd" + six(source, destination, protocol, payload)
    return bytes(12) + b"\x08\x00" + ip(source, destination, protocol, payload)


def udp(source_port: int, destination_port: int, data: bytes) -> bytes:
    """A UDP datagram."""
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(data), 0) + data


def capture(folder: Path, frames: Iterable[tuple[int, bytes]]) -> Path:
    """A capture file of frames with their times in nanoseconds."""
    file = folder / "made.pcap"
    records = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)]
    for time_ns, data in frames:
        seconds, rest = divmod(time_ns, 1_000_000_000)
        records.append(struct.pack("<IIII", seconds, rest, len(data), len(data)) + data)
    file.write_bytes(b"".join(records))
    return file
