"""Bringing tunnels back: the ladder, its pauses and budget, pluto's own revival, operators, and pluto itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from ipsec_client.dialect.diagnosis import CAUSES, Blocker
from ipsec_client.health.types import (
    ConnectionState,
    Decision,
    Intended,
    Loaded,
    Negotiation,
    OperatorRestart,
    PlutoState,
    RepairDone,
    Replacing,
    Restart,
    RestartPluto,
    SecurityAssociations,
)
from ipsec_client.health.wanted import Target, TunnelIntent
from tests.health.world import Gateway, World, world

DEFAULT = Target("8.8.8.8")
SILENT = Gateway(silent_from=0.0)
TRYING = Negotiation("trying", attempt=1)


def boot(remotes: int = 1, gateway: Gateway = SILENT) -> World:
    """Pluto runs and has nothing yet; no SA."""
    names = [f"rem{number + 1}" for number in range(remotes)]
    there = World(dict.fromkeys(names, gateway))
    there.put(
        PlutoState(True),
        Intended(tuple(TunnelIntent(name) for name in names)),
        *(SecurityAssociations(name, 0, 0) for name in names),
    )
    return there


def repairs(there: World, since: float = 0.0) -> list[tuple[str, str]]:
    return [(e.remote, e.how) for at, e in there.log if isinstance(e, Restart) and at >= since]


def loaded(remote: str = "rem1") -> ConnectionState:
    return ConnectionState(remote, Loaded("loaded"))


def test_a_first_start_initiates_each_as_it_is_loaded() -> None:
    there = boot(4, Gateway())
    assert repairs(there) == []
    there.put(loaded("rem2"), loaded("rem1"), loaded("rem3"), loaded("rem4"))
    assert repairs(there) == [(name, "initiate") for name in ("rem2", "rem1", "rem3", "rem4")]
    there.run(100)
    assert len(repairs(there)) == 4


def test_a_silent_gateway_is_asked_afresh_with_longer_pauses() -> None:
    there = boot()
    there.put(loaded())
    there.run(130)
    times = there.times(Restart)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses == [
        pytest.approx(base, rel=0.1) for base in (5, 5, 8, 15, 30, 30, 30)[: len(pauses)]
    ]
    ways = [how for _, how in repairs(there)]
    assert ways[:7] == [
        "initiate",
        "restart",
        "replace",
        "restart",
        "restart",
        "replace",
        "restart",
    ]


def test_a_returned_gateway_is_noticed_within_the_longest_pause() -> None:
    gateway = Gateway(silent_from=0.0, silent_until=1000.0)
    there = boot(gateway=gateway)
    there.put(loaded())
    there.run(1034)
    assert there.tunnel().verdict.judgement == "up"
    assert there.tunnel().carrying.state == "raised"


def test_the_pauses_of_two_routers_differ() -> None:
    def times(started: float) -> list[float]:
        there = World({"rem1": SILENT}, time=started)
        there.client = type(there.client)(started=started)
        there.put(
            PlutoState(True),
            Intended((TunnelIntent("rem1"),)),
            SecurityAssociations("rem1", 0, 0),
            loaded(),
        )
        there.run(started + 100)
        return [round(at - started, 3) for at in there.times(Restart)]

    assert times(10.0) != times(11.5)
    assert times(10.0) == times(10.0)


def test_lost_sas_are_left_to_plutos_revival_for_a_fair_time() -> None:
    there = world()
    there.run(1)
    there.put(SecurityAssociations("rem1", 0, 0))
    there.run(4)
    there.put(SecurityAssociations("rem1", 1, 1))
    there.run(60)
    assert not there.times(Restart)
    there.put(SecurityAssociations("rem1", 0, 0))
    there.run(65.1)
    assert there.times(Restart) == [65.0]


def test_an_attempt_of_pluto_has_its_fair_time_and_is_then_ended() -> None:
    there = boot()
    there.put(ConnectionState("rem1", Loaded("loaded"), TRYING))
    there.run(1)
    assert repairs(there) == []
    there.run(6)
    assert repairs(there) == [("rem1", "restart")]


def test_a_tunnel_with_sas_is_never_initiated() -> None:
    there = world(DEFAULT, obedient=False, gateways=[SILENT])
    there.run(600)
    ways = {how for _, how in repairs(there)}
    assert ways == {"restart", "replace"}


def test_one_direction_alone_is_ended_first() -> None:
    there = boot()
    there.put(SecurityAssociations("rem1", 1, 0), loaded())
    assert repairs(there) == [("rem1", "restart")]


def test_there_is_one_repair_at_a_time_and_a_lost_one_is_given_up() -> None:
    there = boot()
    there.put(loaded())
    there.forget()
    there.run(59)
    assert len(repairs(there)) == 1
    there.run(66)
    assert len(repairs(there)) == 2
    assert "nothing heard of it for 60 s" in [
        e.why for _, e in there.log if isinstance(e, Decision)
    ]


def test_a_tunnel_whose_restart_is_never_heard_of_is_judged_by_its_evidence_again() -> None:
    there = boot(1, Gateway())
    there.put(SecurityAssociations("rem1", 1, 1), loaded())
    there.obedient = False
    there.put(OperatorRestart("rem1", "1"))
    there.forget()
    assert there.tunnel().verdict.reason == "being restarted"
    there.run(there.time + 60)
    assert there.tunnel().verdict.judgement == "up"


@pytest.mark.parametrize("blocker", ["key", "proposal", "identity", "child", "subnet", "name"])
def test_what_is_blocked_waits_for_a_commit(blocker: Blocker) -> None:
    there = boot()
    there.put(ConnectionState("rem1", Loaded("loaded"), Negotiation("blocked", blocker=blocker)))
    there.run(3600)
    assert repairs(there) == []
    there.put(Intended((TunnelIntent("rem1"),), restarted=("rem1",)))
    assert repairs(there) == []  # it would be the old connection
    there.put(loaded())
    assert repairs(there) == [("rem1", "initiate")]


@pytest.mark.parametrize("blocker", ["key", "proposal", "unreachable", "silent", "unknown"])
def test_what_nobody_signed_never_stops_repair(blocker: Blocker) -> None:
    there = boot()
    there.put(ConnectionState("rem1", Loaded("loaded"), Negotiation("trying", 1, "x", blocker)))
    there.run(60)
    assert len(repairs(there)) >= 4


def test_what_was_in_the_way_stays_said_until_something_else_is_or_it_is_up() -> None:
    there = boot()
    suspected = Negotiation("trying", 1, "NO_PROPOSAL_CHOSEN", "proposal")
    there.put(loaded())
    told = there.put(ConnectionState("rem1", negotiation=suspected))
    cause = f"{CAUSES['proposal'].plain}: NO_PROPOSAL_CHOSEN"
    assert Decision("rem1", "suspected", cause) in told
    again = there.put(ConnectionState("rem1", negotiation=Negotiation("trying", 2)))
    assert there.tunnel().negotiation == replace(suspected, attempt=2)
    assert not [effect for effect in again if isinstance(effect, Decision)]
    other = Negotiation("trying", 2, "no answer", "silent")
    there.put(ConnectionState("rem1", negotiation=other))
    assert there.tunnel().negotiation == other
    there.put(ConnectionState("rem1", negotiation=Negotiation("established")))
    there.put(ConnectionState("rem1", negotiation=Negotiation("trying", 1)))
    assert there.tunnel().negotiation.blocker is None


def test_pluto_trying_again_does_not_unblock_but_another_answer_or_a_new_connection_does() -> None:
    there = boot()
    blocked = Negotiation("blocked", 1, "AUTHENTICATION_FAILED", "key")
    there.put(loaded(), ConnectionState("rem1", negotiation=blocked))
    before = there.client
    assert there.put(ConnectionState("rem1", negotiation=Negotiation("trying", 2))) == []
    assert there.client is before
    unreachable = Negotiation("trying", 2, "No route to host")
    there.put(ConnectionState("rem1", negotiation=unreachable))
    assert there.tunnel().negotiation == unreachable
    there.put(ConnectionState("rem1", negotiation=blocked))
    there.put(ConnectionState("rem1", Loaded()), loaded())
    assert there.tunnel().negotiation == Negotiation()
    there.put(ConnectionState("rem1", negotiation=blocked))
    there.put(ConnectionState("rem1", negotiation=Negotiation("established")))
    assert there.tunnel().negotiation == Negotiation("established")


def test_what_is_blocked_waits_for_an_operator() -> None:
    there = boot()
    there.put(ConnectionState("rem1", Loaded("loaded"), Negotiation("blocked", blocker="key")))
    there.put(OperatorRestart("rem1", "42"))
    assert repairs(there) == [("rem1", "restart")]


def test_what_pluto_refused_is_not_tried() -> None:
    there = boot()
    there.put(ConnectionState("rem1", Loaded("refused", "bad ike")))
    there.run(3600)
    assert repairs(there) == []
    there.put(OperatorRestart("rem1", "42"))
    assert repairs(there) == [("rem1", "replace")]


def test_operators_come_first_and_one_after_the_other() -> None:
    there = boot()
    there.put(loaded())
    there.forget()
    there.put(OperatorRestart("rem1", "a"), OperatorRestart("rem1", "b"))
    assert len(repairs(there)) == 1
    there.put(RepairDone("rem1"))
    there.forget()
    there.put(RepairDone("rem1"))
    requests = [effect.request for _, effect in there.log if isinstance(effect, Restart)]
    assert requests == ["", "a", "b"]


def test_an_operator_begins_the_pauses_again() -> None:
    there = boot()
    there.put(loaded())
    there.run(200)
    there.put(OperatorRestart("rem1", "42"))
    assert there.times(Restart)[-1] == 200
    there.run(206)
    assert len(there.times(Restart, since=200.0)) == 2


def test_a_restart_asked_for_without_a_request_is_one_too() -> None:
    there = world()
    there.run(1)
    there.put(OperatorRestart("rem1", ""))
    assert repairs(there) == [("rem1", "restart")]


def test_four_silent_gateways_for_an_hour_cost_few_restarts() -> None:
    there = boot(4)
    there.put(*(loaded(f"rem{number}") for number in (1, 2, 3, 4)))
    there.run(3600)
    times = sorted(at for number in (1, 2, 3, 4) for at in there.times(Restart, f"rem{number}"))
    assert len(times) <= 4 * (3600 / 27 + 5)
    assert max(sum(at <= other < at + 60 for other in times) for at in times) <= 24
    assert not there.times(RestartPluto)


def test_the_budget_is_the_clients_and_goes_round() -> None:
    there = boot(60)
    there.put(*(loaded(f"rem{number + 1}") for number in range(60)))
    assert len(repairs(there)) == 60, "none of those that are begun for the first time waits"
    there.run(59)
    assert len(repairs(there, since=1)) == 24
    there.run(70)
    assert len({remote for remote, _ in repairs(there, since=1)}) == 48
    there.run(135)
    assert len({remote for remote, _ in repairs(there, since=1)}) == 60


def test_what_a_commit_loads_anew_is_begun_though_the_budget_is_spent() -> None:
    there = boot(60)
    there.put(*(loaded(f"rem{number + 1}") for number in range(60)))
    there.run(30)
    there.put(Replacing("rem60"), loaded("rem60"))
    assert [remote for remote, _ in repairs(there, since=30)] == ["rem60"]
    there.run(59)
    assert len(repairs(there, since=30)) == 1, "after the first it is as all others"


def test_a_flapping_tunnel_does_not_restart_without_pause() -> None:
    gateway = Gateway(round_trip=0.01)
    there = world(DEFAULT, gateways=[gateway])
    for second in range(60):
        gateway.silent_from = there.time + 0.5
        gateway.silent_until = there.time + 2.0
        there.run(second * 3.0)
    assert 3 < len(there.times(Restart)) < 20


def test_pluto_killed_initiates_all_when_they_are_loaded_again() -> None:
    there = world(DEFAULT, remotes=2)
    there.run(100)
    there.put(PlutoState(False))
    there.run(101)
    assert repairs(there) == []
    there.put(SecurityAssociations("rem1", 1, 1))  # the kernel keeps what nobody deletes
    assert there.tunnel().inbound == 0
    there.put(PlutoState(True))
    assert there.tunnel().verdict.reason == "no security association"
    there.put(loaded("rem1"), loaded("rem2"))
    assert repairs(there) == [("rem1", "initiate"), ("rem2", "initiate")]
    there.run(102)
    assert there.tunnel("rem1").carrying.state == "raised"
    assert there.tunnel("rem2").carrying.state == "raised"


def test_what_was_refused_stays_so_when_pluto_dies() -> None:
    there = boot(2)
    there.put(ConnectionState("rem1", Loaded("refused", "bad ike")), loaded("rem2"))
    there.put(PlutoState(False))
    assert there.tunnel("rem1").loaded == Loaded("refused", "bad ike")
    assert there.tunnel("rem2").loaded == Loaded()


def test_a_connection_loaded_anew_is_initiated_though_it_was_established_before() -> None:
    there = boot(gateway=Gateway())
    there.put(loaded(), ConnectionState("rem1", negotiation=Negotiation("established")))
    there.run(10)
    there.put(ConnectionState("rem1", Loaded()), SecurityAssociations("rem1", 0, 0))
    assert len(repairs(there)) == 1
    there.put(loaded())
    assert len(repairs(there)) == 2


def test_pluto_is_restarted_when_it_carries_out_nothing_for_anyone() -> None:
    there = boot(2)
    there.failing = {"rem1": "no answer from pluto", "rem2": "no answer from pluto"}
    there.put(loaded("rem1"), loaded("rem2"))
    there.run(4)
    assert not there.times(RestartPluto)
    there.run(299)
    assert len(there.times(RestartPluto)) == 1
    there.run(330)
    assert len(there.times(RestartPluto)) == 2


def test_pluto_is_not_restarted_for_one_tunnel_alone() -> None:
    there = boot(2)
    there.failing = {"rem1": "no answer from pluto"}
    there.put(loaded("rem1"), loaded("rem2"))
    there.run(600)
    assert not there.times(RestartPluto)


def test_a_repair_that_failed_is_tried_again_before_another_test_is_missed() -> None:
    slow = Target("8.8.8.8", interval=120, timeout=10, max_retries=3)
    there = world(slow, obedient=False, gateways=[SILENT])
    there.failing = {"rem1": "no answer from pluto"}
    there.run(11)
    there.failing = {}
    there.run(119)
    assert there.times(Restart) == [10.0, 15.02]
