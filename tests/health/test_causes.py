"""What helps where: evidence that points at a repair, and what must not be done meanwhile."""

from __future__ import annotations

from ipsec_client.health.types import (
    ConnectionState,
    Counters,
    Loaded,
    Negotiation,
    OperatorRestart,
    Orphaned,
    Probe,
    Restart,
    SecurityAssociations,
    Unanswered,
)
from ipsec_client.health.wanted import Target
from tests.health.test_repair import boot, loaded, repairs
from tests.health.world import Gateway, World, world

DEFAULT = Target("8.8.8.8")
GONE = SecurityAssociations("rem1", 0, 0)


def settled(*targets: Target) -> World:
    """A tunnel that has been up for long."""
    there = world(*targets)
    there.run(200)
    assert there.tunnel().verdict.judgement == "up"
    return there


def test_a_child_that_pluto_leaves_ended_is_initiated_at_once() -> None:
    there = settled(DEFAULT)
    there.put(GONE, Orphaned("rem1"))
    assert repairs(there, 200) == [("rem1", "initiate")]


def test_without_that_news_pluto_has_its_fair_time() -> None:
    there = settled(DEFAULT)
    there.put(GONE)
    there.run(204.9)
    assert repairs(there, 200) == []
    there.run(205.1)
    assert len(repairs(there, 200)) == 1


def test_a_gateway_that_ends_every_child_is_not_asked_without_pause() -> None:
    there = settled(DEFAULT)
    for _ in range(100):
        there.put(GONE, Orphaned("rem1"))
        there.run(there.time + 0.3)
    assert len(repairs(there, 200)) <= 6  # 30 s, pauses of 5, 5, 8, 15


def test_news_of_a_child_that_is_there_again_changes_nothing() -> None:
    there = settled(DEFAULT)
    there.put(Orphaned("rem1"))
    assert repairs(there, 200) == []
    there.put(GONE, SecurityAssociations("rem1", 1, 1), Orphaned("rem1"))
    there.run(300)
    assert repairs(there, 200) == []


def test_a_gateway_without_monitor_that_answers_no_ike_is_left_and_restarted() -> None:
    there = settled()
    there.put(Unanswered("rem1", 1.5))
    assert there.tunnel().verdict.judgement == "up"
    there.put(Unanswered("rem1", 3.5))
    verdict = there.tunnel().verdict
    assert (verdict.judgement, verdict.certain) == ("down", False)
    assert "neither IKE nor ESP" in verdict.reason
    assert there.tunnel().carrying.state == "lowered"
    assert repairs(there, 200) == [("rem1", "restart")]
    there.run(202)
    assert there.tunnel().verdict.judgement == "up"


def test_where_a_monitor_asks_its_answers_count_and_not_those_of_ike() -> None:
    there = settled(DEFAULT)
    there.put(Unanswered("rem1", 30.0))
    assert there.tunnel().verdict.judgement == "up"
    assert not there.tunnel().mending.ailing
    assert repairs(there, 200) == []


def test_a_tunnel_that_was_up_and_is_left_by_pluto_is_begun_not_ended() -> None:
    there = settled(DEFAULT)
    there.put(ConnectionState("rem1", negotiation=Negotiation("established")))
    there.put(GONE, Orphaned("rem1"))
    assert repairs(there, 200) == [("rem1", "initiate")]
    there.run(202)
    there.put(GONE, Orphaned("rem1"), SecurityAssociations("rem1", 1, 1))  # it came to it after all
    there.run(300)
    there.put(GONE)
    there.run(310)
    assert repairs(there, 300)[0] == ("rem1", "restart")


def test_while_packets_come_in_only_its_daemon_is_away() -> None:
    there = settled()
    for second in range(10):
        there.put(Counters("rem1", 100 * second, 100 * second))
        there.run(there.time + 1)
    there.put(Unanswered("rem1", 7.5))
    assert there.tunnel().verdict.judgement == "up"
    there.run(there.time + 7)
    there.put(Unanswered("rem1", 7.5))
    assert there.tunnel().verdict.judgement == "down"


