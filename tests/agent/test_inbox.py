"""The inbox: effects in order and at once, one step at a time, no event lost, woken when health asks for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ipsec_client.agent.inbox import Inbox
from ipsec_client.base.clock import Now
from ipsec_client.health import types as h


@dataclass
class Hands:
    """Notes what it is told to do."""

    done: list[h.Effect] = field(default_factory=list)
    unsent: str = ""

    def lower(self, effect: h.Lower) -> None:
        self.done.append(effect)

    def raise_(self, effect: h.Raise) -> None:
        self.done.append(effect)

    def probe(self, effect: h.Probe) -> str:
        self.done.append(effect)
        return self.unsent

    def restart_tunnel(self, effect: h.Restart) -> None:
        self.done.append(effect)

    def restart_pluto(self, effect: h.RestartPluto) -> None:
        self.done.append(effect)

    def record(self, effect: h.Decision, now: Now) -> None:
        pass

    def of(self, kind: type[h.Effect]) -> list[h.Effect]:
        return [effect for effect in self.done if isinstance(effect, kind)]


@dataclass
class Clock:
    """A clock that only the test moves."""

    mono: float = 100.0

    def __call__(self) -> Now:
        return Now(self.mono, self.mono)


@dataclass
class Bench:
    """An inbox with one tunnel ``rem1`` that is up and carrying."""

    hands: Hands
    clock: Clock
    inbox: Inbox
    changes: list[None]


def bench(*targets: h.Target) -> Bench:
    hands, clock, changes = Hands(), Clock(), list[None]()
    inbox = Inbox(h.Client(started=clock.mono), hands, lambda: changes.append(None), clock)
    inbox.put(h.Intended((h.TunnelIntent("rem1", targets),)))
    inbox.put(h.PlutoState(True))
    inbox.put(h.ConnectionState("rem1", loaded=h.Loaded("loaded")))
    inbox.put(h.SecurityAssociations("rem1", 1, 1))
    return Bench(hands, clock, inbox, changes)


def run(scene: object) -> None:
    asyncio.run(scene)  # type: ignore[arg-type]


def test_a_lost_sa_has_lowered_the_kni_when_put_returns() -> None:
    async def scene() -> None:
        b = bench()
        assert b.hands.of(h.Raise)
        b.hands.done.clear()
        b.inbox.put(h.SecurityAssociations("rem1", 0, 1))
        assert isinstance(b.hands.done[0], h.Lower)
        b.inbox.close()

    run(scene())


def test_pluto_dead_lowers_at_once() -> None:
    async def scene() -> None:
        b = bench()
        b.hands.done.clear()
        b.inbox.put(h.PlutoState(False))
        assert isinstance(b.hands.done[0], h.Lower)
        b.inbox.close()

    run(scene())


def test_a_probe_that_cannot_be_sent_is_no_evidence() -> None:
    async def scene() -> None:
        b = bench(h.Target("8.8.8.8"))
        b.hands.unsent = "no such device"
        for _ in range(40):
            b.clock.mono += 0.1
            b.inbox.put(h.Tick())
        assert b.hands.of(h.Probe)
        assert b.inbox.state.tunnel("rem1").verdict.judgement == "unknown"
        b.inbox.close()

    run(scene())


def test_it_wakes_itself_when_health_asks() -> None:
    async def scene() -> None:
        b = bench(h.Target("8.8.8.8"))
        b.inbox.put(h.ProbeAnswers("rem1", (h.Answer("8.8.8.8", 0, 0.01),)))
        b.hands.done.clear()
        b.clock.mono += 10  # health wants to be woken long before
        b.inbox.put(h.Counters("rem1", 0, 0))
        async with asyncio.timeout(5):
            while not b.hands.of(h.Probe):
                await asyncio.sleep(0)
        b.inbox.close()

    run(scene())


def test_only_what_people_see_counts_as_a_change() -> None:
    async def scene() -> None:
        b = bench(h.Target("8.8.8.8"))
        b.changes.clear()
        b.inbox.put(h.Counters("rem1", 10, 10))
        assert not b.changes
        b.inbox.put(h.SecurityAssociations("rem1", 0, 0))
        assert b.changes
        b.inbox.close()

    run(scene())
