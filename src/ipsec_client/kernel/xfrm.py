"""Security associations of a namespace: read by dump and by event, counted per tunnel, flushed. Never their keys.

A message carries the keys of its SA as attributes; they are not decoded (only their presence is noted, for an
SA without any is larval) and `netlink` overwrites every buffer after parsing. Layouts: linux/xfrm.h.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from ipsec_client.kernel import policies, rtnetlink
from ipsec_client.kernel.netlink import NETLINK_ROUTE, NETLINK_XFRM, Netlink, attributes
from ipsec_client.kernel.policies import XFRM_MSG_GETPOLICY, XFRMNLGRP_POLICY, PolicyTable
from ipsec_client.kernel.rtnetlink import GROUP, RTM_DELLINK

XFRM_MSG_NEWSA, XFRM_MSG_DELSA, XFRM_MSG_GETSA = 0x10, 0x11, 0x12
XFRM_MSG_EXPIRE, XFRM_MSG_UPDSA = 0x18, 0x1A
XFRM_MSG_FLUSHSA, XFRM_MSG_FLUSHPOLICY = 0x1C, 0x1D
XFRMNLGRP_EXPIRE, XFRMNLGRP_SA = 2, 3

XFRMA_ALG_AUTH, XFRMA_ALG_CRYPT, XFRMA_SA = 1, 2, 6
XFRMA_ALG_AEAD, XFRMA_ALG_AUTH_TRUNC, XFRMA_IF_ID = 18, 20, 31
KEYED = frozenset({XFRMA_ALG_AUTH, XFRMA_ALG_CRYPT, XFRMA_ALG_AEAD, XFRMA_ALG_AUTH_TRUNC})

XFRM_SELECTOR = 56  # bytes of struct xfrm_selector
XFRM_ID = struct.Struct("=16sIB3x")  # daddr, spi (network order), proto
XFRM_USERSA_ID = struct.Struct("=16sIHBx")  # daddr, spi (network order), family, proto
XFRM_ADDRESS = struct.Struct("=16s")
XFRM_USERSA_INFO = 224  # bytes
XFRM_USERSA_REQID = struct.Struct("=I")
XFRM_USERSA_REQID_AT = 208  # after selector, id, saddr, two lifetimes, stats, seq
XFRM_USERSA_FAMILY = struct.Struct("=H")
XFRM_USERSA_FAMILY_AT = 212  # after reqid
XFRM_LIFETIME_CUR = struct.Struct("=QQQQ")  # bytes, packets, when added, when used first
XFRM_LIFETIME_CUR_AT = 160  # after selector, id, saddr, struct xfrm_lifetime_cfg
XFRM_USERSA_FLUSH = struct.Struct("=B")  # proto; 0: every one
XFRM_EXPIRE_HARD_AT = 224  # one byte behind struct xfrm_usersa_info
XFRM_USER_EXPIRE = 232  # bytes

IPPROTO_ESP, IPPROTO_AH = 50, 51
TUNNEL_PROTOCOLS = frozenset({IPPROTO_ESP, IPPROTO_AH})  # not the IPComp state beside them


@dataclass(frozen=True, slots=True)
class Sa:
    """One half of a child SA: packets to ``destination`` bearing ``spi``. ``if_id`` is the tunnel it belongs to,
    ``reqid`` the pair of subnets: it is the same in both directions and stays when the SA is rekeyed.
    """

    if_id: int
    source: str
    destination: str
    spi: int
    protocol: int
    larval: bool = False
    reqid: int = 0


@dataclass(frozen=True, slots=True)
class SaUse:
    """An SA with its use so far: ``added_wall`` is when it was made, in seconds since 1970."""

    sa: Sa
    added_wall: int
    bytes: int
    packets: int


@dataclass(frozen=True, slots=True)
class SaEvent:
    """What a message says: an SA is there (``added``), or it is gone."""

    added: bool
    sa: Sa


@dataclass(frozen=True, slots=True)
class Flushed:
    """Every SA was flushed at once; which ones is not said: dump again."""


@dataclass(frozen=True, slots=True)
class SaTable:
    """The live child SAs of a namespace. Pure: each change is a new table."""

    live: frozenset[Sa] = frozenset()

    @classmethod
    def of(cls, dumped: Iterable[Sa]) -> SaTable:
        """The table that a dump shows."""
        return cls(frozenset(sa for sa in dumped if _counts(sa)))

    def after(self, event: SaEvent) -> SaTable:
        """The table once ``event`` has happened; itself when nothing changes."""
        others = frozenset(sa for sa in self.live if _key(sa) != _key(event.sa))
        live = others | {event.sa} if event.added and _counts(event.sa) else others
        return self if live == self.live else SaTable(live)

    def counts(self, if_id: int, local: Collection[str]) -> tuple[int, int]:
        """Inbound and outbound SAs of a tunnel; inbound ones are those to an address in ``local``."""
        mine = [sa.destination in local for sa in self.live if sa.if_id == if_id]
        return sum(mine), len(mine) - sum(mine)

    def pairs(self, if_id: int, local: Collection[str]) -> int:
        """How many of a tunnel's pairs of subnets have SAs both ways."""
        ends: dict[int, set[bool]] = {}
        for sa in self.live:
            if sa.if_id == if_id:
                ends.setdefault(sa.reqid, set()).add(sa.destination in local)
        return sum(len(both) == 2 for both in ends.values())

    def changed(self, other: SaTable) -> frozenset[int]:
        """The if_ids whose SAs differ between the two tables."""
        return frozenset(sa.if_id for sa in self.live ^ other.live)


