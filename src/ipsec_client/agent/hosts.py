"""Which hosts of a plan are looked up: gateways and monitor destinations, with the versions of IP that serve."""

from __future__ import annotations

from ipsec_client.plan.build import Plan


def hosts(plan: Plan) -> list[str]:
    """All that may be a name: gateways and monitor destinations."""
    monitors = [tunnel.remote.tunnel_monitor for tunnel in plan.tunnels]
    watched = [item.probed for monitor in monitors if monitor for item in monitor.destination]
    return [tunnel.remote.host or "" for tunnel in plan.tunnels] + watched


def versions(plan: Plan) -> dict[str, tuple[int, ...]]:
    """The versions of IP that serve for each of them: a gateway's may be IPv6 where others' are, a destination's is
    the tunnel's.
    """
    found: dict[str, tuple[int, ...]] = {}
    for tunnel in plan.tunnels:
        monitor = tunnel.remote.tunnel_monitor
        found |= {
            item.probed: (tunnel.version,) for item in (monitor.destination if monitor else ())
        }
    six = plan.inside is not None and plan.inside.six
    return found | {tunnel.remote.host or "": (4, 6) if six else (4,) for tunnel in plan.tunnels}
