"""Links, addresses, routes and rules as rtnetlink messages: written and read. Decides nothing, remembers nothing.

Layouts: linux/{rtnetlink,if_link,if_addr,fib_rules}.h. Families are 4 and 6, prefixes are text.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ipsec_client.kernel.netlink import Netlink, attribute, attributes, number, text
from ipsec_client.plan.objects import PROTOCOL, Route, Rule

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK = 16, 17, 18, 19
RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = 20, 21, 22
RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26
RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE = 32, 33, 34
RTNLGRP_LINK, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE = 1, 7, 8
RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_RULE = 11, 19

IFINFOMSG = struct.Struct("=BxHiII")  # family, type, index, flags, change
IFADDRMSG = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
RTMSG = struct.Struct("=BBBBBBBBI")  # family, dst, src, tos, table, protocol, scope, type, flags
FIB_RULE_HDR = struct.Struct("=BBBBBBBBI")  # family, dst, src, tos, table, -, -, action, flags
PORT_RANGE = struct.Struct("=HH")
LINK_STATS64 = struct.Struct("=10Q")  # rx/tx packets, bytes, errors, dropped, multicast, collisions

IFF_UP, IFF_LOWER_UP = 0x1, 0x10000
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_OPERSTATE, IFLA_LINKINFO = 1, 3, 4, 5, 16, 18
IFLA_IFALIAS, IFLA_STATS64, IFLA_GROUP, IFLA_NET_NS_FD = 20, 23, 27, 28
IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER = 1, 2, 1
IFLA_XFRM_IF_ID = 2
IF_OPER_UP = 6

IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS = 1, 2, 8
IFA_F_NODAD, IFA_F_PERMANENT = 0x02, 0x80
RT_SCOPE_UNIVERSE, RT_SCOPE_LINK = 0, 253

RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_TABLE = 1, 4, 5, 6, 15
RTN_UNICAST, RTN_UNREACHABLE = 1, 7
RT_TABLE_UNSPEC = 0
RTNH_F_ONLINK = 4
IP6_RT_PRIO_USER = 1024  # the metric the kernel gives an IPv6 route that names none

FRA_DST, FRA_IIFNAME, FRA_PRIORITY, FRA_TABLE, FRA_OIFNAME = 1, 3, 6, 15, 17
FRA_SUPPRESS_PREFIXLEN, FRA_PROTOCOL, FRA_IP_PROTO, FRA_DPORT_RANGE = 14, 21, 22, 24
FR_ACT_TO_TBL, FR_ACT_UNREACHABLE = 1, 7
NO_SUPPRESSION = 0xFFFFFFFF


GROUP = 157
"""The device group of what we create: a mark that, unlike the alias, a device bears from its birth."""


@dataclass(frozen=True, slots=True)
class Link:
    """A network device as the kernel tells of it. ``if_id`` is an XFRM interface's; counters are since its birth."""

    index: int
    name: str
    kind: str
    admin_up: bool
    operational: int  # IF_OPER_UP or less (RFC 2863)
    carrier: bool
    mtu: int
    mac: str
    alias: str
    group: int
    peer: int  # index of a veth's other end, in its namespace
    if_id: int
    counters: tuple[int, ...]  # LINK_STATS64


def family_number(family: int) -> int:
    """AF_INET or AF_INET6 for 4 or 6."""
    return socket.AF_INET if family == 4 else socket.AF_INET6


# --- links ----------------------------------------------------------------------------------------


def link_change(
    name: str,
    *,
    up: bool | None = None,
    mtu: int | None = None,
    alias: str | None = None,
    netns: int | None = None,
) -> bytes:
    """The body of RTM_SETLINK: the device is found by name, so one that was made anew is met too. ``netns`` is an
    open namespace that it moves to.
    """
    flags = 0 if up is None else IFF_UP
    return b"".join(
        [
            IFINFOMSG.pack(0, 0, 0, IFF_UP if up else 0, flags),
            text(IFLA_IFNAME, name),
            number(IFLA_MTU, mtu) if mtu is not None else b"",
            attribute(IFLA_IFALIAS, alias.encode()) if alias is not None else b"",
            number(IFLA_NET_NS_FD, netns) if netns is not None else b"",
        ]
    )


