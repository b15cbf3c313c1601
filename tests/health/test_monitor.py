"""The schedule of tests: golden timelines, phases, late and lost answers, stalls, and the mathematics of chance."""

from __future__ import annotations

import random
from dataclasses import replace
from operator import mul

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipsec_client.base.clock import Now
from ipsec_client.health import monitor
from ipsec_client.health.types import (
    Answer,
    Counters,
    Intended,
    KniLink,
    Lower,
    Probe,
    ProbeAnswers,
    ProbeFailed,
    RepairDone,
    Restart,
    SecurityAssociations,
    Tick,
)
from ipsec_client.health.wanted import Target, TunnelIntent
from tests.health.simulate import simulate
from tests.health.world import EPOCH, Gateway, world

DOCUMENTED = Target("8.8.8.8", interval=120, timeout=10, max_retries=3)
DEFAULT = Target("8.8.8.8")
FAST = Target("8.8.8.8", interval=0.05, timeout=0.25, max_retries=5)
SILENT = Gateway(silent_from=0.0)


def test_the_documented_monitor_to_the_letter() -> None:
    """decisions: attempts at 0, 3.33, 6.67 s, unhealthy at 10 s, restart, next test at 120 s."""
    there = world(DOCUMENTED, obedient=False, gateways=[SILENT])
    there.put(KniLink("rem1", True))
    there.run(131)
    assert there.times(Probe) == [0.0, 3.333, 6.667, 120.0, 123.333, 126.667]
    assert there.times(Restart) == [10.0, 130.0]
    assert there.tunnel().verdict.reason == "no answer from 8.8.8.8"
    assert there.tunnel().tests[0].status == "down"


def test_a_reply_to_any_attempt_ends_the_test() -> None:
    there = world(DOCUMENTED, gateways=[Gateway(silent_from=0.0, silent_until=5.0)])
    there.run(250)
    assert there.times(Probe) == [0.0, 3.333, 6.667, 120.0, 240.0]
    assert not there.times(Restart)
    assert there.tunnel().verdict.judgement == "up"


def test_tests_follow_each_other_at_once_where_the_interval_is_shorter() -> None:
    there = world(Target("8.8.8.8", interval=1, timeout=3, max_retries=1), gateways=[SILENT])
    there.obedient = False
    there.run(9.5)
    assert there.times(Probe) == [0.0, 3.0, 6.0, 9.0]


def test_an_answered_quick_monitor_keeps_its_interval() -> None:
    there = world(DEFAULT)
    there.run(1.1)
    assert there.times(Probe) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_tests_due_within_milliseconds_share_a_waking_and_keep_their_rhythm() -> None:
    there = world(DEFAULT, Target("9.9.9.9", interval=0.201))
    there.run(0.7)
    assert there.times(Probe) == [0.0, 0.0, 0.2, 0.2, 0.4, 0.4, 0.6, 0.6]
    there.run(2.05)
    assert there.times(Probe, since=1.9) == [2.0, 2.01]


def test_quick_tests_of_tunnels_that_came_up_at_different_times_begin_together() -> None:
    there = world(DEFAULT, remotes=2)
    there.put(SecurityAssociations("rem2", 0, 0))
    there.run(0.57)
    there.put(SecurityAssociations("rem2", 1, 1))
    there.run(0.9)
    assert there.times(Probe, "rem2", since=0.5) == [0.57, 0.6, 0.8]
    assert there.times(Probe, "rem1", since=0.5) == [0.6, 0.8]


@pytest.mark.parametrize(
    ("target", "round_trip", "waits"),
    [
        (DEFAULT, 0.02, True),
        (DEFAULT, 0.15, False),
        (Target("8.8.8.8", interval=1.0, timeout=0.8), 0.02, False),
    ],
)
def test_answers_may_wait_where_the_next_test_is_soon_and_they_are_long_before(
    target: Target, round_trip: float, waits: bool
) -> None:
    there = world(target, gateways=[Gateway(round_trip)])
    assert monitor.hear_at(there.tunnel(), there.now) is None
    there.run(3.01)
    tunnel = there.tunnel()
    assert monitor.hear_at(tunnel, there.now) == (tunnel.tests[0].rhythm if waits else None)
    there.gateways["rem1"].silent_from = there.time
    there.run(3.21)
    assert monitor.hear_at(there.tunnel(), there.now) == (pytest.approx(3.4) if waits else None)
    there.run(3.45)
    assert monitor.hear_at(there.tunnel(), there.now) is None


