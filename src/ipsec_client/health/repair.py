"""Bringing tunnels back: which repair, when, within the client's budget. Never on the way of a failover.

Pluto revives a connection by itself, at first at once, then 5 s later each time, up to 5 minutes (Libreswan,
programs/pluto/revival.c); whoever acts beside it within seconds gets a second child SA. So every attempt,
pluto's or ours, has a fair time, and ours end what still tries, so that a returned gateway hears a fresh
IKE_SA_INIT and not the tail of an exponential back-off.
"""

from __future__ import annotations

from typing import Literal
from zlib import crc32

from ipsec_client.base.clock import Now
from ipsec_client.health import monitor
from ipsec_client.health.copying import replace
from ipsec_client.health.judge import lacking
from ipsec_client.health.mending import Mending, Past
from ipsec_client.health.types import (
    Client,
    Decision,
    Effect,
    Loaded,
    Negotiation,
    RepairDone,
    Restart,
    RestartPluto,
    Tunnel,
)

FAIR = 5.0
"""Seconds that an attempt is given before the next."""

BACK_OFF = (5.0, 5.0, 8.0, 15.0, 30.0)
"""Seconds from one repair of a tunnel to its next; the last goes on."""

JITTER = 0.1
"""Share by which a pause is longer or shorter, so that a fleet does not knock in step."""

BUDGET = 24
"""Repairs of a client in any BUDGET_SPAN; what operators ask for is apart, and the first attempt of what a commit or a
start of pluto has loaded.
"""

BUDGET_SPAN = 60.0
"""Seconds."""

LOST = 60.0
"""Seconds after which a repair that nothing was heard of counts as failed."""

EXCUSE = 30.0
"""Seconds in which a tunnel that we, a commit or an operator took down may go down without a flap."""

FAILURES = 2
"""Repairs in a row that pluto did not carry out, on every tunnel, before it is restarted itself."""

PLUTO_PAUSE = 300.0
"""Seconds from one restart of pluto to the next."""

How = Literal["initiate", "restart", "replace", "complete"]


def requested(tunnel: Tunnel, request: str, now: Now) -> Tunnel:
    """An operator wants it restarted: before all else, with everything forgotten that would delay it."""
    mending = replace(
        tunnel.mending,
        requests=(*tunnel.mending.requests, request),
        severed=bool(tunnel.inbound or tunnel.outbound),
        repairs=0,
        left=0,
        failures=0,
    )
    past = Past(excused_until=now.mono + EXCUSE)
    return replace(_unblocked(monitor.doubt(tunnel)), mending=mending, past=past)


def done(tunnel: Tunnel, event: RepairDone, now: Now) -> tuple[Tunnel, list[Effect]]:
    """The outstanding repair is over; its effect shows in the evidence that follows."""
    mending, failure = tunnel.mending, event.failure
    if not mending.repairing:
        return tunnel, []
    mending = replace(
        mending,
        repairing=False,
        lost_at=None,
        severed=mending.severed and bool(mending.requests),
        left=event.left,
        ailing=mending.ailing or bool(failure),
        failures=mending.failures + 1 if failure else 0,
        not_before=max(mending.not_before or now.mono, now.mono + FAIR),
    )
    told = [Decision(tunnel.intent.remote, "repair failed", failure)] if failure else []
    return replace(tunnel, mending=mending), [*told]


def overdue(tunnel: Tunnel, now: Now) -> tuple[Tunnel, list[Effect]]:
    """A repair that nothing was heard of for too long counts as failed."""
    lost_at = tunnel.mending.lost_at
    if lost_at is None or lost_at > now.mono:
        return tunnel, []
    unheard = RepairDone(tunnel.intent.remote, f"nothing heard of it for {LOST:.0f} s")
    return done(tunnel, unheard, now)


def reset(tunnel: Tunnel, now: Now) -> Tunnel:
    """Its connection is about to be replaced: traffic leaves it before its SAs go, without a flap, and it is
    initiated as soon as the new one is loaded.
    """
    past = replace(tunnel.past, excused_until=now.mono + EXCUSE)
    tunnel = replace(anew(tunnel), past=past, loaded=Loaded())
    severed = bool(tunnel.inbound or tunnel.outbound)
    return replace(tunnel, mending=replace(tunnel.mending, severed=severed))


