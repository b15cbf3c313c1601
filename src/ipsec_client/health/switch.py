"""Which KNIs of a client carry traffic: its tunnels' verdicts together, hold-downs, and other hands on a KNI.

Raises only on evidence, lowers at once. The table is in docs/health.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from ipsec_client.base.clock import Now
from ipsec_client.health import failback
from ipsec_client.health.copying import replace
from ipsec_client.health.subnets import covers
from ipsec_client.health.types import (
    Carrying,
    Client,
    Decision,
    Effect,
    Lower,
    Raise,
    Tunnel,
)

FLAP_MEMORY = 600.0
"""Seconds for which a flap, or another hand's lowering, counts."""

HOLD = 10.0
"""Seconds of hold-down after the second flap, unless configured; each further one doubles it."""

HAND_HOLD = 10.0
"""Seconds for which a KNI that another hand lowered is left alone; each repetition doubles it."""

LONGEST_HOLD = 300.0
"""Seconds that no hold exceeds."""

RAISE_SEEN = 2.0
"""Seconds in which a raised KNI must be seen up before it is raised again."""

BY_HAND = "another hand lowered it"

LAST_RESORT = "but no other tunnel is up"
"""Ends the reason for which a degraded tunnel carries; the verdict is before it."""


def hold_down(flaps: Iterable[float], now: Now, first: float = HOLD) -> float:
    """Seconds a tunnel must be up before it carries again: none after one flap in memory, then 10, 20, 40 …"""
    return _doubled(first, _recent(flaps, now) - 2)


def hand_hold(seized: Iterable[float], now: Now) -> float:
    """Seconds for which a KNI that another hand lowered stays down: 10, then 20, 40 …"""
    return _doubled(HAND_HOLD, _recent(seized, now) - 1)


def linked(tunnel: Tunnel, up: bool, now: Now) -> tuple[Tunnel, list[Effect]]:
    """The KNI was seen up or down: as found, as we made it, or as another hand did."""
    remote = tunnel.intent.remote
    seen_before = tunnel.kni_up
    if seen_before is not up:
        tunnel = replace(tunnel, kni_up=up)
    carrying = tunnel.carrying
    if not carrying.decided:
        return replace(tunnel, carrying=_as_found(up)), []
    if up and carrying.state == "raised":
        return _confirmed(tunnel), []
    if up and carrying.state == "held" and carrying.reason == BY_HAND:
        tunnel = replace(tunnel, carrying=Carrying("raised", "another hand raised it"))
        return tunnel, [Decision(remote, "raised", "another hand raised it")]
    if up:
        return tunnel, [Lower(remote, carrying.reason)]
    if carrying.state == "raised" and seen_before:
        return _seized(tunnel, now)
    return tunnel, []


def settle(client: Client, now: Now) -> tuple[Client, list[Effect]]:
    """Lowers what is down, raises what is up and not held, and keeps what is merely degraded as a last resort."""
    if failback.carrier_known(client) and all(_at_rest(tunnel) for tunnel in client.tunnels):
        return client, []
    tunnels = list(client.tunnels)
    effects: list[Effect] = []
    for decide in (_lower_down, _raise_up, _weigh_degraded):
        for place in range(len(tunnels)):
            tunnels[place], decided = decide(client, tunnels, place, now)
            effects += decided
    if any(new is not old for new, old in zip(tunnels, client.tunnels, strict=True)):
        client = replace(client, tunnels=tuple(tunnels))
    client, moved = failback.follow(client, tunnels, now)
    return client, [*effects, *moved]


def next_at(tunnel: Tunnel) -> float | None:
    """When the tunnel's KNI needs the next tick."""
    return tunnel.carrying.until


def _at_rest(tunnel: Tunnel) -> bool:
    carrying = tunnel.carrying
    if carrying.until is not None:
        return False
    match tunnel.verdict.judgement:
        case "up":
            return carrying.state == "raised" and not carrying.reason.endswith(LAST_RESORT)
        case "down":
            return carrying.state == "lowered" and carrying.decided
        case "unknown":
            return True
    return False


def _lower_down(
    client: Client, tunnels: list[Tunnel], place: int, now: Now
) -> tuple[Tunnel, list[Effect]]:
    tunnel = tunnels[place]
    carrying = tunnel.carrying
    if tunnel.verdict.judgement != "down" or (carrying.state == "lowered" and carrying.decided):
        return tunnel, []
    return _lowered(tunnel, tunnel.verdict.reason, now)


def _raise_up(
    client: Client, tunnels: list[Tunnel], place: int, now: Now
) -> tuple[Tunnel, list[Effect]]:
    tunnel = tunnels[place]
    if tunnel.carrying.state == "raised":
        return _raised_again(_by_verdict(tunnel), now)
    if tunnel.verdict.judgement != "up":
        return _unheld(tunnel), []
    release, reason = _release(client, tunnels, tunnel, now)
    if release <= now.mono:
        return _raised(tunnel, tunnel.verdict.reason, now)
    held = Carrying("held", reason, None if release == inf else release)
    if tunnel.carrying == held:
        return tunnel, []
    left = "" if release == inf else f": {release - now.mono:.0f} s more"
    return replace(tunnel, carrying=held), [Decision(tunnel.intent.remote, "held", reason + left)]


