"""What health is to want, read from the plan: tunnels in order, monitor destinations, how traffic is switched."""

from __future__ import annotations

from itertools import product

from ipsec_client.health.subnets import Pairs
from ipsec_client.health.wanted import Policy, Question, Target, TunnelIntent
from ipsec_client.model.access import inside_version
from ipsec_client.model.definition import effective, value_of
from ipsec_client.model.elements import MonitorDestination, Remote, TunnelMonitor
from ipsec_client.model.monitors import GOOD_STATUSES, PORTS
from ipsec_client.model.values import Duration, Prefix
from ipsec_client.plan.build import Plan


def intended(plan: Plan) -> tuple[TunnelIntent, ...]:
    """One intent per remote, in configuration order."""
    return tuple(
        TunnelIntent(
            tunnel.remote.name, *_targets(tunnel.remote.tunnel_monitor), pairs=_pairs(tunnel.remote)
        )
        for tunnel in plan.tunnels
    )


def _pairs(remote: Remote) -> Pairs:
    """Each network of ours with each of theirs; none written is any of that version of IP."""
    any_network = Prefix("::/0" if inside_version(remote) == 6 else "0.0.0.0/0").network
    ours, theirs = (
        dict.fromkeys(prefix.network for prefix in end) or [any_network]
        for end in (remote.local_subnet, remote.subnet)
    )
    return tuple(product(ours, theirs))


def policy(plan: Plan) -> Policy:
    """How the client's KNIs are switched. Services may prefer tunnels differently: the order is that of the first one
    that most of them carry.
    """
    inside = plan.inside
    if inside is None:
        return Policy()
    remotes = {tunnel.remote.name for tunnel in plan.tunnels}
    orders = [
        tuple(dict.fromkeys(way.device for way, _ in inside.forwarding.hops(service)))
        for service in plan.document.authority.service
    ]
    known = [tuple(device for device in order if device in remotes) for order in orders]
    return Policy(
        max(known, key=len, default=()),
        _seconds(value_of(inside.client, "hold_down"), 0),
        value_of(inside.client, "failback"),
        _seconds(value_of(inside.client, "failback_delay"), 0),
    )


def _targets(monitor: TunnelMonitor | None) -> tuple[tuple[Target, ...], int | None]:
    if monitor is None or not effective(monitor).enabled:
        return (), None
    return tuple(map(_target, monitor.destination)), monitor.destinations_required


def _target(destination: MonitorDestination) -> Target:
    """A destination without any timing has the default monitor's; a missing part follows what is written."""
    default = Target(destination.address)
    loss, latency = destination.loss_limit, destination.latency_limit
    return Target(
        destination.address,
        _seconds(destination.interval, default.interval),
        _seconds(destination.timeout, default.timeout),
        destination.max_retries or default.max_retries,
        loss_limit=None if loss is None else loss / 100,
        latency_limit=None if latency is None else latency.milliseconds("ms") / 1000,
        fail_threshold=value_of(destination, "fail_threshold"),
        recover_threshold=destination.recover_threshold,
        question=_question(destination),
    )


def _question(destination: MonitorDestination) -> Question | None:
    """What is asked; None for pings to the address that the destination is named by."""
    protocol = value_of(destination, "protocol")
    if protocol == "icmp" and destination.probed == destination.address:
        return None
    first, _, last = (destination.expected_status or GOOD_STATUSES).partition("-")
    return Question(
        destination.probed,
        protocol,
        destination.port or PORTS.get(protocol, 0),
        destination.path or "/",
        destination.host_header or destination.probed,
        (int(first), int(last or first)),
        destination.query or "",
        "AAAA" if destination.query_type == "AAAA" else "A",
    )


def _seconds(written: Duration | None, otherwise: float) -> float:
    return otherwise if written is None else written.milliseconds("s") / 1000
