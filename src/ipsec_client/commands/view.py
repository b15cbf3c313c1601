"""What a node gives its commands to answer from: plain data, read once, no link to anything alive.

Instants are wall-clock seconds, ages are seconds, counters are octets and packets since the device was made.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ipsec_client.commands.particulars import (
    FibView,
    FindingView,
    MetricView,
    NetworkView,
    PathView,
    ServiceView,
)


@dataclass(frozen=True, slots=True)
class SaView:
    """One pair of child SAs as the kernel has it."""

    add_time: float
    in_bytes: int
    out_bytes: int


@dataclass(frozen=True, slots=True)
class MonitorView:
    """One monitor destination; ``status`` is up, down or unknown.

    ``loss`` is a share of probes, ``latency`` a smoothed round trip in seconds, ``reason`` what the latest answer
    that was none to be content with said.
    """

    destination: str
    status: str
    last_attempt: float | None = None
    last_restart: float | None = None
    protocol: str = "icmp"
    loss: float = 0.0
    latency: float | None = None
    reason: str = ""
    host: str = ""  # that is asked, where the destination is a name for the test


@dataclass(frozen=True, slots=True)
class DiagnosisView:
    """What is in the way of a tunnel. ``said`` is what the gateway, the network or pluto said of it.

    ``probable``: nobody signed it. ``waits``: repair waits for a change. ``restart``: negotiating again can help.
    ``refused``: it is Libreswan that does not take the connection, so nobody negotiates it.
    ``look`` are fields to look at, the likeliest first, path and value; ``offered`` what the gateway refused.
    """

    plain: str
    said: str = ""
    probable: bool = False
    waits: bool = False
    restart: bool = True
    look: tuple[tuple[str, str], ...] = ()
    offered: str = ""
    cure: str = ""
    refused: bool = False


@dataclass(frozen=True, slots=True)
class TunnelView:
    """A remote and what has become of it; words and reasons are those of health.

    ``monitors`` is None when the remote has no enabled monitor. ``ingress`` and ``egress`` are bytes through
    the tunnel since its remote came to be; the bytes of an SA begin anew with each rekey.
    """

    remote: str
    client: str
    host: str
    profile: str
    connection: str
    remote_id: str
    verdict: str = "unknown"  # up, degraded, down, unknown
    reason: str = ""
    age: float = 0.0  # of the verdict
    loaded: str = "absent"  # absent, loaded, refused: why
    negotiation: str = "idle"  # idle, trying (2, NO_PROPOSAL_CHOSEN), established, blocked: key
    carrying: str = "lowered"  # raised, lowered, held: flapped 3 times
    sas: tuple[SaView, ...] = ()
    ingress: int = 0
    egress: int = 0
    monitors: tuple[MonitorView, ...] | None = None
    last_restart: float | None = None
    diagnosis: DiagnosisView | None = None


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device-interface of the node. ``speed`` (Mb/s) and ``duplex`` hold while it is operationally up."""

    name: str
    type: str = "host"  # the model's: ethernet, host, …
    mode: str = "host"
    mac: str = ""
    admin_up: bool = True
    oper_up: bool = False
    speed: int = 1000
    duplex: str = "full"
    in_octets: int = 0
    in_packets: int = 0
    in_errors: int = 0
    out_octets: int = 0
    out_packets: int = 0
    out_errors: int = 0
    tunnel: TunnelView | None = None  # of an ingress KNI


@dataclass(frozen=True, slots=True)
class AlarmView:
    """An alarm that stands; ``number`` is never used again on its node."""

    number: int
    time: float
    severity: str  # info, minor, major, critical
    source: str
    category: str
    message: str


@dataclass(frozen=True, slots=True)
class EventView:
    """Something that happened, oldest first in the view. ``kind`` is ``alarm`` for add and clear of one."""

    number: int
    time: float
    kind: str
    type: str  # add, clear; other kinds: raised, lowered, restart, applied, …
    severity: str
    source: str
    category: str
    message: str


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision of health: what for which remote ("" for the client), and on what evidence."""

    time: float
    remote: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node at the instant ``now``; ``router`` and ``node`` are empty before its first document.

    What begins with ``services`` is there when a command asked for it alone (``particulars.Part``).
    """

    router: str
    node: str
    now: float
    devices: tuple[DeviceView, ...] = ()
    tunnels: tuple[TunnelView, ...] = ()
    alarms: tuple[AlarmView, ...] = ()
    shelved: int = 0
    events: tuple[EventView, ...] = ()
    decisions: tuple[DecisionView, ...] = ()
    document: str = ""  # the commit in force
    versions: tuple[tuple[str, str], ...] = field(default=())  # ("Libreswan", "4.10"), …
    services: tuple[ServiceView, ...] = ()
    networks: tuple[NetworkView, ...] = ()
    paths: tuple[PathView, ...] = ()
    fib: tuple[FibView, ...] = ()
    statistics: tuple[MetricView, ...] = ()
    findings: tuple[FindingView, ...] = ()
