"""The reader of captures, on captures written here byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ipsec_lab import pcap
from tests.lab_unit.packets import LAN, LAN_SIX, SERVICE, SERVICE_SIX, capture, frame


def test_reads_addresses_protocol_payload_and_time(tmp_path: Path) -> None:
    file = capture(tmp_path, [(1_500_000_007, frame(LAN, SERVICE, 17, b"payload"))])
    [packet] = pcap.packets(file)
    assert packet.is_ip
    assert packet == (1_500_000_007, LAN, SERVICE, 17, b"payload")


def test_ipv6_and_its_fragments(tmp_path: Path) -> None:
    later = b"\x11\0\0\x08" + bytes(4) + b"rest"
    frames = [(17, b"payload"), (44, b"\x11\0\0\x01" + bytes(4) + b"first"), (44, later)]
    file = capture(
        tmp_path, [(n, frame(LAN_SIX, SERVICE_SIX, *each)) for n, each in enumerate(frames)]
    )
    assert list(pcap.packets(file)) == [
        (number, LAN_SIX, SERVICE_SIX, 17, payload)
        for number, payload in enumerate((b"payload", b"first", b""))
    ]


def test_microseconds_and_the_other_byte_order(tmp_path: Path) -> None:
    data = frame(LAN, SERVICE, 50, b"x")
    header = struct.pack(">IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    file = tmp_path / "big.pcap"
    file.write_bytes(header + struct.pack(">IIII", 1, 2, len(data), len(data)) + data)
    assert next(pcap.packets(file)).time_ns == 1_000_002_000


def test_what_is_not_ip_is_the_whole_frame(tmp_path: Path) -> None:
    arp = b"\xff" * 12 + b"\x08\x06" + bytes(28)
    [packet] = pcap.packets(capture(tmp_path, [(0, arp)]))
    assert not packet.is_ip
    assert packet.payload == arp


@pytest.mark.parametrize("cut", [1, 15, 17, 40])
def test_a_capture_being_written_ends_before_its_last_packet(tmp_path: Path, cut: int) -> None:
    file = capture(tmp_path, [(n, frame(LAN, SERVICE, 17, b"")) for n in (1, 2)])
    file.write_bytes(file.read_bytes()[:-cut])
    assert [packet.time_ns for packet in pcap.packets(file)] == [1]


def test_an_empty_file_has_no_packets_yet(tmp_path: Path) -> None:
    (tmp_path / "x.pcap").write_bytes(b"")
    assert list(pcap.packets(tmp_path / "x.pcap")) == []


@pytest.mark.parametrize("link", [0, 113])
def test_another_link_type_is_refused(tmp_path: Path, link: int) -> None:
    file = tmp_path / "x.pcap"
    file.write_bytes(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, link))
    with pytest.raises(pcap.CaptureError, match=f"link type {link}"):
        list(pcap.packets(file))


def test_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.pcap").write_bytes(b"PK" * 20)
    with pytest.raises(pcap.CaptureError, match="not a capture"):
        list(pcap.packets(tmp_path / "x.pcap"))


def test_a_later_fragment_has_no_ports_to_be_mistaken_for() -> None:
    data = bytearray(frame(LAN, SERVICE, 17, b"\x11\x94" * 8))
    data[14 + 6 : 14 + 8] = b"\x00\x10"
    assert pcap.ethernet(0, bytes(data)).payload == b""
