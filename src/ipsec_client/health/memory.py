"""What of a client's health outlives the agent, as JSON values and back: flaps, holds, back-off, last restarts, which
tunnel is in use, and what monitors owe.

Instants are kept as ages and times left, since the monotonic clock begins anew with each boot. Garbage in
the memory is never an error: what cannot be read is as if it had never been.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ipsec_client.base.clock import Now
from ipsec_client.health.copying import replace
from ipsec_client.health.mending import Mending, Past
from ipsec_client.health.monitor import offsets
from ipsec_client.health.observe import newcomer
from ipsec_client.health.switch import FLAP_MEMORY, LONGEST_HOLD
from ipsec_client.health.trial import Test
from ipsec_client.health.types import Client, Tunnel
from ipsec_client.health.wanted import Target, TunnelIntent

Json = Any

FORMAT = 1
"""The format written, and the only one read."""

LONGEST_PAUSE = 60.0
"""Seconds that a remembered pause before the next repair cannot exceed."""

MOST_KEPT = 64
"""Flaps kept per tunnel; more of them hold it down no longer."""


def to_memory(client: Client, now: Now) -> dict[str, Json]:
    """What is to be kept of the client, as JSON values."""
    return {
        "format": FORMAT,
        "saved": now.wall,
        "in_use": client.in_use,
        "tunnels": {tunnel.intent.remote: _kept(tunnel, now) for tunnel in client.tunnels},
    }


def from_memory(data: Json, now: Now, *, cold: bool = False) -> Client:
    """The client that was kept; a new one where nothing readable was.

    ``cold`` where nothing of the client runs on this machine: then nothing is left as found.
    """
    client = Client(started=now.mono, cold=cold)
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        return client
    tunnels = data.get("tunnels")
    if not isinstance(tunnels, Mapping):
        return client
    saved = _number(data.get("saved"))
    away = 0.0 if saved is None else max(0.0, now.wall - saved)
    in_use = data.get("in_use")
    return replace(
        client,
        in_use=in_use if isinstance(in_use, str) else None,
        tunnels=tuple(
            _restored(newcomer(client, TunnelIntent(remote), now), kept, away, now)
            for remote, kept in tunnels.items()
            if isinstance(remote, str) and isinstance(kept, Mapping)
        ),
    )


def _kept(tunnel: Tunnel, now: Now) -> dict[str, Json]:
    held = tunnel.carrying.until if tunnel.carrying.state == "held" else tunnel.past.hold_until
    due = tunnel.mending.not_before
    return {
        "flaps": [now.mono - instant for instant in tunnel.past.flaps],
        "seized": [now.mono - instant for instant in tunnel.past.seized],
        "hold_left": None if held is None else max(0.0, held - now.mono),
        "repairs": tunnel.mending.repairs,
        "pause_left": None if due is None else max(0.0, due - now.mono),
        "last_restart_wall": tunnel.mending.last_restart_wall,
        "monitors": {
            test.target.destination: {
                "owed": test.owed,
                "last_attempt_wall": test.last_attempt_wall,
            }
            for test in tunnel.tests
        },
    }


def _restored(tunnel: Tunnel, kept: Mapping[str, Json], away: float, now: Now) -> Tunnel:
    return replace(
        tunnel,
        past=Past(
            flaps=_instants(kept.get("flaps"), away, now),
            seized=_instants(kept.get("seized"), away, now),
            hold_until=_ahead(kept.get("hold_left"), LONGEST_HOLD, away, now),
        ),
        mending=Mending(
            repairs=min(int(_number(kept.get("repairs")) or 0), MOST_KEPT),
            not_before=_ahead(kept.get("pause_left"), LONGEST_PAUSE, away, now),
            last_restart_wall=_number(kept.get("last_restart_wall")),
        ),
        tests=tuple(_tests(kept.get("monitors"))),
    )


def _tests(kept: Json) -> Iterator[Test]:
    """What its destinations owe, and when they were last asked; what they are like the document will say."""
    if not isinstance(kept, Mapping):
        return
    for destination, known in kept.items():
        if isinstance(destination, str) and isinstance(known, Mapping):
            target = Target(destination)
            yield Test(
                target,
                offsets(target),
                owed=max(1, min(int(_number(known.get("owed")) or 1), MOST_KEPT)),
                last_attempt_wall=_number(known.get("last_attempt_wall")),
            )


def _instants(ages: Json, away: float, now: Now) -> tuple[float, ...]:
    """Ages as instants, oldest first; what is out of memory by now is left out."""
    if not isinstance(ages, list):
        return ()
    read = (_number(age) for age in ages)
    known = sorted((age + away for age in read if age is not None), reverse=True)
    return tuple(now.mono - age for age in known if age < FLAP_MEMORY)[-MOST_KEPT:]


def _ahead(left: Json, longest: float, away: float, now: Now) -> float | None:
    ahead = _number(left)
    return None if ahead is None else now.mono + max(0.0, min(ahead, longest) - away)


def _number(value: Json) -> float | None:
    """A finite number that is not negative, or nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e12 else None
