"""Which KNI carries: at once away from a bad tunnel, back without flapping, never by another hand's mistake."""

from __future__ import annotations

import pytest

from ipsec_client.base.clock import Now
from ipsec_client.health.switch import hand_hold, hold_down
from ipsec_client.health.types import (
    Answer,
    Client,
    ConnectionState,
    Counters,
    Decision,
    Event,
    Intended,
    KniLink,
    Loaded,
    Lower,
    OperatorRestart,
    PlutoState,
    ProbeAnswers,
    ProbeFailed,
    Raise,
    Replacing,
    Restart,
    SecurityAssociations,
)
from ipsec_client.health.wanted import Target, TunnelIntent
from tests.health.world import Gateway, World, world

DEFAULT = Target("8.8.8.8")
SLUGGISH = Target("8.8.8.8", latency_limit=0.1)


def gone(remote: str) -> SecurityAssociations:
    return SecurityAssociations(remote, 0, 0)


def back(remote: str) -> SecurityAssociations:
    return SecurityAssociations(remote, 1, 1)


def flap(there: World, remote: str, down: float = 1.0) -> None:
    """Its SAs go by themselves and come back."""
    there.put(gone(remote))
    there.run(there.time + down)
    there.put(back(remote))


@pytest.mark.parametrize(
    "evidence",
    [
        SecurityAssociations("rem1", 0, 0),
        SecurityAssociations("rem1", 1, 0),
        SecurityAssociations("rem1", 0, 1),
        PlutoState(False),
    ],
)
def test_certain_evidence_lowers_in_the_same_step_and_before_all_else(evidence: Event) -> None:
    there = world(DEFAULT, remotes=2)
    there.run(1)
    effects = there.put(evidence)
    assert isinstance(effects[0], Lower)
    assert effects[0].remote == "rem1"


def test_a_dead_pluto_lowers_all_at_once() -> None:
    there = world(DEFAULT, remotes=4)
    there.run(1)
    effects = there.put(PlutoState(False))
    assert effects[:4] == [Lower(f"rem{n}", "pluto is dead") for n in (1, 2, 3, 4)]
    assert there.put(PlutoState(False)) == []


def test_a_rekey_is_no_flap() -> None:
    there = world()
    there.put(SecurityAssociations("rem1", 2, 1), SecurityAssociations("rem1", 2, 2), back("rem1"))
    there.run(1)
    assert not there.times(Lower)
    assert there.tunnel().flaps == ()


def test_with_targets_a_kni_is_raised_only_after_an_answer() -> None:
    there = world(DEFAULT)
    assert not there.times(Raise)
    there.run(1)
    assert there.times(Raise) == [0.02]


def test_without_targets_sas_in_both_directions_suffice() -> None:
    there = world()
    assert there.times(Raise) == [0.0]


def test_old_answers_do_not_vouch_for_new_sas() -> None:
    there = world(DEFAULT)
    there.run(1)
    there.gateways["rem1"].silent_from = 1.0
    flap(there, "rem1")
    assert there.tunnel().verdict.judgement == "unknown"
    there.run(60)
    assert len(there.times(Raise)) == 1


def test_at_cold_boot_an_unproven_kni_stays_down_even_if_it_is_found_up() -> None:
    there = World({"rem1": Gateway()})
    there.put(Intended((TunnelIntent("rem1"),)))
    assert there.put(KniLink("rem1", True)) == [Lower("rem1", "not proven yet")]
    there.run(1000)
    assert not there.times(Raise)


@pytest.mark.parametrize("up", [True, False])
def test_after_a_restart_of_the_agent_a_kni_stays_as_found_until_there_is_evidence(
    up: bool,
) -> None:
    there = World({"rem1": Gateway()}, client=Client(cold=False))
    there.put(Intended((TunnelIntent("rem1", (DEFAULT,)),)), KniLink("rem1", up))
    assert there.tunnel().carrying.state == ("raised" if up else "lowered")
    assert there.put(KniLink("rem1", up)) == []
    there.put(back("rem1"))
    there.run(5)
    assert not there.times(Lower)
    assert len(there.times(Raise)) == (0 if up else 1)


def test_after_a_restart_of_the_agent_evidence_lowers_what_was_found_up() -> None:
    there = World({"rem1": Gateway()}, client=Client(cold=False))
    there.put(Intended((TunnelIntent("rem1"),)), KniLink("rem1", True))
    assert Lower("rem1", "no security association") in there.put(gone("rem1"))


def test_the_first_failback_is_prompt_and_the_next_are_held_longer_and_longer() -> None:
    there = world(remotes=2)
    waited = []
    for _ in range(7):
        there.run(there.time + 2)
        flap(there, "rem1")
        begun = there.time
        while there.tunnel().carrying.state != "raised":
            there.run(there.time + 0.5)
        waited.append(round(there.times(Raise)[-1] - begun))
    assert waited == [0, 10, 20, 40, 80, 160, 300]