def spared(tunnel: Tunnel) -> Tunnel:
    """What was to replace its connection was refused: what it has may go on."""
    return replace(tunnel, mending=replace(tunnel.mending, severed=False))


def anew(tunnel: Tunnel) -> Tunnel:
    """Pluto has it freshly loaded: it may be initiated at once, and what blocked it may be gone."""
    return replace(
        _unblocked(tunnel),
        mending=replace(
            tunnel.mending,
            fresh=True,
            repairs=0,
            left=0,
            failures=0,
            not_before=None,
            fair_until=None,
        ),
    )


def disconnected(tunnel: Tunnel, now: Now) -> Tunnel:
    """Its SAs are gone: what we had to sever is severed, and pluto's revival comes first."""
    mending = tunnel.mending
    severed = mending.severed and bool(mending.requests)
    return tried(replace(tunnel, mending=replace(mending, severed=severed)), now)


def tried(tunnel: Tunnel, now: Now) -> Tunnel:
    """Pluto is at it by itself, or about to be."""
    return replace(tunnel, mending=replace(tunnel.mending, fair_until=now.mono + FAIR))


def orphaned(tunnel: Tunnel, now: Now) -> Tunnel:
    """Pluto is not at it: with an IKE SA left it takes no child SA for one to revive (4.10)."""
    if tunnel.inbound or tunnel.outbound or tunnel.mending.repairing:
        return tunnel
    return replace(tunnel, mending=replace(tunnel.mending, fair_until=None, orphan=True))


def settle(client: Client, now: Now) -> tuple[Client, list[Effect]]:
    """The repairs that are due, operators' first, and pluto's restart where nothing else can help."""
    effects: list[Effect] = []
    concerned = [
        place
        for place, tunnel in enumerate(client.tunnels)
        if _ill(tunnel) or tunnel.mending.repairing or tunnel.mending.requests
    ]
    # Whoever waits longest has its turn first, or a small budget would always go to the first in order.
    for place in sorted(concerned, key=lambda place: _not_before(client, client.tunnels[place])):
        client, found = _settle(client, place, now)
        effects += found
    return (client, effects) if not concerned else _restart_pluto(client, now, effects)


def next_at(client: Client, tunnel: Tunnel) -> float | None:
    """When the tunnel's repair needs the next tick."""
    if tunnel.mending.repairing:
        return tunnel.mending.lost_at
    return _due(client, tunnel) if _ill(tunnel) else None


def _ill(tunnel: Tunnel) -> bool:
    """Whether there is something to repair: it is down, or pluto has given up one of its pairs of subnets."""
    return tunnel.verdict.judgement == "down" or lacking(tunnel)


def _settle(client: Client, place: int, now: Now) -> tuple[Client, list[Effect]]:
    tunnel = client.tunnels[place]
    if tunnel.mending.repairing or not tunnel.mending.requests:
        due = _due(client, tunnel)
        if due is None or due > now.mono:
            return client, []
        if not _spared_budget(tunnel):
            client = replace(client, budget=(*_spent(client, now), now.mono))
    tunnel, found = _restart(client, tunnel, now)
    return _with_tunnel(client, place, tunnel), found


def _due(client: Client, tunnel: Tunnel) -> float | None:
    """When to repair it; None: nothing to repair, or not for us to do."""
    mending = tunnel.mending
    if (
        mending.repairing
        or not _ill(tunnel)
        or tunnel.loaded.state != "loaded"
        or tunnel.negotiation.state == "blocked"
        or client.pluto_alive is False
        or (tunnel.connected and not (mending.ailing or mending.severed or lacking(tunnel)))
    ):
        return None
    if _in_portions(tunnel):
        return client.started
    due = _not_before(client, tunnel)
    if len(client.budget) >= BUDGET and not _spared_budget(tunnel):
        due = max(due, client.budget[-BUDGET] + BUDGET_SPAN)
    return due


def _in_portions(tunnel: Tunnel) -> bool:
    """Whether all pairs of subnets that the last repair began are there, and it had to leave some. One that is down all
    the same is restarted, which is for the back-off to say when; so it is where no pair has come.
    """
    missing = len(tunnel.intent.pairs) - tunnel.pairs
    sound = tunnel.connected and tunnel.verdict.judgement != "down"
    return sound and 0 < missing <= tunnel.mending.left and tunnel.pairs > tunnel.mending.had


