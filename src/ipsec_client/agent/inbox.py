"""One inbox per client: every event takes one step of health at once, and its effects are carried out in order.

What lowers a KNI is done within the call that brought the evidence: no queue lies between.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from ipsec_client.base.clock import Now
from ipsec_client.health import monitor
from ipsec_client.health import types as h
from ipsec_client.health.step import next_wake, step


class Hands(Protocol):
    """What carries effects out. Nothing in here waits; what takes time reports back by an event."""

    def lower(self, effect: h.Lower) -> None:
        """Takes the KNI down before it returns."""

    def raise_(self, effect: h.Raise) -> None:
        """Brings the KNI up before it returns."""

    def probe(self, effect: h.Probe) -> str:
        """Asks through a tunnel; the reason why it could not, or nothing."""

    def listen(self, remote: str, at_once: bool) -> None:
        """Whether answers through a tunnel are put in as they come, or when they are asked for."""

    def hear(self) -> None:
        """Puts in the answers that are there."""

    def restart_tunnel(self, effect: h.Restart) -> None:
        """Begins a repair; a RepairDone follows."""

    def restart_pluto(self, effect: h.RestartPluto) -> None:
        """Begins to restart pluto; PlutoState follows."""

    def record(self, effect: h.Decision, now: Now) -> None:
        """Keeps a decision for those who ask why."""


class Inbox:
    """Feeds events to health and effects to hands, and wakes health when it asked to be woken."""

    def __init__(
        self,
        state: h.Client,
        hands: Hands,
        changed: Callable[[], None],
        clock: Callable[[], Now] = Now.read,
    ) -> None:
        self.state = state
        self._hands = hands
        self._changed = changed
        self._clock = clock
        self._waiting: deque[h.Event] = deque()
        self._stepping = False
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at: float | None = None

    def put(self, event: h.Event) -> None:
        """Takes an event in. One that an effect causes is taken after the effects before it."""
        if self._stepping:
            self._waiting.append(event)
            return
        before = self.state
        self._stepping = True
        try:
            if not isinstance(event, h.ProbeAnswers):
                self._hands.hear()  # what was answered before counts before
            self._waiting.append(event)
            while self._waiting:
                self._step(self._waiting.popleft())
        finally:
            self._stepping = False
        self._set_timer()
        if _differs(before, self.state):
            self._changed()

    def close(self) -> None:
        """No more waking."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _step(self, event: h.Event) -> None:
        now = self._clock()
        self.state, effects = step(self.state, event, now)
        for effect in effects:
            self._carry_out(effect, now)

    def _carry_out(self, effect: h.Effect, now: Now) -> None:
        match effect:
            case h.Probe():
                reason = self._hands.probe(effect)
                if reason:
                    failed = h.ProbeFailed(
                        effect.remote, effect.destination, effect.sequence, reason
                    )
                    self._waiting.append(failed)
            case h.Lower():
                self._hands.lower(effect)
            case h.Raise():
                self._hands.raise_(effect)
            case h.Restart():
                self._hands.restart_tunnel(effect)
            case h.RestartPluto():
                self._hands.restart_pluto(effect)
            case h.Decision():
                self._hands.record(effect, now)

    def _set_timer(self) -> None:
        now = self._clock()
        wanted = next_wake(self.state)
        for tunnel in self.state.tunnels:
            hear_at = monitor.hear_at(tunnel, now)
            self._hands.listen(tunnel.intent.remote, hear_at is None)
            if hear_at is not None and (wanted is None or hear_at < wanted):
                wanted = hear_at
        if wanted == self._wakes_at and self._timer:
            return
        self.close()
        self._wakes_at = wanted
        if wanted is not None:
            delay = max(0.0, wanted - now.mono)
            self._timer = asyncio.get_running_loop().call_later(delay, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self.put(h.Tick())


def _differs(before: h.Client, after: h.Client) -> bool:
    """Whether anything that people see, or that is kept, has changed: more than probes sent and answered."""
    if before is after:
        return False
    if (before.pluto_alive, before.in_use) != (after.pluto_alive, after.in_use):
        return True
    if len(before.tunnels) != len(after.tunnels):
        return True
    return any(
        old is not new and (_seen(old) != _seen(new))
        for old, new in zip(before.tunnels, after.tunnels, strict=True)
    )


def _seen(tunnel: h.Tunnel) -> tuple[object, ...]:
    return (
        tunnel.intent.remote,
        tunnel.loaded,
        tunnel.negotiation,
        tunnel.verdict,
        tunnel.carrying,
        tunnel.kni_up,
        tunnel.flaps,
        tunnel.repairs,
        tunnel.proving_until,
    )