def test_what_comes_in_later_proves_it_alive() -> None:
    there = settled()
    there.put(OperatorRestart("rem1", "7"))
    there.run(201)  # so recent that no other may follow yet
    there.put(Counters("rem1", 5, 5), Unanswered("rem1", 3.5))
    assert there.tunnel().verdict.judgement == "down"
    there.put(Counters("rem1", 6, 6))
    assert there.tunnel().verdict.judgement == "up"


def test_with_a_monitor_its_tests_say_more() -> None:
    there = settled(DEFAULT)
    there.put(Unanswered("rem1", 31.5))
    assert there.tunnel().verdict.judgement == "up"


def test_nothing_is_sent_into_a_tunnel_that_is_being_severed() -> None:
    """Pluto's trap would take the probe for a wish, and serve it with whichever connection it finds."""
    there = settled(DEFAULT)
    there.run(200.05)
    there.put(OperatorRestart("rem1", "7"))
    asked = there.time
    assert there.times(Restart, since=asked)
    there.forget()
    there.run(asked + 0.3)
    assert there.times(Probe, since=asked) == []


def test_an_operator_wins_in_a_storm_whose_budget_is_spent() -> None:
    there = boot(4)
    there.put(*(loaded(f"rem{number}") for number in range(1, 5)))
    there.run(1000)
    budget = tuple(1000.0 for _ in range(24))
    there.client = type(there.client)(**{**vars(there.client), "budget": budget})
    assert there.times(Restart, "rem3", since=1000) == []
    [asked] = [
        effect for effect in there.put(OperatorRestart("rem3", "7")) if isinstance(effect, Restart)
    ]
    assert (asked.remote, asked.request) == ("rem3", "7")


def test_a_thousand_seconds_of_four_silent_gateways_keep_to_the_budget() -> None:
    there = boot(4)
    there.put(*(loaded(f"rem{number}") for number in range(1, 5)))
    there.run(1000)
    made = sorted(
        at for name in ("rem1", "rem2", "rem3", "rem4") for at in there.times(Restart, name)
    )
    assert len(made) <= 4 * (1000 / 27 + 5)
    for at in made:
        assert sum(at <= other < at + 60 for other in made) <= 24
    shares = [len(there.times(Restart, f"rem{number}")) for number in range(1, 5)]
    assert max(shares) - min(shares) <= 4


def test_a_connection_refused_waits_whatever_else_is_told() -> None:
    there = boot(1)
    there.put(ConnectionState("rem1", Loaded("refused", "no such option")), Orphaned("rem1"))
    there.run(100)
    assert repairs(there) == []


HINT = "nothing has come in since IKE made these SAs"


def test_sas_that_are_found_point_to_nothing() -> None:
    """Those that an agent finds at its start may have carried for hours."""
    there = world(DEFAULT, gateways=[Gateway(silent_from=0.0)], obedient=False)
    there.put(Counters("rem1", 100, 100))
    there.run(2)
    assert there.tunnel().verdict.reason == "no answer from 8.8.8.8"


def test_new_sas_by_which_nothing_comes_point_to_esp() -> None:
    there = settled(DEFAULT)
    there.put(Counters("rem1", 100, 100))
    there.put(Counters("rem1", 200, 100))
    there.gateways["rem1"] = Gateway(silent_from=0.0)
    there.obedient = False
    there.run(202)
    assert there.tunnel().verdict.reason == "no answer from 8.8.8.8"  # something had come in
    there.put(GONE, SecurityAssociations("rem1", 1, 1), Counters("rem1", 200, 300))
    there.run(204)
    assert HINT in there.tunnel().verdict.reason
    there.put(Counters("rem1", 260, 300))
    there.run(206)
    assert HINT not in there.tunnel().verdict.reason
