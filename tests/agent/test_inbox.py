"""The inbox: effects in order and at once, one step at a time, no event lost, woken when health asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ipsec_client.agent.inbox import Inbox
from ipsec_client.base.clock import Now
from ipsec_client.health import types as h
from ipsec_client.health.wanted import Policy, Target, TunnelIntent


@dataclass
class Hands:
    """Notes what it is told to do."""

    done: list[h.Effect] = field(default_factory=list)
    unsent: str = ""
    listening: bool = True
    hearing: Callable[[], None] = lambda: None

    def lower(self, effect: h.Lower) -> None:
        self.done.append(effect)

    def raise_(self, effect: h.Raise) -> None:
        self.done.append(effect)

    def probe(self, effect: h.Probe) -> str:
        self.done.append(effect)
        return self.unsent

    def listen(self, remote: str, at_once: bool) -> None:
        self.listening = at_once

    def hear(self) -> None:
        self.hearing()

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


def bench(*targets: Target) -> Bench:
    hands, clock, changes = Hands(), Clock(), list[None]()
    inbox = Inbox(h.Client(started=clock.mono), hands, lambda: changes.append(None), clock)
    inbox.put(h.Intended((TunnelIntent("rem1", targets),)))
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
        b = bench(Target("8.8.8.8"))
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
        b = bench(Target("8.8.8.8"))
        b.inbox.put(h.ProbeAnswers("rem1", (h.Answer("8.8.8.8", 0, 0.01),)))
        b.hands.done.clear()
        b.clock.mono += 10  # health wants to be woken long before
        b.inbox.put(h.Counters("rem1", 0, 0))
        async with asyncio.timeout(5):
            while not b.hands.of(h.Probe):
                await asyncio.sleep(0)
        b.inbox.close()

    run(scene())


def proven(b: Bench) -> None:
    """Three tests in a row are answered, each in 10 ms; then one is under way."""
    for _ in range(3):
        (*_, probe) = (effect for effect in b.hands.done if isinstance(effect, h.Probe))
        b.clock.mono += 0.01
        answer = h.Answer(probe.destination, probe.sequence, 0.01)
        b.inbox.put(h.ProbeAnswers("rem1", (answer,)))
        b.clock.mono += 0.19
        b.inbox.put(h.Tick())
    assert b.inbox.state.tunnel("rem1").verdict.judgement == "up"


def test_what_was_answered_before_an_event_counts_before_it() -> None:
    async def scene() -> None:
        b = bench(Target("8.8.8.8", timeout=0.8, max_retries=1))
        proven(b)
        sequence = b.inbox.state.tunnel("rem1").tests[0].first
        answer = h.ProbeAnswers("rem1", (h.Answer("8.8.8.8", sequence, 0.01),))
        b.hands.hearing = lambda: b.inbox.put(answer)
        b.clock.mono += 0.8  # the end of the test
        b.hands.done.clear()
        b.inbox.put(h.Tick())
        assert not b.hands.of(h.Lower)
        assert b.inbox.state.tunnel("rem1").verdict.judgement == "up"
        b.inbox.close()

    run(scene())


def test_answers_of_a_tunnel_that_is_well_wait_for_its_next_test() -> None:
    async def scene() -> None:
        b = bench(Target("8.8.8.8"))
        proven(b)
        well = b.hands.listening
        b.clock.mono += 0.2  # the next test is due, and this one is not answered
        b.inbox.put(h.Tick())
        assert (well, b.hands.listening) == (False, True)
        b.inbox.close()

    run(scene())


def test_only_what_people_see_counts_as_a_change() -> None:
    async def scene() -> None:
        b = bench(Target("8.8.8.8"))
        b.changes.clear()
        b.inbox.put(h.Counters("rem1", 10, 10))
        assert not b.changes
        b.inbox.put(h.SecurityAssociations("rem1", 0, 0))
        assert b.changes
        b.inbox.close()

    run(scene())


def test_where_traffic_belongs_is_kept_as_soon_as_it_moves() -> None:
    async def scene() -> None:
        clock, changes = Clock(), list[None]()
        state = h.Client(started=clock.mono)
        inbox = Inbox(state, Hands(), lambda: changes.append(None), clock)
        tunnels = (TunnelIntent("rem0"), TunnelIntent("rem1"))
        inbox.put(h.Intended(tunnels, policy=Policy(failback="manual")))
        inbox.put(h.PlutoState(True))
        inbox.put(h.SecurityAssociations("rem0", 0, 0))
        inbox.put(h.SecurityAssociations("rem1", 1, 1))
        while inbox.state.in_use is None:  # rem0 does not come up
            assert clock.mono < 110
            changes.clear()
            clock.mono += 0.1
            inbox.put(h.Tick())
        assert changes
        inbox.close()

    run(scene())
