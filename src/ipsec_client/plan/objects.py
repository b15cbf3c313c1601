"""The things a node is made of. Two plans differ where their objects differ; each object names itself.

``netns`` is the client's namespace; ``""`` is the router's own. An object's ``identity`` says which thing
it is; its other fields say what that thing must be like.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar

from ipsec_client.model.access import MOST_RULES, MOST_SERVICES

PROTOCOL = 157
"""Route protocol number (RTPROT) and rule protocol of everything we create; free in iproute2's rt_protos."""

PRIORITIES = range(12800, 12800 + MOST_RULES)
"""Priorities of our rules on the router."""

TABLES = range(128000, 128000 + MOST_SERVICES)
"""Routing tables of our services on the router."""

MAIN_TABLE = 254
"""The kernel's main routing table (RT_TABLE_MAIN)."""

LAST_METRIC = 4_294_967_295
"""The metric of the ``unreachable`` that every table of ours ends in: nothing comes after it."""

NFT_TABLE = "ipsec_client"
"""Our nftables table, family inet, in the namespace and on the router."""

OUT_OF_TUNNEL = 0x02000000
"""The bit that the router's firewall sets in the mark of a connection that came out of a tunnel."""

PROBE_MARK = 12800
"""The mark of probes over TCP and UDP, from their socket to the namespace's firewall, which takes it off."""

ALIAS = "ipsec-client"
"""The link alias (ifalias) of the devices we create."""


class Phase(IntEnum):
    """The order of creation; removal goes backwards (design, section 6). What keeps packets in comes first.

    A device has its settings before it has routes: a packet that takes one over a KNI that is down has its
    neighbour asked for, and those that follow wait a second for the next time.
    """

    GUARD = 1
    NAMESPACE = 2
    LINKS = 3
    SETTINGS = 4
    ROUTING = 5
    PLUTO = 6
    CONNECTIONS = 7


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace, by name below /run/netns; lo is up in it."""

    kind: ClassVar[str] = "namespace"
    phase: ClassVar[Phase] = Phase.NAMESPACE
    name: str

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.kind, self.name)


@dataclass(frozen=True, slots=True)
class Sysctl:
    """A kernel setting below /proc/sys, in a namespace."""

    kind: ClassVar[str] = "sysctl"
    netns: str
    key: str  # net/ipv4/conf/rem1/rp_filter
    value: str
    phase: Phase = field(default=Phase.LINKS, compare=False)

    @property
    def name(self) -> str:
        return _in(self.netns, self.key.replace("/", "."))

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.kind, self.netns, self.key)


@dataclass(frozen=True, slots=True)
class Firewall:
    """Our nftables table in a namespace: the text of ``table inet ipsec_client { … }``."""

    kind: ClassVar[str] = "firewall"
    netns: str
    text: str

    @property
    def phase(self) -> Phase:
        """The router's before all else, a namespace's as soon as there is the namespace."""
        return Phase.NAMESPACE if self.netns else Phase.GUARD

    @property
    def name(self) -> str:
        return _in(self.netns, NFT_TABLE)

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.kind, self.netns)


@dataclass(frozen=True, slots=True)
class DockerRules:
    """What Docker's firewall is told to let pass, where there is one: what comes in by these devices, which our own
    table judges. Docker drops whatever is forwarded and is not for a container; its chain for others' rules is asked
    first.
    """

    kind: ClassVar[str] = "rules for Docker"
    phase: ClassVar[Phase] = Phase.GUARD
    name: ClassVar[str] = "DOCKER-USER"
    devices: tuple[str, ...]

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.kind,)


@dataclass(frozen=True, slots=True)
class Kni:
    """A veth pair whose ends bear one name, one on the router and one in the namespace.

    ``router`` and ``namespace`` are the ends' addresses with prefix length, an IPv6 one after the IPv4 one
    with a blank between. The router's end is always up;
    the namespace's end of an ingress KNI is the switch that health throws: its state is no part of the plan.

    One that is ``given`` was made by the router, which keeps its own end where Linux does not see it (a Session
    Smart Router): the Linux end is moved into the namespace, and given back; ``router`` is empty.
    """

    kind: ClassVar[str] = "kni"
    phase: ClassVar[Phase] = Phase.LINKS
    name: str
    netns: str
    router: str
    namespace: str
    ingress: bool
    mtu: int = 1500
    given: bool = False

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.kind, self.name)


@dataclass(frozen=True, slots=True)
class TunnelDevice:
    """The XFRM interface of a remote. On Libreswan 4 pluto makes it when it first connects; we then set it up.

    Until it is there, nothing is wrong: its routes wait for it, and the table's ``unreachable`` holds. Where it is
    ``made_by_us`` (from 5.2 on) it is there before pluto is told of the connection. The one series can do nothing with
    the other's device.
    """

    kind: ClassVar[str] = "tunnel-device"
    phase: ClassVar[Phase] = Phase.LINKS
    name: str
    netns: str
    if_id: int
    mtu: int
    made_by_us: bool = False

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.kind, self.netns, self.name)


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy routing rule (ip rule). ``table`` 0 makes it an ``unreachable`` rule.

    ``suppress_default`` passes over the table's default route (``suppress_prefixlength 0``).
    """

    kind: ClassVar[str] = "rule"
    netns: str
    priority: int
    table: int
    family: int = 4
    iif: str = ""
    oif: str = ""
    to: str = ""
    protocol: int = 0
    ports: tuple[int, int] | None = None
    suppress_default: bool = False
    phase: Phase = field(default=Phase.ROUTING, compare=False)

    @property
    def name(self) -> str:
        matched = [
            *(f"iif {self.iif}" for _ in self.iif[:1]),
            *(f"oif {self.oif}" for _ in self.oif[:1]),
            *(f"to {self.to}" for _ in self.to[:1]),
            *(f"ipproto {self.protocol}" for _ in range(bool(self.protocol))),
            *(f"dport {self.ports[0]}-{self.ports[1]}" for _ in range(1) if self.ports),
        ]
        return _in(self.netns, f"{_version(self.family)}{self.priority} {' '.join(matched)}")

    @property
    def identity(self) -> tuple[str, ...]:
        """All but the priority: a rule that moves is added at its new place before it leaves the old."""
        selected = (self.iif, self.oif, self.to, str(self.protocol), str(self.ports))
        return (self.kind, self.netns, str(self.family), str(self.table), *selected)