@given(st.floats(0.01, 0.99), st.floats(0, 1e7))
def test_a_quick_test_follows_at_its_interval_at_the_latest_and_keeps_to_it(
    interval: float, begun: float
) -> None:
    first = monitor.due_after(interval, begun)
    assert 0 < first - begun <= interval * 1.00001
    for _ in range(50):
        second = monitor.due_after(interval, first)
        assert second - first == pytest.approx(interval, rel=1e-6)
        first = second


def test_a_quick_monitor_goes_at_twice_the_pace_once_it_missed_one() -> None:
    assert monitor.offsets(DEFAULT) == pytest.approx((0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7))
    assert monitor.offsets(DOCUMENTED) == pytest.approx((0, 10 / 3, 20 / 3))


@settings(deadline=None, max_examples=40)
@given(
    phase=st.floats(0.0, 0.4),
    round_trip=st.floats(0.001, 0.6),
    target=st.sampled_from([(DEFAULT, 1.0), (FAST, 0.3)]),
)
def test_a_silent_gateway_is_left_in_time_in_every_phase(
    phase: float, round_trip: float, target: tuple[Target, float]
) -> None:
    """The promise: lowered 1.0 s (fast: 0.3 s) after the last answer at the latest."""
    monitored, promised = target
    round_trip = min(round_trip, monitored.timeout * 0.75)
    gateway = Gateway(round_trip, silent_from=5.0 + phase)
    there = world(monitored, gateways=[gateway])
    there.run(10.0)
    lowered = there.times(Lower, since=5.0)
    assert len(lowered) == 1
    assert lowered[0] - there.answers["rem1"][-1] <= promised + 0.001


def test_an_answer_counts_for_the_test_it_belongs_to() -> None:
    there = world(DOCUMENTED, obedient=False, gateways=[SILENT])
    there.run(11.0)
    there.put(ProbeAnswers("rem1", (Answer("8.8.8.8", 2, 7.0),)))
    assert there.tunnel().tests[0].status == "down"
    there.run(120.5)
    there.put(ProbeAnswers("rem1", (Answer("8.8.8.8", 2, 117.0),)))
    assert there.tunnel().tests[0].status == "down"
    there.put(ProbeAnswers("rem1", (Answer("8.8.8.8", 3, 0.5),)))
    assert there.tunnel().tests[0].status == "up"


def test_an_answer_from_elsewhere_changes_nothing() -> None:
    there = world(DOCUMENTED, gateways=[SILENT])
    before = there.client
    assert there.put(ProbeAnswers("rem1", (Answer("9.9.9.9", 0, 0.1),))) == []
    assert there.put(ProbeAnswers("rem9", (Answer("8.8.8.8", 0, 0.1),))) == []
    assert there.client is before


def test_sequences_stay_within_sixteen_bits() -> None:
    there = world(DEFAULT)
    there.run(0.9)
    tunnel = there.tunnel()
    tests = (replace(tunnel.tests[0], sequence=65534),)
    there.client = replace(there.client, tunnels=(replace(tunnel, tests=tests),))
    chance = random.Random(2)
    there.gateways["rem1"].loses = lambda: chance.random() < 0.4
    there.run(3.0)
    sequences = [e.sequence for at, e in there.log if isinstance(e, Probe) and at > 0.9]
    assert sequences[:4] == [65534, 65535, 0, 1]
    assert not there.times(Lower)


@pytest.mark.parametrize(("target", "wanted"), [(DEFAULT, 3), (DOCUMENTED, 1)])
def test_a_quick_monitor_wants_three_good_tests_after_a_failure_a_slow_one_one(
    target: Target, wanted: int
) -> None:
    there = world(target, obedient=False, gateways=[Gateway(silent_from=0, silent_until=119)])
    there.run(119)
    assert there.tunnel().verdict.judgement == "down"
    while there.tunnel().verdict.judgement == "down":
        there.run(there.time + 0.001)
    assert len(there.answers["rem1"]) == wanted