def test_the_hold_down_doubles_up_to_its_limit_and_is_forgotten() -> None:
    now = Now(1000.0, 0.0)
    assert [hold_down([999.0] * n, now) for n in range(9)] == [0, 0, 10, 20, 40, 80, 160, 300, 300]
    assert [hand_hold([999.0] * n, now) for n in range(8)] == [0, 10, 20, 40, 80, 160, 300, 300]
    assert hold_down([0.0, 300.0, 399.0, 999.0], now) == 0


def test_a_hold_is_for_where_another_tunnel_carries() -> None:
    there = world(remotes=2)
    for _ in range(3):
        there.run(there.time + 1)
        flap(there, "rem1")
    assert there.tunnel("rem1").carrying.state == "held"
    effects = there.put(gone("rem2"))
    assert effects[0] == Lower("rem2", "no security association")
    assert Raise("rem1", "security associations in both directions") in effects


def test_a_held_tunnel_that_goes_down_waits_anew() -> None:
    there = world(remotes=2)
    for _ in range(2):
        there.run(there.time + 1)
        flap(there, "rem1")
    assert there.tunnel("rem1").carrying.state == "held"
    there.run(there.time + 5)
    assert Lower not in [type(effect) for effect in there.put(gone("rem1"))]
    assert len(there.tunnel("rem1").flaps) == 3
    there.put(back("rem1"))
    assert there.tunnel("rem1").carrying.until == there.time + 20


def test_a_held_tunnel_of_which_nothing_is_known_waits_for_evidence() -> None:
    there = world(DEFAULT, remotes=2)
    for _ in range(2):
        there.run(there.time + 1)
        flap(there, "rem1")
    there.run(there.time + 1)
    assert there.tunnel("rem1").carrying.state == "held"
    while there.tunnel("rem1").tests[0].begun is None:
        there.run(there.time + 0.01)
    sequence = there.tunnel("rem1").tests[0].first
    there.gateways["rem1"].silent_from = there.time
    there.put(ProbeFailed("rem1", "8.8.8.8", sequence, "no device"))
    assert there.tunnel("rem1").verdict.judgement == "unknown"
    assert there.tunnel("rem1").carrying.state == "lowered"
    assert there.tunnel("rem1").carrying.until is None


def test_what_we_take_down_ourselves_is_no_flap() -> None:
    there = world(DEFAULT, remotes=2)
    for _ in range(3):
        there.run(there.time + 40)
        there.put(OperatorRestart("rem1", "request"))
    there.put(PlutoState(False), PlutoState(True))
    there.run(there.time + 1)
    assert there.tunnel("rem1").flaps == ()
    assert there.tunnel("rem2").flaps == ()


def degraded_pair() -> World:
    """rem1 is slower than its limit; rem2 is well."""
    there = world(SLUGGISH, remotes=2, gateways=[Gateway(0.02), Gateway(0.02)])
    there.run(1)
    there.gateways["rem1"].round_trip = 0.15
    return there


def test_a_degraded_tunnel_yields_to_one_that_is_up() -> None:
    there = degraded_pair()
    there.run(10)
    assert there.tunnel("rem1").verdict.judgement == "degraded"
    assert there.tunnel("rem1").carrying.state == "lowered"
    assert "rem2 is up" in there.tunnel("rem1").carrying.reason


def test_the_last_degraded_tunnel_keeps_carrying() -> None:
    there = degraded_pair()
    there.put(gone("rem2"))
    there.run(4)
    assert there.tunnel("rem1").verdict.judgement == "degraded"
    assert not there.times(Lower, "rem1")
    assert there.tunnel("rem1").carrying.state == "raised"


def test_a_degraded_tunnel_steps_in_when_the_better_one_goes_down() -> None:
    there = degraded_pair()
    there.run(10)
    effects = there.put(gone("rem2"))
    assert effects[0] == Lower("rem2", "no security association")
    assert [effect.remote for effect in effects if isinstance(effect, Raise)] == ["rem1"]


def test_a_degraded_tunnel_is_not_left_before_the_other_is_seen_up() -> None:
    there = degraded_pair()
    there.put(gone("rem2"))
    there.run(3)
    there.put(back("rem2"))
    there.run(10)
    lowered, raised = there.times(Lower, "rem1")[0], there.times(Raise, "rem2")[-1]
    assert raised < lowered


def test_another_hand_on_the_kni_is_respected_for_a_while_and_longer_each_time() -> None:
    there = world(DEFAULT)
    there.run(1)
    held = []
    for _ in range(3):
        there.run(there.time + 0.13)  # at no time at which a test begins
        effects = there.put(KniLink("rem1", False))
        assert [type(effect) for effect in effects] == [Decision, Decision]
        begun = there.time
        while there.tunnel().carrying.state != "raised":
            there.run(there.time + 0.5)
        held.append(round(there.times(Raise)[-1] - begun))
    assert held == [10, 20, 40]
    assert not there.times(Lower)
    assert there.tunnel().flaps == ()