def _counts(sa: Sa) -> bool:
    return not sa.larval and sa.protocol in TUNNEL_PROTOCOLS


def _key(sa: Sa) -> tuple[int, str, int, int]:
    return sa.if_id, sa.destination, sa.spi, sa.protocol


class SaWatch:
    """Keeps the SAs and policies of a namespace true, on the running loop; tells which tunnels' changed.

    ``on_change`` is called on the loop with the if_ids concerned, once for all events that waited. After a flush
    or an overrun of the event buffer both tables are dumped anew, so no change is ever lost.
    """

    def __init__(self, netns: str, on_change: Callable[[frozenset[int]], None]) -> None:
        self._netns = netns
        self._on_change = on_change
        groups = (XFRMNLGRP_EXPIRE, XFRMNLGRP_SA, XFRMNLGRP_POLICY)
        with ExitStack() as held:
            self._events = held.enter_context(Netlink(NETLINK_XFRM, netns, groups=groups))
            self._asker = held.enter_context(Netlink(NETLINK_XFRM, netns))
            self.table, self.policies = self._dump()
            self._held = held.pop_all()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._events.fileno(), self._ready)

    def close(self) -> None:
        """Stops watching."""
        self._loop.remove_reader(self._events.fileno())
        self._held.close()

    def resync(self) -> None:
        """Dumps again and tells what differs; for a slow poll that trusts no event."""
        self._become(*self._dump())

    def counts(self, if_id: int, local: Collection[str]) -> tuple[int, int]:
        """Inbound and outbound SAs of a tunnel; one that no policy leads to carries nothing and is none."""
        inbound, outbound = self.table.counts(if_id, local)
        return inbound, outbound if self.policies.leads_out(if_id) else 0

    def _ready(self) -> None:
        table, leading = self.table, self.policies
        stale = False

        def take(kind: int, body: memoryview) -> None:
            nonlocal table, leading, stale
            policy = policies.parse(kind, body)
            if policy is not None:
                leading = leading.after(policy)
                return
            event = parse(kind, body)
            if isinstance(event, Flushed):
                stale = True
            elif event is not None:
                table = table.after(event)

        stale = not self._events.events(take) or stale
        self._become(*(self._dump() if stale else (table, leading)))

    def _become(self, table: SaTable, leading: PolicyTable) -> None:
        changed = table.changed(self.table) | leading.changed(self.policies)
        self.table, self.policies = table, leading
        if changed:
            self._on_change(changed)

    def _dump(self) -> tuple[SaTable, PolicyTable]:
        associations = self._asker.dump(XFRM_MSG_GETSA, b"", parse_sa)
        leading = self._asker.dump(XFRM_MSG_GETPOLICY, b"", policies.parse_policy)
        return SaTable.of(associations), PolicyTable.of(leading)


def associations(netns: str) -> list[Sa]:
    """Every SA of a namespace at this instant, larval ones and IPComp included."""
    with Netlink(NETLINK_XFRM, netns) as asker:
        return asker.dump(XFRM_MSG_GETSA, b"", parse_sa)


