"""What holds whatever happens, in whatever order: random histories of a client, judged by a model of their own."""

from __future__ import annotations

from ipaddress import ip_network
from math import inf

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ipsec_client.base.clock import Now
from ipsec_client.health.memory import from_memory, to_memory
from ipsec_client.health.repair import BACK_OFF, JITTER, LOST
from ipsec_client.health.step import next_wake, step
from ipsec_client.health.types import (
    Answer,
    Client,
    ConnectionState,
    Counters,
    Effect,
    Event,
    Intended,
    KniLink,
    Loaded,
    Lower,
    Negotiation,
    OperatorRestart,
    PlutoState,
    Probe,
    ProbeAnswers,
    ProbeFailed,
    Raise,
    RepairDone,
    Replacing,
    Restart,
    SecurityAssociations,
    Tick,
)
from ipsec_client.health.wanted import Target, TunnelIntent

TARGET = Target("8.8.8.8", latency_limit=0.1)
EIGHT = tuple((ip_network("10.0.0.0/16"), ip_network(f"10.{number}.0.0/16")) for number in range(8))
INTENTS = (
    TunnelIntent("rem1", (TARGET,)),
    TunnelIntent("rem2"),
    TunnelIntent("rem3", (TARGET, Target("1.1.1.1", 120, 10, 3)), required=1, pairs=EIGHT),
)
REMOTES = st.sampled_from(["rem1", "rem2", "rem3", "nobody"])
COUNTS = st.sampled_from([0, 1, 1, 2])
LOADED = st.sampled_from([None, Loaded(), Loaded("loaded"), Loaded("refused", "bad")])
NEGOTIATION = st.sampled_from(
    [
        None,
        Negotiation(),
        Negotiation("trying", 1),
        Negotiation("established"),
        Negotiation("blocked", blocker="key"),
    ]
)

SHORTEST = BACK_OFF[0] * (1 - JITTER) - 1e-6
"""Seconds from one repair to the next, where nothing made it due anew."""