def test_another_hand_may_raise_what_it_lowered() -> None:
    there = world()
    there.run(1)
    there.put(KniLink("rem1", False))
    there.run(2)
    assert [type(effect) for effect in there.put(KniLink("rem1", True))] == [Decision]
    there.run(60)
    assert there.times(Raise) == [0.0]
    assert not there.times(Lower)


def test_a_kni_that_another_hand_raises_is_lowered_again() -> None:
    there = world()
    there.put(gone("rem1"))
    there.run(1)
    assert there.put(KniLink("rem1", True)) == [Lower("rem1", "no security association")]


def test_late_echoes_of_our_own_lowering_are_not_another_hand() -> None:
    there = world()
    there.run(1)
    there.put(gone("rem1"), back("rem1"))
    there.run(3)
    assert there.tunnel().past.seized == ()
    assert there.tunnel().carrying.state == "raised"
    assert there.tunnel().carrying.until is None


def test_a_raised_kni_that_is_not_seen_up_is_raised_again_without_talking() -> None:
    there = World({"rem1": Gateway()})
    there.put(Intended((TunnelIntent("rem1"),)), back("rem1"))
    for _ in range(5):
        there.forget()
        there.run(there.time + 2)
    assert there.times(Raise) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    told = [e for _, e in there.log if isinstance(e, Decision) and e.what == "raised"]
    assert len(told) == 2


def test_a_level_that_repeats_changes_nothing() -> None:
    there = world(DEFAULT, remotes=2)
    there.run(1.05)
    before = there.client
    repeated: list[Event] = [
        PlutoState(True),
        back("rem1"),
        KniLink("rem1", True),
        ConnectionState("rem1", Loaded("loaded")),
        Intended(tuple(tunnel.intent for tunnel in before.tunnels)),
        ProbeAnswers("rem1", (Answer("8.8.8.8", 0, 0.02),)),
    ]
    for event in repeated:
        assert there.put(event) == []
    assert there.client == before


def test_unknown_remotes_are_passed_over() -> None:
    there = world()
    before = there.client
    assert there.put(gone("rem9"), KniLink("rem9", False), Counters("rem9", 1, 1)) == []
    assert there.put(OperatorRestart("rem9", "7")) == [
        Decision("rem9", "ignored", "no such remote")
    ]
    assert there.client is before


def test_a_commit_leaves_the_other_tunnels_alone() -> None:
    there = world(DEFAULT, remotes=2)
    there.run(1.05)
    kept = there.tunnel("rem2")
    intents = (TunnelIntent("rem3", (DEFAULT,)), TunnelIntent("rem2", (DEFAULT,)))
    assert there.put(Intended(intents)) == []
    assert [tunnel.intent.remote for tunnel in there.client.tunnels] == ["rem3", "rem2"]
    assert there.tunnel("rem2") is kept
    assert there.tunnel("rem3").proving_until == there.time + 30


def test_the_operators_restart_moves_traffic_away_first() -> None:
    there = world(DEFAULT, remotes=2)
    there.run(1.05)
    effects = there.put(OperatorRestart("rem1", "42"))
    assert effects[0] == Lower("rem1", "being restarted")
    assert Restart("rem1", "restart", "it was asked for", "42") in effects
    there.run(3)
    assert there.tunnel("rem1").carrying.state == "raised"


def test_a_commit_that_replaces_a_connection_moves_traffic_away_first() -> None:
    there = world(DEFAULT, remotes=2)
    there.run(1.05)
    effects = there.put(Replacing("rem1"))
    assert effects[0] == Lower("rem1", "being restarted")
    assert there.tunnel("rem2").carrying.state == "raised"
    there.put(gone("rem1"), ConnectionState("rem1", Loaded("loaded")))
    there.run(3)
    assert there.tunnel("rem1").carrying.state == "raised"


def test_a_tunnel_that_moves_to_another_device_is_left_at_once() -> None:
    there = world(DEFAULT, remotes=2)
    there.run(1.05)
    intents = tuple(tunnel.intent for tunnel in there.client.tunnels)
    assert there.put(Intended(intents, restarted=("rem1",)))[0] == Lower("rem1", "being restarted")
    assert there.tunnel("rem2").carrying.state == "raised"


def test_a_connection_whose_successor_is_refused_goes_on() -> None:
    there = world(DEFAULT, remotes=2)
    there.run(1.05)
    there.put(Replacing("rem1"), ConnectionState("rem1", Loaded("refused", "unknown word")))
    there.run(3)
    assert there.tunnel("rem1").verdict.judgement == "up"
    assert there.tunnel("rem1").carrying.state == "raised"


def test_a_connection_that_was_not_replaced_after_all_carries_again() -> None:
    """Pluto did not answer, and the commit was taken back: nothing else would bring the tunnel back."""
    there = world(DEFAULT)
    there.run(1.05)
    there.put(Replacing("rem1"))
    assert there.tunnel().carrying.state == "lowered"
    there.run(30)
    there.put(ConnectionState("rem1", Loaded("loaded")))
    there.run(40)
    assert there.tunnel().carrying.state == "raised"
    assert there.tunnel().connected
