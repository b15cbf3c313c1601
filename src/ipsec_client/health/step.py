"""One event into the state of a client, and what is to be done for it: evidence, tests, verdicts, KNIs, repairs.

Pure: no I/O, no clock, no randomness; equal inputs give equal outputs, so that a recorded inbox can be replayed.
It never raises, in whatever order events come.
"""

from __future__ import annotations

from math import inf

from ipsec_client.base.clock import Now
from ipsec_client.health import failback, monitor, repair, switch
from ipsec_client.health.copying import replace
from ipsec_client.health.judge import judge
from ipsec_client.health.observe import observe
from ipsec_client.health.types import (
    Client,
    Effect,
    Event,
    Lower,
    ProbeAnswers,
    Tunnel,
)


def step(client: Client, event: Event, now: Now) -> tuple[Client, list[Effect]]:
    """The client after the event, and the effects to carry out in order: what lowers a KNI comes first."""
    before = client
    client, effects = observe(client, event, now)
    # Other answers may wait in the same socket: what is due is left to the tick that follows them.
    watching = not isinstance(event, ProbeAnswers)
    tunnels: list[Tunnel] = []
    for place, known in enumerate(client.tunnels):
        awaited, failed = repair.overdue(known, now)
        tested, probes = monitor.advance(awaited, now) if watching else (awaited, [])
        effects += [*failed, *probes]
        if not _is_judged(before, client, place, tested):
            tested, decisions = judge(_past_grace(tested, now), client.pluto_alive, now)
            effects += decisions
        tunnels.append(tested)
    if any(new is not old for new, old in zip(tunnels, client.tunnels, strict=True)):
        client = replace(client, tunnels=tuple(tunnels))
    client, switched = switch.settle(client, now)
    client, repaired = repair.settle(client, now)
    return client, _lowering_first([*effects, *switched, *repaired])


def next_wake(client: Client) -> float | None:
    """The monotonic instant by which the next Tick is needed; None: only an event can change anything."""
    wake = failback.next_at(client) or inf
    for tunnel in client.tunnels:
        for instant in (
            monitor.next_at(tunnel),
            switch.next_at(tunnel),
            repair.next_at(client, tunnel),
            tunnel.proving_until,
        ):
            if instant is not None and instant < wake:
                wake = instant
    return None if wake == inf else wake


def _is_judged(before: Client, client: Client, place: int, tunnel: Tunnel) -> bool:
    """Whether nothing has changed that the verdict or the grace rests on."""
    return (
        before.pluto_alive is client.pluto_alive
        and place < len(before.tunnels)
        and before.tunnels[place] is tunnel
        and tunnel.proving_until is None
    )


def _past_grace(tunnel: Tunnel, now: Now) -> Tunnel:
    if tunnel.proving_until is None or tunnel.proving_until > now.mono:
        return tunnel
    return replace(tunnel, proving_until=None)


def _lowering_first(effects: list[Effect]) -> list[Effect]:
    if len(effects) < 2:
        return effects
    return sorted(effects, key=lambda effect: not isinstance(effect, Lower))
