"""Which tunnel of a client traffic is on, and how long those that are preferred to it wait to take it back.

Routing takes the first KNI that is up, so a tunnel that is up again takes its traffic back by being raised. Under
failback delayed or manual it is held instead while the tunnel that took over carries. No KNI is lowered for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from ipsec_client.base.clock import Now
from ipsec_client.health.copying import replace
from ipsec_client.health.subnets import covers
from ipsec_client.health.types import Client, Decision, Effect, Tunnel

REJOIN = 5.0
"""Seconds in which the tunnel in use may come back, after a start or after all were down, and find its traffic."""


def asked(client: Client) -> tuple[Client, list[Effect]]:
    """An operator wants traffic where it is preferred: what is held for failback, or for flaps, waits no longer."""
    waiting = {tunnel.intent.remote for tunnel in client.tunnels if tunnel.carrying.state == "held"}
    tunnels = tuple(
        replace(tunnel, past=replace(tunnel.past, flaps=(), seized=(), hold_until=None))
        if tunnel.intent.remote in waiting
        else tunnel
        for tunnel in client.tunnels
    )
    decisions: list[Effect] = [
        Decision(remote, "failback", "an operator asked for it") for remote in sorted(waiting)
    ]
    return replace(client, tunnels=tunnels, in_use=None, away_since=None), decisions


def waits(
    client: Client, tunnels: Sequence[Tunnel], tunnel: Tunnel, now: Now
) -> tuple[float, str] | None:
    """Until when an up tunnel must not take traffic from the one in use (inf: until an operator says so), and why."""
    policy = client.policy
    used = _named(tunnels, client.in_use)
    if policy.failback == "immediate" or used is None:
        return None
    if _rank(client, tunnels, tunnel) >= _rank(client, tunnels, used):
        return None
    if not covers(used.intent.pairs, tunnel.intent.pairs):
        return None  # it has networks that nobody else leads to
    remote = used.intent.remote
    if _carries(used) and used.verdict.judgement in ("up", "unknown"):
        ends = inf if policy.failback == "manual" else tunnel.verdict.since + policy.delay
        return ends, f"waits for failback, {remote} carries"
    ends = client.started + REJOIN
    if now.mono < ends and used.verdict.judgement != "degraded":
        return ends, f"waits for {remote}, which was in use"
    return None


def follow(client: Client, tunnels: Sequence[Tunnel], now: Now) -> tuple[Client, list[Effect]]:
    """The client with the tunnel that carries its traffic now; a decision where that is another than before."""
    ranked = sorted(tunnels, key=lambda tunnel: _rank(client, tunnels, tunnel))
    carrier = next((tunnel for tunnel in ranked if _carries(tunnel)), None)
    name = None if carrier is None else carrier.intent.remote
    in_use, away_since = _in_use(client, ranked, name, now)
    if (name, in_use, away_since) == (client.carrier, client.in_use, client.away_since):
        return client, []
    told: list[Effect] = []
    if name and name != client.carrier and len(tunnels) > 1:
        why = _why(_named(tunnels, client.carrier), client.carrier)
        told = [Decision(name, "in use", why)] if why else []
    return replace(client, carrier=name, in_use=in_use, away_since=away_since), told


def carrier_known(client: Client) -> bool:
    """Whether there is nothing to follow: the tunnel that traffic is on is known, or there is none."""
    return client.away_since is None and (
        client.carrier is not None or not any(map(_carries, client.tunnels))
    )


def next_at(client: Client) -> float | None:
    """When the client needs the next tick for this."""
    return None if client.away_since is None else client.away_since + REJOIN


def _in_use(
    client: Client, ranked: Sequence[Tunnel], carrier: str | None, now: Now
) -> tuple[str | None, float | None]:
    """Where traffic belongs now. It moves with a tunnel that takes over from it as it fails, or is preferred to it;
    where all were down, and another is up first, it moves only when the one in use does not follow soon.
    """
    if carrier is None:
        return client.in_use, None
    names = [tunnel.intent.remote for tunnel in ranked]
    used = client.in_use if client.in_use in names else names[0]
    later = names.index(carrier) > names.index(used)
    if client.policy.failback == "immediate" or not later or client.carrier == used:
        return carrier, None
    since = now.mono if client.away_since is None else client.away_since
    if now.mono >= since + REJOIN:
        return carrier, None
    return client.in_use, since


def _why(before: Tunnel | None, named: str | None) -> str:
    """Why traffic has left the tunnel that it was on before; nothing where a commit took that away."""
    if before is None:
        return "" if named else "no other carries"
    if _carries(before):
        return f"it is preferred to {named}"
    return f"{named} is {before.carrying.state}: {before.carrying.reason}"


def _carries(tunnel: Tunnel) -> bool:
    """Whether it carries; one that has just been raised may still be seen down."""
    return tunnel.carries or (
        tunnel.carrying.state == "raised" and tunnel.carrying.until is not None
    )


def _named(tunnels: Sequence[Tunnel], remote: str | None) -> Tunnel | None:
    return next((tunnel for tunnel in tunnels if tunnel.intent.remote == remote), None)


def _rank(client: Client, tunnels: Sequence[Tunnel], tunnel: Tunnel) -> tuple[int, int]:
    order, remote = client.policy.order, tunnel.intent.remote
    place = order.index(remote) if remote in order else len(order)
    return place, next(n for n, other in enumerate(tunnels) if other.intent.remote == remote)
