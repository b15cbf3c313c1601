"""What the kernel tells as it happens: devices that change, our routes and rules that go. Judges nothing.

A listener holds its socket inside a namespace and is read by the running loop. Start it first, observe second:
what happened in between is told after.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass

from ipsec_client.kernel import rtnetlink
from ipsec_client.kernel.netlink import NETLINK_ROUTE, NLMSGHDR, Netlink
from ipsec_client.kernel.rtnetlink import (
    RTM_DELLINK,
    RTM_DELROUTE,
    RTM_DELRULE,
    RTM_NEWLINK,
    RTM_NEWROUTE,
    RTM_NEWRULE,
    RTNLGRP_IPV4_ROUTE,
    RTNLGRP_IPV4_RULE,
    RTNLGRP_IPV6_ROUTE,
    RTNLGRP_IPV6_RULE,
    RTNLGRP_LINK,
    Link,
)
from ipsec_client.plan.objects import PROTOCOL, Route, Rule

GROUPS = (
    RTNLGRP_LINK,
    RTNLGRP_IPV4_ROUTE,
    RTNLGRP_IPV4_RULE,
    RTNLGRP_IPV6_ROUTE,
    RTNLGRP_IPV6_RULE,
)

BPF_LD_HALF, BPF_LD_BYTE, BPF_JUMP_EQUAL, BPF_RETURN = 0x28, 0x30, 0x15, 0x06  # linux/bpf_common.h
TYPE_AT = 4  # in struct nlmsghdr
ROUTE_PROTOCOL_AT = NLMSGHDR.size + 5  # in struct rtmsg
ONLY_OURS = (
    (BPF_LD_HALF, 0, 0, TYPE_AT),
    (BPF_JUMP_EQUAL, 5, 0, socket.htons(RTM_NEWROUTE)),
    (BPF_JUMP_EQUAL, 4, 0, socket.htons(RTM_NEWRULE)),
    (BPF_JUMP_EQUAL, 0, 2, socket.htons(RTM_DELROUTE)),
    (BPF_LD_BYTE, 0, 0, ROUTE_PROTOCOL_AT),
    (BPF_JUMP_EQUAL, 0, 1, PROTOCOL),
    (BPF_RETURN, 0, 0, 0xFFFFFFFF),  # told
    (BPF_RETURN, 0, 0, 0),  # not told
)
"""Thousands of routes a second may come and go on a router; none of them is to fill the buffer of a carrier event."""


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A device appeared or changed; this is what it is now."""

    netns: str
    link: Link


@dataclass(frozen=True, slots=True)
class LinkGone:
    """A device vanished from the namespace."""

    netns: str
    link: Link


@dataclass(frozen=True, slots=True)
class MarkGone:
    """A route or rule of ours was removed, by whomever."""

    netns: str
    object: Route | Rule


KernelEvent = LinkChanged | LinkGone | MarkGone


class Listener:
    """Tells each event of a namespace on the running loop; ``on_resync`` when some were lost: observe again."""

    def __init__(
        self,
        netns: str,
        on_event: Callable[[KernelEvent], None],
        on_resync: Callable[[], None],
    ) -> None:
        self._netns = netns
        self._on_event = on_event
        self._on_resync = on_resync
        self._names: dict[int, str] = {}
        self._kernel = Netlink(NETLINK_ROUTE, netns, groups=GROUPS, program=ONLY_OURS)
        with Netlink(NETLINK_ROUTE, netns) as asker:
            for link in rtnetlink.links(asker):
                self._names[link.index] = link.name
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._kernel.fileno(), self._ready)

    def close(self) -> None:
        """Stops listening."""
        self._loop.remove_reader(self._kernel.fileno())
        self._kernel.close()

    def _ready(self) -> None:
        events: list[KernelEvent] = []

        def take(kind: int, body: memoryview) -> None:
            event = self._parse(kind, body)
            if event is not None:
                events.append(event)

        kept = self._kernel.events(take)
        for event in events:
            self._on_event(event)
        if not kept:
            self._on_resync()

    def _parse(self, kind: int, body: memoryview) -> KernelEvent | None:
        if kind in (RTM_NEWLINK, RTM_DELLINK):
            link = rtnetlink.parse_link(body)
            if link is None:
                return None
            self._names[link.index] = link.name
            return (LinkChanged if kind == RTM_NEWLINK else LinkGone)(self._netns, link)
        found: Route | Rule | None = None
        if kind == RTM_DELROUTE:
            found = rtnetlink.parse_route(body, self._netns, self._names)
        elif kind == RTM_DELRULE:
            found = rtnetlink.parse_rule(body, self._netns)
        return MarkGone(self._netns, found) if found else None
