"""Tunnel monitors: whom the agent asks through a tunnel, what, how often, and from when on an answer is not enough."""

from __future__ import annotations

from dataclasses import dataclass

from ipsec_client.model import values as v
from ipsec_client.model.definition import Element, children, key, leaf

PORTS = {"http": 80, "dns": 53}
"""The ports that are asked where none is written (RFC 9110, 4.2.1; RFC 1035, 4.2)."""

GOOD_STATUSES = "200-299"
"""The HTTP statuses that are a good answer where none are written: success (RFC 9110, 15.3)."""


@dataclass(frozen=True, kw_only=True)
class MonitorDestination(Element):
    """A host behind the gateway that must answer what is asked through the tunnel: by default, pings."""

    address: str = key(
        v.HOST,
        "Address or name to probe; with host set, a name for this test of it",
        effect="Where the agent's probes go, unless host says so",
    )
    host: str | None = leaf(
        v.HOST,
        "Address or name to probe, where several destinations test one host; unset: address",
        effect="Where the agent's probes go",
    )
    protocol: str | None = leaf(
        v.choice("icmp", "tcp", "http", "dns"),
        "What is asked",
        effect="Which probes the agent sends, and what it takes for an answer",
        default="icmp",
    )
    port: int | None = leaf(
        v.number(1, 65535),
        "Port of the service; unset: 80 with http, 53 with dns",
        effect="The port that probes go to",
    )
    path: str | None = leaf(
        v.HTTP_PATH,
        "What to get by HTTP; unset: /",
        effect="The target of the HTTP request",
    )
    host_header: str | None = leaf(
        v.HOST,
        "Name of the web site; unset: the host that is probed",
        effect="The Host field of the HTTP request",
    )
    expected_status: str | None = leaf(
        v.HTTP_STATUS,
        f"HTTP status that is a good answer, or a range; unset: {GOOD_STATUSES}",
        effect="Which HTTP answers count as missed",
    )
    query: str | None = leaf(
        v.HOST,
        "Name to ask a name server for",
        effect="The question of the DNS request",
    )
    query_type: str | None = leaf(
        v.choice("A", "AAAA"),
        "Kind of record to ask a name server for; unset: A",
        effect="The type in the question of the DNS request",
    )
    timeout: v.Duration | None = leaf(
        v.DURATION,
        "Time for the destination to answer in; unset: 800ms",
        effect="How long a test waits for an answer until it counts as missed",
        unit="s",
    )
    max_retries: int | None = leaf(
        v.number(1, 100),
        "Attempts within timeout, all missed: unhealthy; unset: 4",
        effect="How many probes a test sends, timeout / max-retries apart",
    )
    interval: v.Duration | None = leaf(
        v.DURATION,
        "Time from one test to the next; unset: 200ms",
        effect="How often the destination is tested",
        unit="s",
    )
    loss_limit: int | None = leaf(
        v.number(1, 99),
        "Loss in percent of probes above which the tunnel is degraded; unset: none",
        effect="From what loss on traffic leaves for a tunnel that is up",
    )
    latency_limit: v.Duration | None = leaf(
        v.DURATION,
        "Round trip above which the tunnel is degraded; unset: none",
        effect="From what round trip on traffic leaves for a tunnel that is up",
        unit="ms",
    )
    fail_threshold: int | None = leaf(
        v.number(1, 100),
        "Tests in a row, all missed: the destination is down",
        effect="How many missed tests it takes until the destination counts as down",
        default=1,
    )
    recover_threshold: int | None = leaf(
        v.number(1, 100),
        "Tests in a row, all answered: it is up again; unset: 3 below an interval of 1s, else 1",
        effect="How many answered tests a destination that was down takes to be up again",
    )

    @property
    def probed(self) -> str:
        """The address or name that probes go to."""
        return self.host or self.address


@dataclass(frozen=True, kw_only=True)
class TunnelMonitor(Element):
    """Probes through the tunnel; a tunnel whose destinations stop answering is left and restarted."""

    enabled: bool | None = leaf(
        v.BOOLEAN,
        "Whether the remote is monitored",
        effect="Whether probes are sent and judged at all",
        default=True,
    )
    destinations_required: int | None = leaf(
        v.number(1, 16),
        "How many destinations must answer; unset: all",
        effect="From how many missing destinations on the tunnel is left and restarted",
    )
    destination: tuple[MonitorDestination, ...] = children(MonitorDestination)