def test_what_cannot_be_sent_is_unknown_and_soon_tried_again() -> None:
    there = world(DOCUMENTED)
    there.run(0.5)
    assert there.tunnel().verdict.judgement == "up"
    there.run(120)
    there.put(ProbeFailed("rem1", "8.8.8.8", 1, "no such device"))
    assert there.tunnel().verdict.judgement == "unknown"
    assert there.tunnel().carrying.state == "raised"
    there.run(121.5)
    assert there.times(Probe) == [0.0, 120.0, 121.0]
    assert there.tunnel().verdict.judgement == "up"
    assert not there.times(Lower)


def test_a_name_that_never_resolves_is_never_down() -> None:
    there = world(DEFAULT)
    there.gateways["rem1"] = SILENT
    for _ in range(200):
        there.run(there.time + 0.05)
        for _, effect in there.log[-1:]:
            if isinstance(effect, Probe):
                there.put(ProbeFailed("rem1", "8.8.8.8", effect.sequence, "unresolved"))
    assert there.tunnel().verdict.judgement == "unknown"
    assert not there.times(Restart)


def test_nobody_watching_is_no_missed_test() -> None:
    """The agent stood still for two seconds: the answers were not waited for, so nothing was missed."""
    there = world(DEFAULT)
    there.run(1.01)
    there.time = 3.0
    assert not [effect for effect in there.put(Tick()) if isinstance(effect, Lower)]
    there.run(10.0)
    assert not there.times(Lower)
    assert there.tunnel().verdict.judgement == "up"


def test_a_stall_at_the_end_of_a_test_asks_once_more() -> None:
    there = world(DEFAULT, gateways=[Gateway(silent_from=1.0)])
    there.run(1.75)
    there.time = 2.1
    there.put(Tick())
    assert not there.times(Lower)
    there.run(3.0)
    assert there.times(Probe, since=1.75)[:2] == [2.1, 2.2]
    assert there.times(Lower) == [2.3]


def test_without_sas_nothing_is_probed_and_new_ones_are_proven_at_once() -> None:
    there = world(DOCUMENTED)
    there.run(30)
    there.put(SecurityAssociations("rem1", 0, 0))
    there.run(34)
    assert there.tunnel().tests[0].status == "unknown"
    there.put(SecurityAssociations("rem1", 1, 1))
    there.run(130)
    assert there.times(Probe) == [0.0, 34.0, 120.0]


def test_probes_go_on_while_the_kni_is_down() -> None:
    there = world(DEFAULT, obedient=False, gateways=[Gateway(silent_from=1, silent_until=30)])
    there.run(29)
    assert there.tunnel().carrying.state == "lowered"
    assert len(there.times(Probe, since=28.0)) >= 8
    there.run(31)
    assert there.tunnel().carrying.state == "raised"


def test_traffic_that_goes_out_and_never_comes_back_is_a_suspicion() -> None:
    there = world(DOCUMENTED)
    there.run(20)
    for second in range(4):
        there.put(Counters("rem1", 5000, 1000 + 100 * second))
        there.run(there.time + 1)
    assert there.times(Probe) == [0.0, 22.0]
    there.run(130)
    assert there.times(Probe) == [0.0, 22.0, 120.0]


@pytest.mark.parametrize(
    "samples",
    [
        [(0, 0), (0, 0), (0, 0), (0, 0), (0, 100)],  # idle, and then a first packet
        [(0, 0), (9, 9), (18, 18), (27, 27)],  # both ways
        [(0, 0), (9, 0), (18, 0), (27, 0)],  # only in
        [(900, 900), (0, 0), (9, 9), (18, 18)],  # a new device
    ],
)
def test_other_traffic_is_none(samples: list[tuple[int, int]]) -> None:
    there = world(DOCUMENTED)
    there.run(20)
    for inbound, outbound in samples:
        there.put(Counters("rem1", inbound, outbound))
        there.run(there.time + 1)
    assert there.times(Probe) == [0.0]


