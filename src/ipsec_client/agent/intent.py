"""What health is to want, read from the plan: tunnels in order, monitor destinations with their timing."""

from __future__ import annotations

from itertools import product

from ipsec_client.health.subnets import Pairs
from ipsec_client.health.types import Target, TunnelIntent
from ipsec_client.model.access import inside_version
from ipsec_client.model.definition import effective
from ipsec_client.model.elements import MonitorDestination, Remote, TunnelMonitor
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


def _targets(monitor: TunnelMonitor | None) -> tuple[tuple[Target, ...], int | None]:
    if monitor is None or not effective(monitor).enabled:
        return (), None
    return tuple(map(_target, monitor.destination)), monitor.destinations_required


def _target(destination: MonitorDestination) -> Target:
    """A destination without any timing has the default monitor's; a missing part follows what is written."""
    default = Target(destination.address)
    return Target(
        destination.address,
        _seconds(destination.interval, default.interval),
        _seconds(destination.timeout, default.timeout),
        destination.max_retries or default.max_retries,
    )


def _seconds(written: Duration | None, otherwise: float) -> float:
    return otherwise if written is None else written.milliseconds("s") / 1000
