"""A client's surroundings in simulated time: gateways that answer, fall silent, delete; KNIs; pluto's obedience.

Carries out what health asks for and feeds back what would follow, so that tests read as stories.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ipsec_client.base.clock import Now
from ipsec_client.health.step import next_wake, step
from ipsec_client.health.types import (
    Answer,
    Client,
    ConnectionState,
    Effect,
    Event,
    Intended,
    KniLink,
    Loaded,
    Lower,
    PlutoState,
    Probe,
    ProbeAnswers,
    Raise,
    RepairDone,
    Restart,
    SecurityAssociations,
    Tick,
    Tunnel,
)
from ipsec_client.health.wanted import Target, TunnelIntent

EPOCH = 1_600_000_000.0
"""Wall-clock seconds at the simulation's second 0."""


@dataclass
class Gateway:
    """The far end of one tunnel. ``loses`` says of each probe whether it, or its answer, is lost."""

    round_trip: float = 0.02
    silent_from: float = float("inf")
    silent_until: float = float("inf")
    loses: Callable[[], bool] = lambda: False

    def answers(self, at: float) -> bool:
        """Whether it hears and answers at this instant."""
        return not self.silent_from <= at < self.silent_until


@dataclass
class World:
    """One client and its gateways. ``obedient``: a repair ends the SAs, and new ones follow where a gateway answers.

    ``failing``: the remotes for which pluto carries out nothing, and what is heard of that. ``left``: how many pairs of
    subnets each repair leaves.
    """

    gateways: dict[str, Gateway]
    obedient: bool = True
    failing: dict[str, str] = field(default_factory=dict)
    left: int = 0
    client: Client = field(default_factory=Client)
    time: float = 0.0
    log: list[tuple[float, Effect]] = field(default_factory=list)
    answers: dict[str, list[float]] = field(default_factory=dict)
    _queue: list[tuple[float, int, Event]] = field(default_factory=list)
    _number: int = 0

    def later(self, delay: float, event: Event) -> None:
        """The event, this much later."""
        self._number += 1
        heapq.heappush(self._queue, (self.time + delay, self._number, event))

    def forget(self) -> None:
        """Nothing of what would follow comes."""
        self._queue.clear()

    def put(self, *events: Event) -> list[Effect]:
        """The events now; the effects of them all."""
        return [effect for event in events for effect in self._step(event)]

    def run(self, until: float) -> None:
        """Lets time pass."""
        while True:
            wake = next_wake(self.client)
            queued = self._queue[0][0] if self._queue else float("inf")
            following = min(queued, float("inf") if wake is None else wake)
            if following > until:
                self.time = until
                return
            self.time = max(self.time, following)
            event = heapq.heappop(self._queue)[2] if queued <= following else Tick()
            self._step(event)

    def tunnel(self, remote: str = "rem1") -> Tunnel:
        """What health knows of the tunnel."""
        return self.client.tunnel(remote)

    def times(self, kind: type[Effect], remote: str = "rem1", since: float = 0.0) -> list[float]:
        """When effects of this kind for the remote came, rounded to milliseconds."""
        return [
            round(at, 3)
            for at, effect in self.log
            if isinstance(effect, kind)
            and at >= since
            and getattr(effect, "remote", remote) == remote
        ]

    def _step(self, event: Event) -> list[Effect]:
        if isinstance(event, ProbeAnswers):
            self.answers.setdefault(event.remote, []).append(self.time)
        self.client, effects = step(self.client, event, self.now)
        for effect in effects:
            self.log.append((self.time, effect))
            self._carry_out(effect)
        return effects

    @property
    def now(self) -> Now:
        """The present instant."""
        return Now(self.time, EPOCH + self.time)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Lower(remote):
                self.later(0.0005, KniLink(remote, False))
            case Raise(remote):
                self.later(0.0005, KniLink(remote, True))
            case Probe(remote, destination, sequence):
                gateway = self.gateways[remote]
                if gateway.answers(self.time) and not gateway.loses():
                    answer = ProbeAnswers(
                        remote, (Answer(destination, sequence, gateway.round_trip),)
                    )
                    self.later(gateway.round_trip, answer)
            case Restart(remote):
                failure = self.failing.get(remote, "")
                self.later(0.02, RepairDone(remote, failure, self.left))
                if self.obedient and not failure:
                    self._restart(remote, effect.how)

    def _restart(self, remote: str, how: str) -> None:
        if how != "initiate":
            self.later(0.01, SecurityAssociations(remote, 0, 0))
        if self.gateways[remote].answers(self.time):
            self.later(0.15, SecurityAssociations(remote, 1, 1))


def world(
    *targets: Target, remotes: int = 1, obedient: bool = True, gateways: Iterable[Gateway] = ()
) -> World:
    """A client at cold boot with rem1, rem2, …, each watched by the targets, its SAs there and all else to come."""
    given = list(gateways)
    names = [f"rem{number + 1}" for number in range(remotes)]
    made = World(
        {name: given[place] if given else Gateway() for place, name in enumerate(names)}, obedient
    )
    made.put(
        PlutoState(True),
        Intended(tuple(TunnelIntent(name, targets) for name in names)),
        *(ConnectionState(name, Loaded("loaded")) for name in names),
        *(SecurityAssociations(name, 1, 1) for name in names),
    )
    return made