def _spared_budget(tunnel: Tunnel) -> bool:
    """Whether its repair begins, or goes on with, what has not failed."""
    return tunnel.mending.fresh or _in_portions(tunnel)


def _not_before(client: Client, tunnel: Tunnel) -> float:
    mending = tunnel.mending
    due = client.started if mending.not_before is None else mending.not_before
    return due if mending.fair_until is None else max(due, mending.fair_until)


def _restart(client: Client, tunnel: Tunnel, now: Now) -> tuple[Tunnel, list[Effect]]:
    remote, mending = tunnel.intent.remote, tunnel.mending
    request = mending.requests[0] if mending.requests else ""
    asked = bool(mending.requests)
    how = _how(tunnel, asked)
    reason = "it was asked for" if asked else tunnel.verdict.reason
    repairs = max(1, mending.repairs + (not _in_portions(tunnel)))
    mending = Mending(
        requests=mending.requests[1:],
        repairing=True,
        lost_at=now.mono + LOST,
        severed=how in ("restart", "replace") and bool(tunnel.inbound or tunnel.outbound),
        repairs=repairs,
        had=tunnel.pairs if how == "complete" else 0,
        failures=mending.failures,
        not_before=now.mono + _pause(client, remote, repairs),
        last_restart_wall=now.wall,
    )
    past = replace(tunnel.past, excused_until=now.mono + EXCUSE)
    tunnel = replace(tunnel, mending=mending, past=past)
    decision = Decision(remote, how, f"{reason}; attempt {repairs}")
    return tunnel, [Restart(remote, how, reason, request), decision]


def _how(tunnel: Tunnel, asked: bool) -> How:
    """Initiate what nobody has tried yet, or those pairs of subnets that are missing; end and initiate again; every
    third time load the connection anew.
    """
    if asked:
        return "restart" if tunnel.loaded.state == "loaded" else "replace"
    if lacking(tunnel) and tunnel.verdict.judgement != "down":
        return "complete"
    repairs = tunnel.mending.repairs
    if repairs % 3 == 2:
        return "replace"
    untried = repairs == 0 and (tunnel.negotiation.state == "idle" or tunnel.mending.orphan)
    return "initiate" if untried and not tunnel.inbound and not tunnel.outbound else "restart"


def _pause(client: Client, remote: str, repairs: int) -> float:
    pause = BACK_OFF[min(repairs, len(BACK_OFF)) - 1]
    drawn = crc32(f"{remote} {repairs} {client.started!r}".encode()) / 2**32
    return pause * (1 + JITTER * (2 * drawn - 1))


def _spent(client: Client, now: Now) -> tuple[float, ...]:
    return tuple(instant for instant in client.budget if now.mono - instant < BUDGET_SPAN)


def _restart_pluto(client: Client, now: Now, effects: list[Effect]) -> tuple[Client, list[Effect]]:
    """A pluto that carries out no order for any of its tunnels is itself what fails, not the peers."""
    running = [tunnel for tunnel in client.tunnels if tunnel.loaded.state == "loaded"]
    if (
        not running
        or now.mono < client.next_pluto_restart
        or client.pluto_alive is False
        or any(
            tunnel.verdict.judgement != "down" or tunnel.mending.failures < FAILURES
            for tunnel in running
        )
    ):
        return client, effects
    reason = f"carried out none of the last {FAILURES} repairs of any tunnel"
    tunnels = tuple(
        replace(tunnel, mending=replace(tunnel.mending, failures=0)) for tunnel in client.tunnels
    )
    client = replace(client, tunnels=tunnels, next_pluto_restart=now.mono + PLUTO_PAUSE)
    return client, [*effects, RestartPluto(reason), Decision("", "restart pluto", reason)]


def _unblocked(tunnel: Tunnel) -> Tunnel:
    if tunnel.negotiation.state != "blocked":
        return tunnel
    return replace(tunnel, negotiation=Negotiation())


def _with_tunnel(client: Client, place: int, tunnel: Tunnel) -> Client:
    if tunnel is client.tunnels[place]:
        return client
    tunnels = (*client.tunnels[:place], tunnel, *client.tunnels[place + 1 :])
    return replace(client, tunnels=tunnels)
