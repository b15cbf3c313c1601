"""Evidence into the state: what each event says is written down where it belongs. Nothing is judged here.

An event that names an unknown remote changes nothing.
"""

from __future__ import annotations

from ipsec_client.base.clock import Now
from ipsec_client.dialect.diagnosis import CAUSES
from ipsec_client.health import failback, monitor, repair, switch
from ipsec_client.health.copying import replace
from ipsec_client.health.judge import lacking
from ipsec_client.health.mending import Traffic
from ipsec_client.health.types import (
    Carrying,
    Client,
    ConnectionState,
    Counters,
    Decision,
    Effect,
    Event,
    Intended,
    KniLink,
    Loaded,
    Negotiation,
    OperatorFailback,
    OperatorRestart,
    Orphaned,
    PlutoState,
    ProbeAnswers,
    ProbeFailed,
    ProbeRejected,
    RepairDone,
    Replacing,
    SecurityAssociations,
    Tick,
    Tunnel,
    Unanswered,
)
from ipsec_client.health.wanted import TunnelIntent

GRACE = 30.0
"""Seconds in which a tunnel that is new may come up before its KNI's being down is an alarm."""

UNANSWERED = 3.5
"""Seconds in which pluto sends four times (it waits 0.5, 1, 2 s) that a gateway without a monitor may leave
unanswered; pluto itself gives it a minute.
"""

STILL = 2.0
"""Seconds of nothing coming in while something goes out that make a suspicion."""


def observe(client: Client, event: Event, now: Now) -> tuple[Client, list[Effect]]:
    """The client with the event's evidence, and what has to be done or told for that alone."""
    match event:
        case Tick():
            return client, []
        case PlutoState():
            return _pluto(client, event.alive, now), []
        case Intended():
            client = _intended(client, event, now)
            return failback.follow(client, client.tunnels, now)
        case OperatorFailback():
            return failback.asked(client)
    place = next(
        (n for n, known in enumerate(client.tunnels) if known.intent.remote == event.remote), None
    )
    if place is None:
        asked = isinstance(event, OperatorRestart)
        return client, [Decision(event.remote, "ignored", "no such remote")] if asked else []
    old = client.tunnels[place]
    tunnel, effects = _of_tunnel(client, old, event, now)
    if tunnel is old:
        return client, effects
    tunnels = (*client.tunnels[:place], tunnel, *client.tunnels[place + 1 :])
    return replace(client, tunnels=tunnels), effects


def _of_tunnel(
    client: Client, tunnel: Tunnel, event: Event, now: Now
) -> tuple[Tunnel, list[Effect]]:
    match event:
        case ProbeAnswers() | ProbeFailed() | ProbeRejected():
            return _probed(tunnel, event, now), []
        case Counters(_, inbound, outbound):
            return _counted(tunnel, inbound, outbound, now), []
        case SecurityAssociations() if client.pluto_alive is not False:
            return _associated(tunnel, event, now), []
        case Orphaned() | Unanswered() | ConnectionState():
            return _told_by_pluto(tunnel, event, now)
        case KniLink(_, up):
            return switch.linked(tunnel, up, now)
        case Replacing():
            return repair.reset(tunnel, now), []
        case OperatorRestart(_, request):
            return repair.requested(tunnel, request, now), []
        case RepairDone():
            return repair.done(tunnel, event, now)
    return tunnel, []


def _probed(tunnel: Tunnel, event: ProbeAnswers | ProbeFailed | ProbeRejected, now: Now) -> Tunnel:
    match event:
        case ProbeAnswers(_, answers):
            return monitor.answered(tunnel, answers, now)
        case ProbeFailed(_, destination, sequence, reason):
            return monitor.unsent(tunnel, destination, sequence, reason, now)
        case ProbeRejected(_, destination, sequence, reason):
            return monitor.rejected(tunnel, destination, sequence, reason)


def _intended(client: Client, event: Intended, now: Now) -> Client:
    known = {tunnel.intent.remote: tunnel for tunnel in client.tunnels}
    return replace(
        client,
        policy=event.policy,
        tunnels=tuple(
            _kept(known[intent.remote], intent, intent.remote in event.restarted, now)
            if intent.remote in known
            else newcomer(client, intent, now)
            for intent in {intent.remote: intent for intent in event.tunnels}.values()
        ),
    )


def newcomer(client: Client, intent: TunnelIntent, now: Now) -> Tunnel:
    """A tunnel not known before. A warm client's KNI is as it is found: it may long have been up."""
    return Tunnel(
        intent,
        tests=monitor.tests_for(intent, (), now),
        carrying=Carrying("lowered", "not proven yet") if client.cold else Carrying(),
        proving_until=now.mono + GRACE if client.cold or client.tunnels else None,
    )


def _kept(tunnel: Tunnel, intent: TunnelIntent, replaced: bool, now: Now) -> Tunnel:
    if intent != tunnel.intent:
        tests = monitor.tests_for(intent, tunnel.tests, now)
        tunnel = replace(tunnel, intent=intent, tests=tests)
    return repair.reset(tunnel, now) if replaced else tunnel