def link_removal(name: str) -> bytes:
    """The body of RTM_DELLINK."""
    return IFINFOMSG.pack(0, 0, 0, 0, 0) + text(IFLA_IFNAME, name)


def new_device(name: str, kind: str, data: bytes = b"", *, index: int = 0, mtu: int = 0) -> bytes:
    """The body of RTM_NEWLINK; ``data`` is IFLA_INFO_DATA of its kind, ``index`` 0 leaves the number to the kernel."""
    info = text(IFLA_INFO_KIND, kind) + (attribute(IFLA_INFO_DATA, data) if data else b"")
    return b"".join(
        [
            IFINFOMSG.pack(0, 0, index, 0, 0),
            text(IFLA_IFNAME, name),
            number(IFLA_MTU, mtu) if mtu else b"",
            number(IFLA_GROUP, GROUP),
            attribute(IFLA_LINKINFO, info),
        ]
    )


def veth_pair(name: str, index: int, peer_netns: int, mtu: int) -> bytes:
    """The body of RTM_NEWLINK for a veth pair: this end gets ``index``, the other, of the same name, goes to the
    namespace whose file is open as ``peer_netns``.
    """
    peer = [
        IFINFOMSG.pack(0, 0, 0, 0, 0),
        text(IFLA_IFNAME, name),
        number(IFLA_NET_NS_FD, peer_netns),
        number(IFLA_MTU, mtu),
        number(IFLA_GROUP, GROUP),
    ]
    return new_device(name, "veth", attribute(VETH_INFO_PEER, b"".join(peer)), index=index, mtu=mtu)


def xfrm_interface(name: str, if_id: int) -> bytes:
    """The body of RTM_NEWLINK for an XFRM interface that belongs to no other device."""
    return new_device(name, "xfrm", number(IFLA_XFRM_IF_ID, if_id))


def parse_link(body: memoryview) -> Link | None:
    """The device in a NEWLINK or DELLINK message; None for one of a bridge's or another family's own."""
    family, _type, index, flags, _change = IFINFOMSG.unpack_from(body)
    found = dict(attributes(body[IFINFOMSG.size :]))
    if family != 0 or IFLA_IFNAME not in found:
        return None
    kind, if_id = _link_kind(found.get(IFLA_LINKINFO))
    stats = found.get(IFLA_STATS64)
    return Link(
        index=index,
        name=_string(found[IFLA_IFNAME]),
        kind=kind,
        admin_up=bool(flags & IFF_UP),
        operational=found[IFLA_OPERSTATE][0] if IFLA_OPERSTATE in found else 0,
        carrier=bool(flags & IFF_LOWER_UP),
        mtu=_number(found.get(IFLA_MTU)),
        mac=found[IFLA_ADDRESS].hex(":") if IFLA_ADDRESS in found else "",
        alias=_string(found.get(IFLA_IFALIAS)),
        group=_number(found.get(IFLA_GROUP)),
        peer=_number(found.get(IFLA_LINK)),
        if_id=if_id,
        counters=LINK_STATS64.unpack_from(stats) if stats is not None else (0,) * 10,
    )


def _link_kind(info: memoryview | None) -> tuple[str, int]:
    if info is None:
        return "", 0
    found = dict(attributes(info))
    kind = _string(found.get(IFLA_INFO_KIND))
    if kind != "xfrm" or IFLA_INFO_DATA not in found:
        return kind, 0
    return kind, _number(dict(attributes(found[IFLA_INFO_DATA])).get(IFLA_XFRM_IF_ID))


# --- addresses ------------------------------------------------------------------------------------


def address(index: int, interface: str) -> bytes:
    """The body of RTM_NEWADDR or RTM_DELADDR for ``169.254.129.5/30``; an IPv6 one is usable at once (no DAD)."""
    given = ipaddress.ip_interface(interface)
    header = IFADDRMSG.pack(
        family_number(given.version), given.network.prefixlen, 0, RT_SCOPE_UNIVERSE, index
    )
    packed = attribute(IFA_LOCAL, given.ip.packed) + attribute(IFA_ADDRESS, given.ip.packed)
    return header + packed + (number(IFA_FLAGS, IFA_F_NODAD) if given.version == 6 else b"")


