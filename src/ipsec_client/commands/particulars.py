"""What of a node takes time to find out, or is asked for rarely: parts of its view, each made when a command wants it.

Plain data, as the view itself. Instants are wall-clock seconds, spans and round trips seconds, sizes bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Part = Literal["services", "networks", "paths", "fib", "statistics", "findings"]
"""The fields of the view that are empty until they are asked for."""


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A daemon of ours. What nobody knows is None."""

    name: str  # 128t-ipsec@client1.service
    state: str  # active, inactive, failed, ...
    since: float | None = None
    restarts: int | None = None  # those that nobody asked for
    last_exit: str = ""
    cpu_seconds: float | None = None
    memory: int | None = None
    pid: int = 0


@dataclass(frozen=True, slots=True)
class NetworkView:
    """A network-interface with one of its addresses (``1.2.3.4/24``; empty: it has none)."""

    device: str
    name: str
    forwarding: bool
    vlan: int
    device_type: str
    type: str
    dhcp: str
    address: str
    gateway: str
    admin_up: bool
    oper_up: bool
    giid: int | None


@dataclass(frozen=True, slots=True)
class PathView:
    """A way that a service's packets may take, best first; ``cost`` is None where nothing names one.

    ``state`` is Up(Up) as device-interface(tunnel), without the latter where there is none.
    """

    service: str
    route: str
    type: str
    destination: str
    next_hop: str
    interface: str
    vector: str
    cost: int | None
    state: str


@dataclass(frozen=True, slots=True)
class FibView:
    """A prefix as packets are forwarded by it: the tenant that may, and the next hops, best first."""

    prefix: str
    port: str
    protocol: str
    tenant: str
    service: str
    hops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MetricView:
    """A number that is counted, of a remote ("": of the client)."""

    metric: str
    remote: str
    value: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """One thing that the doctor looked at."""

    name: str
    good: bool
    found: str
    cure: str = ""