class Histories(RuleBasedStateMachine):
    """A client to which anything may happen."""

    @initialize(cold=st.booleans())
    def begin(self, cold: bool) -> None:
        self.time = 1000.0
        self.client = Client(started=self.time, cold=cold)
        self.sas: dict[str, tuple[int, int]] = {}
        self.proven: set[str] = set()
        self.sent: dict[tuple[str, str], int] = {}
        self.through: set[tuple[str, str, int]] = set()  # probes that went through the present SAs
        self.outstanding: dict[str, float] = {}
        self.links: dict[str, bool] = {}
        self.paced: dict[str, float] = {}  # its last repair, unless something has made it due anew
        self.put(Intended(INTENTS))

    # --- what happens ---------------------------------------------------------------------------------

    @rule(remote=REMOTES, inbound=COUNTS, outbound=COUNTS, pairs=st.integers(1, 8))
    def associations(self, remote: str, inbound: int, outbound: int, pairs: int) -> None:
        self.put(SecurityAssociations(remote, inbound, outbound, pairs))

    @rule(alive=st.booleans())
    def pluto(self, alive: bool) -> None:
        self.put(PlutoState(alive))

    @rule(remote=REMOTES, loaded=LOADED, negotiation=NEGOTIATION)
    def connection(
        self, remote: str, loaded: Loaded | None, negotiation: Negotiation | None
    ) -> None:
        self.put(ConnectionState(remote, loaded, negotiation))

    @rule(round_trip=st.sampled_from([0.01, 0.4]), back=st.integers(0, 3))
    def answer(self, round_trip: float, back: int) -> None:
        for (remote, destination), sequence in list(self.sent.items()):
            answered = (sequence - back) % 65536
            if (remote, destination, answered) in self.through:
                self.proven.add(remote)
            self.put(ProbeAnswers(remote, (Answer(destination, answered, round_trip),)))

    @rule(remote=REMOTES, back=st.integers(0, 2))
    def unsent(self, remote: str, back: int) -> None:
        for (sender, destination), sequence in list(self.sent.items()):
            if sender == remote:
                self.put(ProbeFailed(remote, destination, sequence - back, "no device"))

    @rule(remote=REMOTES, inbound=st.integers(0, 99), outbound=st.integers(0, 99))
    def counters(self, remote: str, inbound: int, outbound: int) -> None:
        self.put(Counters(remote, inbound, outbound))

    @rule(remote=REMOTES, up=st.booleans())
    def link(self, remote: str, up: bool) -> None:
        self.put(KniLink(remote, up))

    @rule()
    def links_as_told(self) -> None:
        for remote, up in self.links.items():
            self.put(KniLink(remote, up))

    @rule(remote=REMOTES, request=st.sampled_from(["", "1", "2"]))
    def operator(self, remote: str, request: str) -> None:
        self.put(OperatorRestart(remote, request))

    @rule(remote=REMOTES)
    def replacing(self, remote: str) -> None:
        self.put(Replacing(remote))

    @rule(
        remote=REMOTES,
        failure=st.sampled_from(["", "", "no answer from pluto"]),
        left=st.sampled_from([0, 0, 2, 5]),
    )
    def repaired(self, remote: str, failure: str, left: int) -> None:
        self.put(RepairDone(remote, failure, left))

    @rule(
        intents=st.lists(st.sampled_from(INTENTS), max_size=3),
        restarted=st.lists(REMOTES, max_size=2),
    )
    def commit(self, intents: list[TunnelIntent], restarted: list[str]) -> None:
        self.put(Intended(tuple(intents), tuple(restarted)))
        for remote in {intent.remote for intent in INTENTS} - {i.remote for i in intents}:
            self.sas.pop(remote, None)
            self.outstanding.pop(remote, None)
            self.unprove(remote)
        self.put(Intended(INTENTS))

    @rule(seconds=st.sampled_from([0.001, 0.1, 0.2, 1.0, 5.0, 30.0]), late=st.floats(0.0, 0.5))
    def wait(self, seconds: float, late: float) -> None:
        until = self.time + seconds
        while (wake := next_wake(self.client)) is not None and wake <= until:
            self.time = max(self.time, wake) + late
            self.put(Tick())
        self.time = max(self.time, until)

    # --- what must hold -------------------------------------------------------------------------------

    def put(self, event: Event) -> None:
        before = self.client
        now = Now(self.time, self.time)
        self.client, effects = step(before, event, now)
        self.learn(event)
        self.check_order(effects)
        self.check_lowering(before, effects)
        for effect in effects:
            self.check(effect)
        if isinstance(event, SecurityAssociations | PlutoState | KniLink | Tick):
            self.check_repetition(event, now)

    def learn(self, event: Event) -> None:
        match event:
            case SecurityAssociations(remote, inbound, outbound) if (
                self.client.pluto_alive is not False
            ):
                if not (inbound and outbound) or 0 in self.sas.get(remote, (0, 0)):
                    self.unprove(remote)
                self.sas[remote] = (inbound, outbound)
            case PlutoState(False):
                self.paced.clear()
                self.sas = dict.fromkeys(("rem1", "rem2", "rem3"), (0, 0))
                self.proven.clear()
                self.through.clear()
            case ConnectionState(remote) | Replacing(remote) | OperatorRestart(remote):
                self.paced.pop(remote, None)
            case Intended():
                self.paced.clear()
            case RepairDone(remote):
                self.outstanding.pop(remote, None)

    def unprove(self, remote: str) -> None:
        self.proven.discard(remote)
        self.through = {probe for probe in self.through if probe[0] != remote}

    def check_order(self, effects: list[Effect]) -> None:
        kinds = [isinstance(effect, Lower) for effect in effects]
        assert kinds == sorted(kinds, reverse=True)

    def check_lowering(self, before: Client, effects: list[Effect]) -> None:
        lowered = {effect.remote for effect in effects if isinstance(effect, Lower)}
        known = {tunnel.intent.remote for tunnel in self.client.tunnels}
        up = {t.intent.remote for t in self.client.tunnels if t.verdict.judgement == "up"}
        for tunnel in before.tunnels:
            remote = tunnel.intent.remote
            if tunnel.carrying.state != "raised" or remote not in known:
                continue
            after = self.client.tunnel(remote)
            if 0 in self.sas.get(remote, (1, 1)) and tunnel.kni_up:
                assert remote in lowered or after.carrying.reason == "another hand lowered it"
            if after.verdict.judgement == "degraded" and not up:
                assert remote not in lowered

    def check(self, effect: Effect) -> None:
        match effect:
            case Raise(remote):
                assert all(self.sas[remote])
                assert remote in self.proven or remote == "rem2"
                self.links[remote] = True
            case Lower(remote):
                self.links[remote] = False
            case Restart(remote, how, reason):
                assert self.outstanding.get(remote, -LOST) + LOST <= self.time
                assert how != "initiate" or self.sas[remote] == (0, 0)
                if how in ("restart", "replace") and reason != "it was asked for":
                    assert self.time - self.paced.get(remote, -inf) > SHORTEST
                self.outstanding[remote] = self.paced[remote] = self.time
            case Probe(remote, destination, sequence):
                assert all(self.sas[remote])
                self.sent[remote, destination] = sequence
                self.through.add((remote, destination, sequence))

    def check_repetition(self, event: Event, now: Now) -> None:
        again, effects = step(self.client, event, now)
        if isinstance(event, KniLink):  # a foreign raise is lowered as often as it is seen
            effects = [effect for effect in effects if not isinstance(effect, Lower)]
        assert effects == []
        assert again == self.client

    @invariant()
    def every_wake_gets_somewhere(self) -> None:
        if not hasattr(self, "client"):
            return
        settled, _ = step(self.client, Tick(), Now(self.time, self.time))
        wake = next_wake(settled)
        assert wake is None or wake > self.time

    @invariant()
    def the_memory_is_readable(self) -> None:
        if hasattr(self, "client"):
            now = Now(self.time, self.time)
            kept = to_memory(self.client, now)
            assert to_memory(from_memory(kept, now), now).keys() == kept.keys()


Histories.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestHistories = Histories.TestCase