def parse_address(body: memoryview) -> tuple[int, str] | None:
    """Index of the device and its address with prefix length; None for one the kernel made up (link-local)."""
    _family, prefix, flags, scope, index = IFADDRMSG.unpack_from(body)
    found = dict(attributes(body[IFADDRMSG.size :]))
    packed = found.get(IFA_LOCAL, found.get(IFA_ADDRESS))
    all_flags = _number(found[IFA_FLAGS]) if IFA_FLAGS in found else flags
    if packed is None or not all_flags & IFA_F_PERMANENT or scope == RT_SCOPE_LINK:
        return None
    return index, f"{ipaddress.ip_address(bytes(packed))}/{prefix}"


# --- routes ---------------------------------------------------------------------------------------


def route(item: Route, index: int) -> bytes:
    """The body of RTM_NEWROUTE or RTM_DELROUTE; ``index`` is that of ``item.dev``; 0 names none."""
    prefix = None if item.to == "default" else ipaddress.ip_network(item.to)
    header = RTMSG.pack(
        family_number(item.family),
        prefix.prefixlen if prefix else 0,
        0,
        0,
        RT_TABLE_UNSPEC,
        PROTOCOL,
        RT_SCOPE_UNIVERSE if item.via or not item.dev or item.family == 6 else RT_SCOPE_LINK,
        RTN_UNICAST if item.dev else RTN_UNREACHABLE,
        RTNH_F_ONLINK if item.via else 0,
    )
    return b"".join(
        [
            header,
            attribute(RTA_DST, prefix.network_address.packed)
            if prefix and prefix.prefixlen
            else b"",
            number(RTA_TABLE, item.table),
            number(RTA_PRIORITY, item.metric or (IP6_RT_PRIO_USER if item.family == 6 else 0)),
            number(RTA_OIF, index) if index else b"",
            attribute(RTA_GATEWAY, ipaddress.ip_address(item.via).packed) if item.via else b"",
        ]
    )


def parse_route(body: memoryview, netns: str, names: Mapping[int, str]) -> Route | None:
    """The route in a NEWROUTE or DELROUTE message when it bears our mark. ``names``: devices by index."""
    family, prefix, _src, _tos, table, protocol, _scope, kind, _flags = RTMSG.unpack_from(body)
    if protocol != PROTOCOL or family not in (socket.AF_INET, socket.AF_INET6):
        return None
    found = dict(attributes(body[RTMSG.size :]))
    destination = found.get(RTA_DST)
    via = found.get(RTA_GATEWAY)
    return Route(
        netns=netns,
        table=_number(found[RTA_TABLE]) if RTA_TABLE in found else table,
        to=f"{ipaddress.ip_address(bytes(destination))}/{prefix}" if destination else "default",
        metric=_number(found.get(RTA_PRIORITY)),
        family=4 if family == socket.AF_INET else 6,
        dev="" if kind == RTN_UNREACHABLE else names.get(_number(found.get(RTA_OIF)), ""),
        via=str(ipaddress.ip_address(bytes(via))) if via else "",
    )


# --- rules ----------------------------------------------------------------------------------------


def rule(item: Rule) -> bytes:
    """The body of RTM_NEWRULE or RTM_DELRULE."""
    prefix = ipaddress.ip_network(item.to) if item.to else None
    header = FIB_RULE_HDR.pack(
        family_number(item.family),
        prefix.prefixlen if prefix else 0,
        0,
        0,
        RT_TABLE_UNSPEC,
        0,
        0,
        FR_ACT_TO_TBL if item.table else FR_ACT_UNREACHABLE,
        0,
    )
    return b"".join(
        [
            header,
            number(FRA_PRIORITY, item.priority),
            attribute(FRA_PROTOCOL, bytes([PROTOCOL])),
            number(FRA_TABLE, item.table) if item.table else b"",
            attribute(FRA_DST, prefix.network_address.packed)
            if prefix and prefix.prefixlen
            else b"",
            text(FRA_IIFNAME, item.iif) if item.iif else b"",
            text(FRA_OIFNAME, item.oif) if item.oif else b"",
            attribute(FRA_IP_PROTO, bytes([item.protocol])) if item.protocol else b"",
            attribute(FRA_DPORT_RANGE, PORT_RANGE.pack(*item.ports)) if item.ports else b"",
            number(FRA_SUPPRESS_PREFIXLEN, 0) if item.suppress_default else b"",
        ]
    )


