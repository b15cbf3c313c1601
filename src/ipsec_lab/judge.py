"""What captures say: how a stream fared, who carried it, and what was seen on the provider's network.

Pure: packets in, figures out. Nothing here captures, waits or decides what is good enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from ipaddress import ip_address
from itertools import pairwise

from ipsec_lab import echo
from ipsec_lab.document import Address, Network
from ipsec_lab.pcap import ESP, ICMP, ICMP_SIX, UDP, Packet, ip

IKE_PORT, NAT_T_PORT = 500, 4500
_NON_ESP_MARKER = bytes(4)
"""Opens an IKE message on UDP port 4500; RFC 3948, section 2.2."""
_NAT_KEEPALIVE = b"\xff"
"""The only other thing on UDP port 4500 that is not ESP; RFC 3948, section 2.3."""
_ARP = b"\x08\x06"
_ICMP_ERRORS = {ICMP: frozenset({3, 4, 5, 11, 12}), ICMP_SIX: frozenset({1, 2, 3, 4})}
_NEIGHBOURS = range(133, 138)
"""The ICMPv6 messages of neighbour discovery (RFC 4861); they pass no router."""


@dataclass(frozen=True)
class Figures:
    """How a stream fared, as seen where it was sent."""

    sent: int
    lost: int
    longest_gap_ms: float
    """Longest time without an answer between two that came; the stream's begin and end count as answers."""


def stream_figures(captured: Iterable[Packet], stream: int) -> Figures:
    """The figures of one stream in the capture of the host that sent it."""
    asked: dict[int, int] = {}
    answered: dict[int, int] = {}
    for packet in captured:
        seen = echo.read(packet)
        if seen is not None and seen.stream == stream:
            (answered if seen.reply else asked).setdefault(seen.number, seen.time_ns)
    if not asked:
        return Figures(0, 0, 0.0)
    heard = sorted(answered[number] for number in asked.keys() & answered.keys())
    begin, end = min(asked.values()), max(asked.values())
    moments = [begin, *heard, max([end, *heard])]
    gaps = (later - earlier for earlier, later in pairwise(moments))
    return Figures(len(asked), len(asked) - len(heard), round(max(gaps) / 1e6, 1))


def sender_pause_ms(captured: Iterable[Packet], stream: int) -> float:
    """The longest time that the sender sent nothing: a gap of that length tells of the machine, not of the network."""
    asked = [time for time, _ in arrivals(captured, stream)]
    return round(max((later - earlier for earlier, later in pairwise(asked)), default=0) / 1e6, 1)


def arrivals(captured: Iterable[Packet], stream: int) -> list[tuple[int, int]]:
    """Time (ns) and number of each request of a stream in a capture, as behind a gateway."""
    return [
        (seen.time_ns, seen.number)
        for seen in map(echo.read, captured)
        if seen is not None and not seen.reply and seen.stream == stream
    ]


class Kind(Enum):
    """What a packet on the provider's network is."""

    CLEAR = "clear text"
    ESP = "ESP"
    IKE = "IKE"
    QUOTED = "ICMP error about encrypted packets"
    LOCAL = "link housekeeping"
    OTHER = "other"


@dataclass(frozen=True)
class Watch:
    """Classifies packets on the provider's network; only what a gateway sends or gets may be ESP or IKE."""

    private: tuple[Network, ...]
    """What nobody out there may see: LANs, networks behind gateways, the monitor network."""
    gateways: frozenset[Address]

    def kind(self, packet: Packet) -> Kind:
        """What it is, by its outer addresses first: a private one is clear text whatever it carries."""
        if not packet.is_ip:
            return Kind.LOCAL if packet.payload[12:14] == _ARP else Kind.OTHER
        if self._private(packet.source) or self._private(packet.destination):
            return Kind.CLEAR
        if _housekeeping(packet):
            return Kind.LOCAL
        if packet.protocol in _ICMP_ERRORS:
            return self._icmp_kind(packet)
        if not (self._gateway(packet.source) or self._gateway(packet.destination)):
            return Kind.OTHER
        if packet.protocol == ESP:
            return Kind.ESP
        return _udp_kind(packet.payload) if packet.protocol == UDP else Kind.OTHER

    def _private(self, address: bytes) -> bool:
        return _is_private(self, address)

    def _gateway(self, address: bytes) -> bool:
        return ip_address(address) in self.gateways

    def _icmp_kind(self, packet: Packet) -> Kind:
        """An ICMP error is what it quotes: the header and what follows it, from the ninth byte on (RFC 792, 4443)."""
        if not packet.payload or packet.payload[0] not in _ICMP_ERRORS[packet.protocol]:
            return Kind.OTHER
        quoted = ip(packet.time_ns, packet.payload[8:])
        if quoted is None:
            return Kind.OTHER
        inner = self.kind(quoted)
        return Kind.QUOTED if inner in (Kind.ESP, Kind.IKE) else inner

    def account(self, captured: Iterable[Packet]) -> dict[Kind, int]:
        """How many of each kind."""
        counts = dict.fromkeys(Kind, 0)
        for packet in captured:
            counts[self.kind(packet)] += 1
        return counts


@lru_cache(maxsize=4096)
def _is_private(watch: Watch, address: bytes) -> bool:
    where = ip_address(address)
    return where not in watch.gateways and any(where in network for network in watch.private)


def _udp_kind(datagram: bytes) -> Kind:
    ports = {int.from_bytes(datagram[0:2], "big"), int.from_bytes(datagram[2:4], "big")}
    if IKE_PORT in ports:
        return Kind.IKE
    if NAT_T_PORT in ports:
        data = datagram[8:]
        return Kind.IKE if data[:4] == _NON_ESP_MARKER or data == _NAT_KEEPALIVE else Kind.ESP
    return Kind.OTHER


def _housekeeping(packet: Packet) -> bool:
    """IPv6 that stays on the link: the discovery of neighbours, and from a link-local or no address to a multicast
    or such a one.
    """
    source, destination = packet.source, packet.destination
    if len(source) != 16:
        return False
    if packet.protocol == ICMP_SIX and packet.payload[:1] and packet.payload[0] in _NEIGHBOURS:
        return True
    return (_link_local(source) or not any(source)) and (
        _link_local(destination) or destination[:2] == b"\xff\x02"
    )


def _link_local(address: bytes) -> bool:
    return address[0] == 0xFE and address[1] & 0xC0 == 0x80