def _pluto(client: Client, alive: bool, now: Now) -> Client:
    """With pluto its connections are gone, and its SAs are worth nothing, whatever the kernel still has."""
    if alive or client.pluto_alive is False:
        return replace(client, pluto_alive=alive)
    return replace(
        client,
        pluto_alive=False,
        tunnels=tuple(
            replace(
                monitor.suspend(tunnel),
                loaded=tunnel.loaded if tunnel.loaded.state == "refused" else Loaded(),
                negotiation=Negotiation(),
                inbound=0,
                outbound=0,
                past=replace(tunnel.past, excused_until=now.mono + repair.EXCUSE),
                mending=replace(
                    tunnel.mending,
                    severed=False,
                    repairs=0,
                    failures=0,
                    not_before=None,
                    fair_until=None,
                ),
            )
            for tunnel in client.tunnels
        ),
    )


def _associated(tunnel: Tunnel, event: SecurityAssociations, now: Now) -> Tunnel:
    was, observed = tunnel.connected, tunnel.inbound is not None
    counted = event.inbound, event.outbound, event.pairs
    if (tunnel.inbound, tunnel.outbound, tunnel.pairs) == counted:
        return tunnel
    tunnel = replace(tunnel, inbound=event.inbound, outbound=event.outbound, pairs=event.pairs)
    if lacking(tunnel) and was:
        tunnel = repair.tried(tunnel, now)
    if tunnel.connected and not was:
        mending = replace(tunnel.mending, orphan=False)
        made = now.mono if observed else None  # what was found is older than that
        tunnel = replace(tunnel, mending=mending, connected_at=made)
        return monitor.at_once(tunnel, now)
    if was and not tunnel.connected:
        tunnel = replace(tunnel, silent=False)
        return repair.disconnected(monitor.suspend(tunnel), now)
    return tunnel


def _told_by_pluto(
    tunnel: Tunnel, event: Orphaned | Unanswered | ConnectionState, now: Now
) -> tuple[Tunnel, list[Effect]]:
    match event:
        case Orphaned():
            return repair.orphaned(tunnel, now), []
        case Unanswered(_, seconds):
            return _unanswered(tunnel, seconds, now), []
    told = _connection(tunnel, event, now)
    return told, _diagnosed(tunnel, told)


def _connection(tunnel: Tunnel, event: ConnectionState, now: Now) -> Tunnel:
    if event.loaded is not None and event.loaded != tunnel.loaded:
        tunnel = replace(tunnel, loaded=event.loaded)
        if event.loaded.state == "refused":
            tunnel = repair.spared(tunnel)
        elif event.loaded.state == "loaded" and tunnel.negotiation.state != "trying":
            tunnel = repair.anew(tunnel)
    negotiation = event.negotiation
    if negotiation is None or _told_before(tunnel.negotiation, negotiation):
        return tunnel
    negotiation = _as_known(tunnel.negotiation, negotiation)
    began = negotiation.state == "trying" and tunnel.negotiation.state != "trying"
    tunnel = replace(tunnel, negotiation=negotiation)
    return repair.tried(tunnel, now) if began else tunnel


def _unanswered(tunnel: Tunnel, seconds: float, now: Now) -> Tunnel:
    """With a monitor its tests tell more, and sooner. While something comes in, only the daemon is away."""
    heard = tunnel.heard_at is not None and now.mono - tunnel.heard_at < seconds
    if seconds < UNANSWERED or tunnel.tests or not tunnel.connected or heard:
        return tunnel
    return replace(tunnel, silent=True, mending=replace(tunnel.mending, ailing=True))


def _told_before(known: Negotiation, now: Negotiation) -> bool:
    """Whether this is nothing new. Pluto goes on trying what is blocked: that alone does not unblock it."""
    if known.state == "blocked" and now.state == "trying":
        return not now.notify
    return known == now


def _as_known(known: Negotiation, now: Negotiation) -> Negotiation:
    """The next attempt finds in its way what the one before did, until it is told otherwise or comes through."""
    if known.state != "trying" or now.state != "trying" or now.blocker or not known.blocker:
        return now
    return Negotiation(now.state, now.attempt, known.notify, known.blocker)


def _diagnosed(before: Tunnel, tunnel: Tunnel) -> list[Effect]:
    """A decision where something else is in the way than before."""
    found, known = tunnel.negotiation, before.negotiation
    if found.blocker is None or (found.state, found.blocker) == (known.state, known.blocker):
        return []
    what = "blocked" if found.state == "blocked" else "suspected"
    told = f": {found.notify}" if found.notify else ""
    return [Decision(tunnel.intent.remote, what, f"{CAUSES[found.blocker].plain}{told}")]


def _counted(tunnel: Tunnel, inbound: int, outbound: int, now: Now) -> Tunnel:
    """Something goes out and nothing comes in: test at once. Our own probes are not counted as traffic."""
    if inbound != tunnel.received:
        if tunnel.received is not None and inbound:
            tunnel = replace(tunnel, heard_at=now.mono, silent=False)
        tunnel = replace(tunnel, received=inbound)
    base = tunnel.traffic
    fresh = Traffic(inbound, outbound, now.mono)
    if base is None or inbound != base.inbound or outbound <= base.outbound:
        return replace(tunnel, traffic=fresh)
    if now.mono - base.since < STILL:
        return tunnel
    return replace(monitor.at_once(tunnel, now), traffic=fresh)