def parse_rule(body: memoryview, netns: str) -> Rule | None:
    """The rule in a NEWRULE or DELRULE message when it bears our mark."""
    family, prefix, _src, _tos, table, _r1, _r2, action, _flags = FIB_RULE_HDR.unpack_from(body)
    found = dict(attributes(body[FIB_RULE_HDR.size :]))
    if FRA_PROTOCOL not in found or found[FRA_PROTOCOL][0] != PROTOCOL:
        return None
    to = found.get(FRA_DST)
    ports = found.get(FRA_DPORT_RANGE)
    number_of_table = _number(found[FRA_TABLE]) if FRA_TABLE in found else table
    return Rule(
        netns=netns,
        priority=_number(found.get(FRA_PRIORITY)),
        table=number_of_table if action == FR_ACT_TO_TBL else 0,
        family=4 if family == socket.AF_INET else 6,
        iif=_string(found.get(FRA_IIFNAME)),
        oif=_string(found.get(FRA_OIFNAME)),
        to=f"{ipaddress.ip_address(bytes(to))}/{prefix}" if to else "",
        protocol=found[FRA_IP_PROTO][0] if FRA_IP_PROTO in found else 0,
        ports=PORT_RANGE.unpack(ports) if ports else None,
        suppress_default=_number(found.get(FRA_SUPPRESS_PREFIXLEN), NO_SUPPRESSION) == 0,
    )


# --- asking ---------------------------------------------------------------------------------------


def links(kernel: Netlink) -> list[Link]:
    """Every device of the namespace that ``kernel`` is in."""
    return kernel.dump(RTM_GETLINK, IFINFOMSG.pack(0, 0, 0, 0, 0), parse_link)


def find_link(kernel: Netlink, name: str) -> Link | None:
    """The device of that name, or None."""
    query = IFINFOMSG.pack(0, 0, 0, 0, 0) + text(IFLA_IFNAME, name)
    try:
        return kernel.get(RTM_GETLINK, query, parse_link)
    except OSError as error:
        if error.errno != errno.ENODEV:
            raise
        return None


def addresses(kernel: Netlink) -> list[tuple[int, str]]:
    """Index of the device and address with prefix length, for every address somebody set."""
    return kernel.dump(RTM_GETADDR, IFADDRMSG.pack(0, 0, 0, 0, 0), parse_address)


def routes(kernel: Netlink, netns: str, devices: Iterable[Link]) -> list[Route]:
    """The routes that bear our mark, of both families; the kernel itself leaves out the others."""
    names = {link.index: link.name for link in devices}
    found: list[Route] = []
    for family in (socket.AF_INET, socket.AF_INET6):
        query = RTMSG.pack(family, 0, 0, 0, RT_TABLE_UNSPEC, PROTOCOL, 0, 0, 0)
        found += kernel.dump(RTM_GETROUTE, query, lambda body: parse_route(body, netns, names))
    return found


def rules(kernel: Netlink, netns: str) -> list[Rule]:
    """The rules that bear our mark, of both families."""
    found: list[Rule] = []
    for family in (socket.AF_INET, socket.AF_INET6):
        query = FIB_RULE_HDR.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)
        found += kernel.dump(RTM_GETRULE, query, lambda body: parse_rule(body, netns))
    return found


def _number(data: memoryview | None, absent: int = 0) -> int:
    return int(struct.unpack("=I", data)[0]) if data is not None else absent


def _string(data: memoryview | None) -> str:
    return bytes(data).rstrip(b"\0").decode(errors="replace") if data is not None else ""
