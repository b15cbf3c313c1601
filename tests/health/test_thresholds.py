"""Tests in a row: how many missed ones fail a destination, how many good ones bring it back, and what that costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipsec_client.health import monitor
from ipsec_client.health.types import (
    Intended,
    Lower,
    Probe,
    ProbeFailed,
    ProbeRejected,
    Raise,
    Restart,
    SecurityAssociations,
)
from ipsec_client.health.wanted import Target, TunnelIntent
from tests.health.simulate import simulate
from tests.health.world import Gateway, world

DOCUMENTED = Target("8.8.8.8", interval=120, timeout=10, max_retries=3)
DEFAULT = Target("8.8.8.8")
SILENT = Gateway(silent_from=0.0)


def test_the_documented_monitor_with_thresholds_to_the_letter() -> None:
    """10 / 3 / 120, fail-threshold 2, recover-threshold 2: lowered and restarted by the second test alone."""
    target = replace(DOCUMENTED, fail_threshold=2, recover_threshold=2)
    there = world(target, obedient=False, gateways=[Gateway(silent_from=1.0, silent_until=300)])
    there.run(240.5)
    first = [0.0, 120.0, 123.333, 126.667, 240.0]
    assert there.times(Probe) == first
    assert there.times(Lower) == there.times(Restart) == []
    there.run(250.5)
    assert there.times(Lower) == there.times(Restart) == [250.0]
    there.run(601)
    assert there.times(Probe, since=251) == [360.0, 480.0, 600.0]
    assert there.times(Raise, since=1) == [480.02]


def test_a_quick_monitor_with_thresholds_to_the_letter() -> None:
    """200ms / 800ms / 4, fail-threshold 2: the second test follows the first at once, each with its own pace."""
    target = replace(DEFAULT, fail_threshold=2, recover_threshold=5)
    there = world(target, gateways=[Gateway(silent_from=1.0, silent_until=10.0)], obedient=False)
    there.run(3)
    attempts = [0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5]
    assert there.times(Probe, since=0.9)[:14] == [round(1 + each, 3) for each in attempts]
    assert there.times(Lower) == [2.6]
    there.run(12)
    raised = there.times(Raise, since=3)[0]
    good = [at for at in there.answers["rem1"] if at > 10]
    assert raised == round(good[4], 3)


@settings(deadline=None, max_examples=30)
@given(
    phase=st.floats(0.0, 1.0),
    threshold=st.integers(1, 4),
    target=st.sampled_from([DEFAULT, Target("8.8.8.8", interval=2, timeout=1, max_retries=2)]),
)
def test_a_silent_gateway_is_left_in_time_whatever_the_threshold(
    phase: float, threshold: int, target: Target
) -> None:
    """docs/health.md: interval + timeout + (fail-threshold - 1) times the longer of both."""
    monitored = replace(target, fail_threshold=threshold)
    promised = target.interval + target.timeout
    promised += (threshold - 1) * max(target.interval, target.timeout)
    there = world(monitored, gateways=[Gateway(silent_from=5.0 + phase)])
    there.run(25.0)
    lowered = there.times(Lower, since=5.0)
    assert len(lowered) == 1
    assert lowered[0] - there.answers["rem1"][-1] <= promised + 0.001


def test_an_answer_in_between_begins_the_count_anew() -> None:
    target = replace(DEFAULT, fail_threshold=2)
    there = world(target, gateways=[Gateway(silent_from=1.0, silent_until=1.95)])
    there.run(1.9)
    assert there.tunnel().tests[0].missed == 1
    assert there.tunnel().verdict.judgement == "up"
    there.run(3)
    assert there.tunnel().tests[0].missed == 0
    assert not there.times(Lower)


def test_one_percent_loss_fails_no_threshold_in_twenty_days_by_calculation() -> None:
    """With fail-threshold 2 and two attempts a test: docs/health.md, "Chance"."""
    target = replace(DEFAULT, max_retries=2, fail_threshold=2)
    tests = 20 * 86400 / target.interval
    count = sum(offset + 0.04 <= target.timeout for offset in monitor.offsets(target))
    assert (count, tests * 0.01 ** (count * 2) < 1e-4) == (3, True)
    assert tests * 0.01**count > 8  # a single test would fail


def test_the_law_of_thresholds_holds_where_chance_is_quick() -> None:
    """At half of all round trips lost a test of 3 attempts fails in 1 of 8, and two in a row in 1 of 64."""
    target = replace(DEFAULT, max_retries=2, fail_threshold=2)
    ends = monitor.offsets(target)
    failing = 0.5 ** len(ends)
    chances = [0.5 ** (attempt + 1) for attempt in range(len(ends))]
    lengths = [max(target.interval, end) for end in ends]
    length = sum(c * n for c, n in zip(chances, lengths, strict=True)) + failing * target.timeout
    # A run of two failures begins with a test that fails after one that did not.
    fails = failing**2 / (1 + failing) / length * 1500
    lowered = simulate(target, 1500, loss=0.5, round_trip=0.001, seed=7)
    assert lowered == pytest.approx(fails, rel=0.5)
    assert lowered < simulate(replace(target, fail_threshold=1), 1500, 0.5, 0.001, 7) / 3


def test_one_percent_loss_fails_no_threshold_in_simulation() -> None:
    target = replace(DEFAULT, max_retries=2, fail_threshold=2)
    assert simulate(target, 1200, loss=0.01, round_trip=0.04, seed=20) == 0


def test_what_could_not_be_asked_counts_neither_way() -> None:
    target = replace(DEFAULT, fail_threshold=2)
    there = world(target, gateways=[Gateway(silent_from=1.0)])
    there.run(1.85)
    sequence = there.tunnel().tests[0].sequence
    there.put(ProbeFailed("rem1", "8.8.8.8", sequence - 1, "no such device"))
    assert there.tunnel().tests[0].missed == 1
    assert there.tunnel().tests[0].status == "unknown"
    assert there.tunnel().verdict.reason == "8.8.8.8 cannot be asked: no such device"
    there.run(4)
    assert len(there.times(Lower)) == 1


def test_new_sas_are_given_all_their_tests() -> None:
    target = replace(DEFAULT, fail_threshold=3)
    there = world(target, gateways=[Gateway(silent_from=1.0)], obedient=False)
    there.run(2.0)
    there.put(SecurityAssociations("rem1", 0, 0), SecurityAssociations("rem1", 1, 1))
    assert there.tunnel().tests[0].missed == 0


def test_a_destination_is_not_proven_by_an_edit() -> None:
    target = replace(DEFAULT, recover_threshold=4)
    there = world(target, gateways=[SILENT], obedient=False)
    there.run(2.0)
    there.put(Intended((TunnelIntent("rem1", (replace(target, interval=0.3),)),)))
    assert there.tunnel().tests[0].owed == 4
    easier = replace(target, recover_threshold=2)
    there.put(Intended((TunnelIntent("rem1", (easier,)),)))
    assert there.tunnel().tests[0].owed == 2


def test_an_outage_is_no_loss_and_what_is_lost_between_answers_is() -> None:
    target = replace(DEFAULT, fail_threshold=2)
    there = world(target, gateways=[Gateway(silent_from=1.0, silent_until=30.0)], obedient=False)
    there.run(29)
    test = there.tunnel().tests[0]
    assert test.status == "down"
    assert 0 < test.loss < 0.15  # the first of the two tests that were missed
    single = world(DEFAULT, gateways=[Gateway(silent_from=1.0)], obedient=False)
    single.run(29)
    assert single.tunnel().tests[0].loss == 0


def test_a_bad_answer_is_a_failed_attempt_whose_reason_the_verdict_tells() -> None:
    there = world(DEFAULT, Target("9.9.9.9"), gateways=[SILENT], obedient=False)
    while there.time < 1:
        for at, effect in there.log:
            if isinstance(effect, Probe) and effect.destination == "8.8.8.8" and at == there.time:
                there.put(ProbeRejected("rem1", "8.8.8.8", effect.sequence, "refuses port 80"))
        there.run(there.time + 0.05)
    assert there.tunnel().verdict.judgement == "down"
    assert there.tunnel().verdict.reason == "no answer from 9.9.9.9; 8.8.8.8 refuses port 80"
    assert len(there.times(Lower)) <= 1
    before = there.client
    there.put(ProbeRejected("rem1", "8.8.8.8", 60_000, "answers 503"))  # of a test that is over
    assert there.client is before


def test_a_good_answer_ends_what_a_bad_one_said() -> None:
    there = world(DEFAULT)
    there.run(0.21)
    sequence = there.tunnel().tests[0].sequence - 1
    there.put(ProbeRejected("rem1", "8.8.8.8", sequence, "answers 503"))
    assert there.tunnel().tests[0].rejection == "answers 503"
    assert there.tunnel().verdict.judgement == "up"
    there.run(0.5)
    assert there.tunnel().tests[0].rejection == ""