@dataclass(frozen=True, slots=True)
class Route:
    """A route in one of our tables. Without ``dev`` it is ``unreachable``, the end of every table."""

    kind: ClassVar[str] = "route"
    netns: str
    table: int
    to: str  # "default" or a prefix
    metric: int
    family: int = 4
    dev: str = ""
    via: str = ""
    phase: Phase = field(default=Phase.ROUTING, compare=False)

    @property
    def name(self) -> str:
        hop = f"dev {self.dev}" if self.dev else "unreachable"
        hop = f"via {self.via} {hop}" if self.via else hop
        way = f"table {self.table} {self.to} {hop} metric {self.metric}"
        return _in(self.netns, f"{_version(self.family)}{way}")

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.kind, self.netns, str(self.family), str(self.table), self.to, str(self.metric))


@dataclass(frozen=True, slots=True)
class Pluto:
    """The client's private Libreswan; ``setup`` is what it starts with, a change of it restarts pluto."""

    kind: ClassVar[str] = "pluto"
    phase: ClassVar[Phase] = Phase.PLUTO
    name: str
    netns: str
    setup: str

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.kind, self.name)


@dataclass(frozen=True, slots=True)
class Connection:
    """A remote's connection in pluto: canonical options, so that only a change of meaning restarts it."""

    kind: ClassVar[str] = "connection"
    phase: ClassVar[Phase] = Phase.CONNECTIONS
    name: str
    client: str
    remote: str
    options: tuple[tuple[str, str], ...]

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.kind, self.client, self.remote)


KernelObject = Namespace | Sysctl | Firewall | DockerRules | Kni | TunnelDevice | Rule | Route
Object = KernelObject | Pluto | Connection


def _version(family: int) -> str:
    return "IPv6 " if family == 6 else ""


def _in(netns: str, what: str) -> str:
    return f"{netns}: {what}" if netns else what