def test_our_own_unanswered_probes_are_no_suspicion() -> None:
    there = world(DOCUMENTED, obedient=False, gateways=[SILENT])
    for second in (0, 5, 11, 20, 30):
        there.run(second)
        there.put(Counters("rem1", 0, 84 * len(there.times(Probe))))
    there.run(100)
    assert there.times(Probe) == [0.0, 3.333, 6.667]


def test_a_destination_named_twice_is_tested_once() -> None:
    there = world(DEFAULT, DOCUMENTED)
    there.run(1.0)
    assert [test.target for test in there.tunnel().tests] == [DOCUMENTED]
    assert there.tunnel().verdict.judgement == "up"


def test_targets_that_stay_keep_what_is_known_of_them() -> None:
    other = Target("1.1.1.1")
    there = world(DEFAULT)
    there.run(1.0)
    there.put(Intended((TunnelIntent("rem1", (other, DEFAULT)),)))
    kept = there.tunnel().tests[1]
    assert kept.status == "up"
    assert there.tunnel().verdict.judgement == "unknown"
    assert there.tunnel().carrying.state == "raised"
    there.run(1.1)
    assert there.tunnel().verdict.judgement == "up"


@pytest.mark.parametrize("target", [Target("8.8.8.8", 0, 0, 0), Target("8.8.8.8", -1, -1, -1)])
def test_no_timing_makes_a_flood(target: Target) -> None:
    there = world(target)
    there.run(1.0)
    assert len(there.times(Probe)) <= 101


def test_one_percent_loss_fails_no_test_in_twenty_days_by_calculation() -> None:
    """All attempts of a test must be lost at once; docs/health.md, "Chance"."""
    tests = 20 * 86400 / DEFAULT.interval
    for round_trip in (0.02, 0.1, 0.2, 0.3):
        count = sum(offset + round_trip <= DEFAULT.timeout for offset in monitor.offsets(DEFAULT))
        assert tests * 0.01**count < 0.001
    assert tests * 0.01**DEFAULT.max_retries > 0.08  # without the doubled pace


def test_the_calculation_holds_where_chance_is_quick() -> None:
    """At half of all round trips lost one test in 2^7 fails: the law that gives 1e-14 at one in a hundred."""
    ends = monitor.offsets(DEFAULT)
    chances = [0.5 ** (attempt + 1) for attempt in range(len(ends))]
    lengths = [max(DEFAULT.interval, end) for end in ends]
    failing = 0.5 ** len(ends)
    length = sum(map(mul, chances, lengths)) + failing * DEFAULT.timeout
    expected = failing * 1500 / length
    lowered = simulate(DEFAULT, 1500, loss=0.5, round_trip=0.001, seed=7)
    assert lowered == pytest.approx(expected, rel=0.3)


def test_one_percent_loss_fails_no_test_in_simulation() -> None:
    assert simulate(DEFAULT, 1200, loss=0.01, round_trip=0.04, seed=20) == 0


def test_heavy_loss_is_seen() -> None:
    chance = random.Random(20)
    there = world(DEFAULT, gateways=[Gateway(loses=lambda: chance.random() < 0.9)])
    there.run(60)
    assert there.times(Lower)


def test_loss_and_round_trip_are_smoothed() -> None:
    chance = random.Random(3)
    there = world(DEFAULT, gateways=[Gateway(0.04, loses=lambda: chance.random() < 0.2)])
    there.run(300)
    test = there.tunnel().tests[0]
    assert 0.05 < test.loss < 0.35
    assert test.round_trip == pytest.approx(0.04)
    assert test.last_attempt_wall is not None
    assert EPOCH + 299 < test.last_attempt_wall <= EPOCH + 300


def test_nothing_is_due_before_its_time() -> None:
    there = world(DEFAULT)
    there.run(1.0)
    tunnel = there.tunnel()
    assert monitor.advance(tunnel, Now(1.0, EPOCH)) == (tunnel, [])


def test_a_repair_is_reported_without_effect_on_the_schedule() -> None:
    there = world(DOCUMENTED, gateways=[SILENT])
    there.run(5)
    before = there.tunnel().tests
    there.put(RepairDone("rem1"))
    assert there.tunnel().tests == before