def _weigh_degraded(
    client: Client, tunnels: list[Tunnel], place: int, now: Now
) -> tuple[Tunnel, list[Effect]]:
    """A degraded tunnel yields to one that is up and seen to carry, and steps in where none is."""
    tunnel = tunnels[place]
    if tunnel.verdict.judgement != "degraded":
        return tunnel, []
    better = [
        other
        for other in tunnels
        if other.verdict.judgement == "up"
        and other.carries
        and covers(other.intent.pairs, tunnel.intent.pairs)
    ]
    if tunnel.carrying.state == "raised":
        carrier = next((other for other in better if other.kni_up), None)
        if carrier is None:
            return _by_verdict(tunnel), []
        reason = f"{tunnel.verdict.reason}, and {carrier.intent.remote} is up"
        return _lowered(tunnel, reason, now)
    if better or _hand_release(tunnel, now) > now.mono:
        return tunnel, []
    return _raised(tunnel, f"{tunnel.verdict.reason}, {LAST_RESORT}", now)


def _by_verdict(tunnel: Tunnel) -> Tunnel:
    """What was raised as the last resort says for what it carries now."""
    carrying, verdict = tunnel.carrying, tunnel.verdict
    if not carrying.reason.endswith(LAST_RESORT) or verdict.judgement not in ("up", "degraded"):
        return tunnel
    reason = verdict.reason if verdict.judgement == "up" else f"{verdict.reason}, {LAST_RESORT}"
    if reason == carrying.reason:
        return tunnel
    return replace(tunnel, carrying=replace(carrying, reason=reason))


def _release(client: Client, tunnels: list[Tunnel], tunnel: Tunnel, now: Now) -> tuple[float, str]:
    """When an up tunnel may carry, and what keeps it until then. A hold-down is for where another carries."""
    flapped = tunnel.verdict.since + hold_down(tunnel.past.flaps, now, client.policy.hold_down)
    if tunnel.past.hold_until is not None:
        flapped = min(flapped, tunnel.past.hold_until)
    if not any(
        other.carries and covers(other.intent.pairs, tunnel.intent.pairs) for other in tunnels
    ):
        flapped = now.mono
    waiting = failback.waits(client, tunnels, tunnel, now)
    return max(
        (flapped, f"went down {_recent(tunnel.past.flaps, now)} times of late"),
        (_hand_release(tunnel, now), BY_HAND),
        *([waiting] if waiting else []),
        key=lambda kept: kept[0],
    )


def _hand_release(tunnel: Tunnel, now: Now) -> float:
    if not tunnel.past.seized:
        return now.mono
    return tunnel.past.seized[-1] + hand_hold(tunnel.past.seized, now)


def _unheld(tunnel: Tunnel) -> Tunnel:
    """A hold counts from when the tunnel is up; when it is no longer, there is nothing to wait for."""
    if tunnel.carrying.state != "held":
        return tunnel
    return replace(tunnel, carrying=Carrying("lowered", tunnel.carrying.reason))


def _lowered(tunnel: Tunnel, reason: str, now: Now) -> tuple[Tunnel, list[Effect]]:
    remote = tunnel.intent.remote
    was = tunnel.carrying
    flaps = tunnel.past.flaps
    if was.state != "lowered" and now.mono >= tunnel.past.excused_until:
        flaps = _remembered(flaps, now)
    past = replace(tunnel.past, flaps=flaps, hold_until=None)
    tunnel = replace(tunnel, carrying=Carrying("lowered", reason), past=past)
    if was.state == "held":
        return tunnel, [Decision(remote, "lowered", reason)]
    return tunnel, [Lower(remote, reason), Decision(remote, "lowered", reason)]


def _raised(tunnel: Tunnel, reason: str, now: Now) -> tuple[Tunnel, list[Effect]]:
    remote = tunnel.intent.remote
    carrying = Carrying("raised", reason, now.mono + RAISE_SEEN)
    past = replace(tunnel.past, hold_until=None)
    tunnel = replace(tunnel, carrying=carrying, kni_up=None, past=past)
    return tunnel, [Raise(remote, reason), Decision(remote, "raised", reason)]


def _raised_again(tunnel: Tunnel, now: Now) -> tuple[Tunnel, list[Effect]]:
    carrying = tunnel.carrying
    if carrying.until is None or carrying.until > now.mono:
        return tunnel, []
    if tunnel.verdict.judgement not in ("up", "degraded"):
        return replace(tunnel, carrying=replace(carrying, until=None)), []
    reason = "was raised and is not seen up"
    again, effects = _raised(tunnel, reason, now)
    return again, effects[:1] if carrying.reason == reason else effects


def _confirmed(tunnel: Tunnel) -> Tunnel:
    if tunnel.carrying.until is None:
        return tunnel
    return replace(tunnel, carrying=replace(tunnel.carrying, until=None))


def _seized(tunnel: Tunnel, now: Now) -> tuple[Tunnel, list[Effect]]:
    past = replace(tunnel.past, seized=_remembered(tunnel.past.seized, now))
    tunnel = replace(tunnel, carrying=Carrying("lowered", BY_HAND), past=past)
    return tunnel, [Decision(tunnel.intent.remote, "lowered", BY_HAND)]


def _as_found(up: bool) -> Carrying:
    return Carrying("raised" if up else "lowered", "as found")


def _recent(instants: Iterable[float], now: Now) -> int:
    return sum(now.mono - instant < FLAP_MEMORY for instant in instants)


def _remembered(instants: tuple[float, ...], now: Now) -> tuple[float, ...]:
    kept = (instant for instant in instants if now.mono - instant < FLAP_MEMORY)
    return (*kept, now.mono)


def _doubled(first: float, times: int) -> float:
    return 0.0 if times < 0 else min(LONGEST_HOLD, first * 2.0 ** min(times, 16))