def uses(netns: str) -> list[SaUse]:
    """The live child SAs of a namespace at this instant with age and traffic, for those who show them."""
    with Netlink(NETLINK_XFRM, netns) as asker:
        found = asker.dump(XFRM_MSG_GETSA, b"", _parse_use)
    return [use for use in found if _counts(use.sa)]


def remove(netns: str, destination: str, spi: int) -> None:
    """Removes one ESP SA; one that is gone already is no error."""
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    address = socket.inet_pton(family, destination)
    body = XFRM_USERSA_ID.pack(address, socket.htonl(spi), family, IPPROTO_ESP)
    with Netlink(NETLINK_XFRM, netns) as asker, suppress(ProcessLookupError):
        asker.request(XFRM_MSG_DELSA, body)


def flush(netns: str) -> None:
    """Removes all SAs and policies of a namespace: those that a killed pluto leaves stand beside the new ones."""
    with Netlink(NETLINK_XFRM, netns) as asker:
        asker.request(XFRM_MSG_FLUSHSA, XFRM_USERSA_FLUSH.pack(0))
        asker.request(XFRM_MSG_FLUSHPOLICY, b"")


def remove_tunnel_devices(netns: str) -> list[str]:
    """Removes the ``ipsec<n>`` that a dead pluto left, and names them: 4.10 starts no conn over one it did not make."""
    with Netlink(NETLINK_ROUTE, netns) as kernel:
        left = [
            link.name
            for link in rtnetlink.links(kernel)
            if link.kind == "xfrm" and link.group != GROUP
        ]
        for name in left:
            kernel.request(RTM_DELLINK, rtnetlink.link_removal(name))
    return left


def parse(kind: int, body: memoryview) -> SaEvent | Flushed | None:
    """What an event says; None for one that changes no SA (a soft expiry, another kind, a truncated one)."""
    if kind == XFRM_MSG_FLUSHSA:
        return Flushed()
    added = kind in (XFRM_MSG_NEWSA, XFRM_MSG_UPDSA)
    sa: Sa | None = None
    if added:
        sa = parse_sa(body)
    elif kind == XFRM_MSG_DELSA:
        sa = _parse_deleted(body)
    elif kind == XFRM_MSG_EXPIRE and any(body[XFRM_EXPIRE_HARD_AT:][:1]):
        sa = _parse_info(body, body[XFRM_USER_EXPIRE:])
    return SaEvent(added, sa) if sa else None


def parse_sa(body: memoryview) -> Sa | None:
    """The SA in the body of NEWSA or UPDSA; None when it is cut short."""
    return _parse_info(body, body[XFRM_USERSA_INFO:])


def _parse_use(body: memoryview) -> SaUse | None:
    sa = parse_sa(body)
    if sa is None:
        return None
    octets, packets, added, _used = XFRM_LIFETIME_CUR.unpack_from(body, XFRM_LIFETIME_CUR_AT)
    return SaUse(sa, added, octets, packets)


def _parse_deleted(body: memoryview) -> Sa | None:
    """DELSA begins with struct xfrm_usersa_id; the whole info comes as an attribute among the others."""
    extra = body[24:]
    for kind, data in attributes(extra):
        if kind == XFRMA_SA:
            return _parse_info(data, extra)
    return None


def _parse_info(info: memoryview, extra: memoryview) -> Sa | None:
    if len(info) < XFRM_USERSA_INFO:
        return None
    destination, spi, protocol = XFRM_ID.unpack_from(info, XFRM_SELECTOR)
    (source,) = XFRM_ADDRESS.unpack_from(info, XFRM_SELECTOR + XFRM_ID.size)
    (reqid,) = XFRM_USERSA_REQID.unpack_from(info, XFRM_USERSA_REQID_AT)
    (family,) = XFRM_USERSA_FAMILY.unpack_from(info, XFRM_USERSA_FAMILY_AT)
    if_id, keyed = 0, False
    for kind, data in attributes(extra):
        keyed = keyed or kind in KEYED
        if kind == XFRMA_IF_ID and len(data) == 4:
            (if_id,) = struct.unpack("=I", data)
    return Sa(
        if_id=if_id,
        source=_address(family, source),
        destination=_address(family, destination),
        spi=socket.ntohl(spi),
        protocol=protocol,
        larval=not keyed,
        reqid=reqid,
    )


def _address(family: int, packed: bytes) -> str:
    if family == socket.AF_INET:
        return socket.inet_ntop(family, packed[:4])
    return socket.inet_ntop(socket.AF_INET6, packed)
