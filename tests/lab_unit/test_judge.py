"""What the judge reads from captures: figures of streams, and what was seen on the provider's network."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest

from ipsec_lab import echo
from ipsec_lab.judge import Figures, Kind, Watch, arrivals, sender_pause_ms, stream_figures
from ipsec_lab.pcap import Packet, ethernet
from tests.lab_unit.packets import (
    GATEWAY,
    GATEWAY_SIX,
    LAN,
    LAN_SIX,
    PROBE,
    SERVICE,
    SERVICE_SIX,
    STRANGER,
    WAN,
    WAN_SIX,
    frame,
    ip,
    six,
    udp,
)

MS = 1_000_000
WATCH = Watch(
    private=(
        IPv4Network("172.16.1.0/24"),
        IPv4Network("1.1.1.0/24"),
        IPv4Network("10.128.128.0/28"),
        IPv6Network("2001:db8:1::/64"),
        IPv6Network("2001:db8:7::/48"),
    ),
    gateways=frozenset(
        {IPv4Address("172.16.4.3"), IPv4Address("1.1.1.9"), IPv6Address("2001:db8:16::3")}
    ),
)


ENDS = {4: (LAN, SERVICE, 1), 6: (LAN_SIX, SERVICE_SIX, 58)}


def asked(at_ms: float, number: int, stream: int = 1, version: int = 4) -> Packet:
    data = frame(*ENDS[version], echo.request(stream, number, 0, version))
    return ethernet(round(at_ms * MS), data)


def answered(at_ms: float, number: int, stream: int = 1, version: int = 4) -> Packet:
    there, here, protocol = ENDS[version]
    message = bytes([echo.REPLY[version]]) + echo.request(stream, number, 0, version)[1:]
    return ethernet(round(at_ms * MS), frame(here, there, protocol, message))


@pytest.mark.parametrize("version", [4, 6])
def test_every_packet_answered(version: int) -> None:
    pairs = (
        (asked(n, n, version=version), answered(n + 0.4, n, version=version)) for n in range(100)
    )
    seen = [packet for pair in pairs for packet in pair]
    assert stream_figures(seen, 1) == Figures(sent=100, lost=0, longest_gap_ms=1.0)


def test_the_gap_is_between_answers_that_came() -> None:
    numbers = [n for n in range(100) if not 30 <= n < 80]
    seen = [asked(n, n) for n in range(100)] + [answered(n + 0.5, n) for n in numbers]
    assert stream_figures(seen, 1) == Figures(sent=100, lost=50, longest_gap_ms=51.0)


def test_traffic_that_never_returns_counts_to_the_streams_end() -> None:
    seen = [asked(n, n) for n in range(100)] + [answered(n + 0.5, n) for n in range(10)]
    assert stream_figures(seen, 1) == Figures(sent=100, lost=90, longest_gap_ms=89.5)


def test_traffic_that_never_came_counts_from_its_begin() -> None:
    assert stream_figures([asked(0, 0), asked(70, 1)], 1) == Figures(2, 2, 70.0)


def test_late_answers_are_answers_and_doubles_count_once() -> None:
    seen = [asked(0, 0), asked(1, 1), answered(900, 0), answered(901, 1), answered(902, 1)]
    assert stream_figures(seen, 1) == Figures(sent=2, lost=0, longest_gap_ms=900.0)


def test_streams_are_kept_apart() -> None:
    seen = [asked(0, 0, stream=1), asked(5, 0, stream=2), answered(6, 0, stream=2)]
    assert stream_figures(seen, 1).lost == 1
    assert stream_figures(seen, 2).lost == 0
    assert stream_figures(seen, 3) == Figures(0, 0, 0.0)


def test_arrivals_are_the_requests_of_the_stream() -> None:
    seen = [asked(1, 7), answered(2, 7), asked(3, 8), asked(4, 1, stream=2)]
    assert arrivals(seen, 1) == [(1 * MS, 7), (3 * MS, 8)]


def test_a_pause_of_the_sender_is_told_apart() -> None:
    seen = [p for n in (0, 1, 2, 50, 51) for p in (asked(n, n), answered(n + 0.5, n))]
    assert sender_pause_ms(seen, 1) == 48.0
    assert sender_pause_ms(seen, 2) == 0


def test_pings_of_others_are_no_echo_of_ours() -> None:
    ping = struct.pack("!BBHHH", 8, 0, 0, 1, 1) + bytes(range(56))
    assert echo.read(ethernet(0, frame(LAN, SERVICE, 1, ping))) is None


ESP_DATA = b"\x00\x00\x10\x01" + bytes(40)
IKE_IN_NAT_T = bytes(4) + bytes(28)
ENCRYPTED = ip(WAN, GATEWAY, 17, udp(4500, 4500, ESP_DATA))
CLEAR = ip(LAN, SERVICE, 17, udp(7, 7, b"secret"))
ENCRYPTED_SIX = six(WAN_SIX, GATEWAY_SIX, 50, ESP_DATA)
CLEAR_SIX = six(LAN_SIX, SERVICE_SIX, 17, udp(7, 7, b"secret"))


def error(quoted: bytes) -> bytes:
    """An ICMP port unreachable that quotes a packet."""
    return b"\x03\x03" + bytes(6) + quoted[:64]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (frame(WAN, GATEWAY, 50, ESP_DATA), Kind.ESP),
        (frame(WAN, GATEWAY, 17, udp(4500, 4500, ESP_DATA)), Kind.ESP),
        (frame(GATEWAY, WAN, 17, udp(4500, 31017, ESP_DATA)), Kind.ESP),
        (frame(WAN, GATEWAY, 17, udp(500, 500, bytes(28))), Kind.IKE),
        (frame(WAN, GATEWAY, 17, udp(4500, 4500, IKE_IN_NAT_T)), Kind.IKE),
        (frame(WAN, GATEWAY, 17, udp(4500, 4500, b"\xff")), Kind.IKE),
        (frame(LAN, SERVICE, 1, bytes(8)), Kind.CLEAR),
        (frame(WAN, SERVICE, 17, udp(53, 53, b"")), Kind.CLEAR),
        (frame(PROBE, STRANGER, 1, bytes(8)), Kind.CLEAR),
        (frame(LAN, GATEWAY, 17, udp(4500, 4500, ESP_DATA)), Kind.CLEAR),
        (frame(WAN, STRANGER, 50, ESP_DATA), Kind.OTHER),
        (frame(WAN, GATEWAY, 6, bytes(20)), Kind.OTHER),
        (frame(WAN, GATEWAY, 17, udp(53, 53, b"")), Kind.OTHER),
        (frame(WAN, GATEWAY, 1, error(ENCRYPTED)), Kind.QUOTED),
        (frame(WAN, STRANGER, 1, error(CLEAR)), Kind.CLEAR),
        (frame(WAN, GATEWAY, 1, b"\x08\x00" + bytes(6)), Kind.OTHER),
        (frame(WAN_SIX, GATEWAY_SIX, 50, ESP_DATA), Kind.ESP),
        (frame(WAN_SIX, GATEWAY_SIX, 17, udp(4500, 4500, ESP_DATA)), Kind.ESP),
        (frame(GATEWAY_SIX, WAN_SIX, 17, udp(500, 500, bytes(28))), Kind.IKE),
        (frame(LAN_SIX, SERVICE_SIX, 58, bytes(8)), Kind.CLEAR),
        (frame(LAN_SIX, GATEWAY_SIX, 50, ESP_DATA), Kind.CLEAR),
        (frame(WAN_SIX, GATEWAY_SIX, 44, b"\x32\0\0\1" + bytes(4) + ESP_DATA), Kind.ESP),
        (frame(GATEWAY_SIX, WAN_SIX, 58, b"\x02\0" + bytes(6) + ENCRYPTED_SIX), Kind.QUOTED),
        (frame(GATEWAY_SIX, WAN_SIX, 58, b"\x02\0" + bytes(6) + CLEAR_SIX), Kind.CLEAR),
        (frame(WAN_SIX, GATEWAY_SIX, 58, b"\x87\0" + bytes(22)), Kind.LOCAL),
        (bytes(12) + b"\x08\x06" + bytes(28), Kind.LOCAL),
        (bytes(12) + b"\x86\xdd" + bytes(40), Kind.OTHER),
    ],
)
def test_kinds_on_the_providers_network(data: bytes, kind: Kind) -> None:
    assert WATCH.kind(ethernet(0, data)) is kind


@pytest.mark.parametrize(
    ("source", "destination", "kind"),
    [
        ("fe80::1", "ff02::2", Kind.LOCAL),
        ("::", "ff02::1:ff00:1", Kind.LOCAL),
        ("2001:db8::1", "2001:db8::2", Kind.OTHER),
        ("fe80::1", "2001:db8::2", Kind.OTHER),
    ],
)
def test_ipv6_housekeeping_stays_on_the_link(source: str, destination: str, kind: Kind) -> None:
    import ipaddress

    ends = b"".join(ipaddress.IPv6Address(end).packed for end in (source, destination))
    header = bytes([0x60]) + bytes(7) + ends
    assert WATCH.kind(ethernet(0, bytes(12) + b"\x86\xdd" + header)) is kind


def test_a_gateway_may_lie_in_a_network_that_is_private() -> None:
    inside = IPv4Address("1.1.1.9").packed
    assert WATCH.kind(ethernet(0, frame(WAN, inside, 50, ESP_DATA))) is Kind.ESP


def test_the_account_counts_each_kind() -> None:
    seen = [ethernet(0, frame(WAN, GATEWAY, 50, ESP_DATA))] * 3 + [asked(0, 0)]
    account = WATCH.account(seen)
    assert (account[Kind.ESP], account[Kind.CLEAR], account[Kind.IKE]) == (3, 1, 0)
