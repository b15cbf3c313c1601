"""Where traffic is, and when it goes back: immediately, after a time, or when an operator says so."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from ipsec_client.health.failback import REJOIN
from ipsec_client.health.memory import from_memory, to_memory
from ipsec_client.health.subnets import Pairs
from ipsec_client.health.types import (
    Decision,
    Intended,
    KniLink,
    Lower,
    OperatorFailback,
    PlutoState,
    ProbeFailed,
    Raise,
    SecurityAssociations,
)
from ipsec_client.health.wanted import Policy, Target, TunnelIntent
from tests.health.world import Gateway, World, world

MANUAL = Policy(failback="manual")
SLUGGISH = Target("8.8.8.8", latency_limit=0.1)


def policed(policy: Policy, remotes: int = 2, *targets: Target) -> World:
    """A client that has run for a while under the policy."""
    there = world(*targets, remotes=remotes, obedient=False)
    names = [f"rem{number + 1}" for number in range(remotes)]
    there.put(Intended(tuple(TunnelIntent(name, targets) for name in names), policy=policy))
    there.run(60)
    return there


def sas(there: World, remote: str, count: int) -> None:
    there.put(SecurityAssociations(remote, count, count))


def state(there: World, remote: str = "rem1") -> str:
    return there.tunnel(remote).carrying.state


def moves(there: World, since: float = 1.0) -> list[tuple[str, str]]:
    """Each switch of traffic and its reason."""
    return [
        (effect.remote, effect.why)
        for at, effect in there.log
        if isinstance(effect, Decision) and effect.what == "in use" and at >= since
    ]


def test_immediately_traffic_goes_back_with_the_tunnel() -> None:
    there = policed(Policy())
    sas(there, "rem1", 0)
    there.run(70)
    sas(there, "rem1", 1)
    there.run(71)
    assert state(there) == "raised"
    assert moves(there) == [
        ("rem2", "rem1 is lowered: no security association"),
        ("rem1", "it is preferred to rem2"),
    ]


def test_a_kni_that_is_still_seen_down_when_it_is_raised_moves_nothing_twice() -> None:
    there = policed(Policy())
    sas(there, "rem1", 0)
    there.run(70)
    sas(there, "rem1", 1)
    there.put(KniLink("rem1", False), KniLink("rem1", True))
    there.run(71)
    assert [remote for remote, _ in moves(there)] == ["rem2", "rem1"]


def test_delayed_to_the_letter() -> None:
    """Down at 60, up at 70, failback-delay 30: held until 100, though it could carry."""
    there = policed(Policy(failback="delayed", delay=30))
    sas(there, "rem1", 0)
    there.run(70)
    sas(there, "rem1", 1)
    assert state(there) == "held"
    assert there.tunnel().carrying.reason == "waits for failback, rem2 carries"
    there.run(200)
    assert there.times(Raise, since=61) == [100.0]
    assert [remote for remote, _ in moves(there)] == ["rem2", "rem1"]


def test_a_break_begins_the_delay_anew() -> None:
    there = policed(Policy(failback="delayed", delay=30))
    sas(there, "rem1", 0)
    there.run(70)
    sas(there, "rem1", 1)
    there.run(90)
    sas(there, "rem1", 0)
    there.run(91)
    sas(there, "rem1", 1)
    there.run(200)
    assert there.times(Raise, since=61) == [121.0]


def test_manually_traffic_stays_until_an_operator_moves_it() -> None:
    there = policed(MANUAL)
    sas(there, "rem1", 0)
    there.run(70)
    sas(there, "rem1", 1)
    there.run(5000)
    assert state(there) == "held"
    assert there.tunnel().carrying.until is None
    effects = there.put(OperatorFailback())
    assert Raise("rem1", "security associations in both directions") in effects
    assert Decision("rem1", "failback", "an operator asked for it") in effects
    assert state(there) == "raised"
    assert there.client.in_use == "rem1"


def test_a_short_break_moves_traffic_too() -> None:
    there = policed(MANUAL)
    sas(there, "rem1", 0)
    there.run(60.2)
    sas(there, "rem1", 1)
    assert state(there) == "held"
    assert there.client.in_use == "rem2"


def test_manually_traffic_goes_back_when_the_tunnel_in_use_fails() -> None:
    there = policed(MANUAL, 3)
    sas(there, "rem1", 0)
    there.run(70)
    sas(there, "rem1", 1)
    there.run(80)
    effects = there.put(SecurityAssociations("rem2", 0, 0))
    assert isinstance(effects[0], Lower)
    assert state(there) == "raised"
    assert moves(there)[-1] == ("rem1", "rem2 is lowered: no security association")
    sas(there, "rem2", 1)  # it comes after the one in use now, and stands by
    assert state(there, "rem2") == "raised"


def test_those_after_the_one_in_use_stand_by() -> None:
    there = policed(MANUAL, 3)
    sas(there, "rem1", 0)
    sas(there, "rem3", 0)
    there.run(70)
    sas(there, "rem3", 1)
    assert state(there, "rem3") == "raised"
    assert there.client.in_use == "rem2"


def test_a_degraded_tunnel_in_use_keeps_nobody_waiting() -> None:
    there = policed(MANUAL, 2, SLUGGISH)
    sas(there, "rem1", 0)
    there.run(70)
    sas(there, "rem1", 1)
    there.run(75)
    assert state(there) == "held"
    there.gateways["rem2"].round_trip = 0.3
    there.run(85)
    assert (state(there), state(there, "rem2")) == ("raised", "lowered")
    there.gateways["rem2"].round_trip = 0.02
    there.run(100)
    assert there.client.in_use == "rem1"


def test_a_hold_down_is_over_with_an_operators_failback() -> None:
    there = policed(MANUAL)
    for _ in range(3):
        sas(there, "rem1", 0)
        there.run(there.time + 1)
        sas(there, "rem1", 1)
        there.run(there.time + 1)
    assert state(there) == "held"
    there.put(OperatorFailback())
    assert state(there) == "raised"


def test_an_operator_finds_nothing_to_do() -> None:
    there = policed(MANUAL)
    assert there.put(OperatorFailback()) == []
    assert there.client.carrier == "rem1"


@pytest.mark.parametrize(("follows", "in_use"), [(0.2, "rem1"), (REJOIN + 1, "rem2")])
def test_where_all_were_down_the_one_in_use_has_a_moment_to_follow(
    follows: float, in_use: str
) -> None:
    there = policed(MANUAL)
    there.put(PlutoState(False))
    there.run(61)
    there.put(PlutoState(True))
    sas(there, "rem2", 1)
    there.run(61 + follows)
    sas(there, "rem1", 1)
    there.run(80)
    assert there.client.in_use == in_use
    assert state(there) == ("raised" if in_use == "rem1" else "held")


def test_at_a_first_start_the_preferred_one_is_waited_for_without_holding_anything() -> None:
    there = World({"rem1": Gateway(), "rem2": Gateway()})
    there.put(
        PlutoState(True), Intended((TunnelIntent("rem1"), TunnelIntent("rem2")), policy=MANUAL)
    )
    sas(there, "rem2", 1)
    assert state(there, "rem2") == "raised"
    there.run(0.3)
    sas(there, "rem1", 1)
    assert state(there) == "raised"


def test_the_order_is_that_of_the_policy() -> None:
    """Vectors may prefer a remote that is written later."""
    there = policed(replace(MANUAL, order=("rem2", "rem1")))
    assert there.client.carrier == "rem2"
    sas(there, "rem1", 0)
    there.run(70)
    sas(there, "rem1", 1)
    assert state(there) == "raised"
    sas(there, "rem2", 0)
    there.run(80)
    sas(there, "rem2", 1)
    assert state(there, "rem2") == "held"


OURS = IPv4Network("0.0.0.0/0")
NORTH: Pairs = ((OURS, IPv4Network("10.1.0.0/16")),)
SOUTH: Pairs = ((OURS, IPv4Network("10.2.0.0/16")),)


@pytest.mark.parametrize(("second", "expected"), [(SOUTH, "raised"), (NORTH, "held")])
def test_a_tunnel_whose_networks_nobody_else_leads_to_is_never_held(
    second: Pairs, expected: str
) -> None:
    there = policed(MANUAL)
    intents = (TunnelIntent("rem1", pairs=NORTH), TunnelIntent("rem2", pairs=second))
    there.put(Intended(intents, policy=MANUAL))
    for _ in range(3):  # nor for its flaps
        sas(there, "rem1", 0)
        there.run(there.time + 1)
        sas(there, "rem1", 1)
        assert state(there) == expected


def test_a_changed_policy_lets_go_of_what_is_held() -> None:
    there = policed(MANUAL)
    sas(there, "rem1", 0)
    there.run(70)
    sas(there, "rem1", 1)
    assert state(there) == "held"
    there.put(Intended((TunnelIntent("rem1"), TunnelIntent("rem2"))))
    assert state(there) == "raised"


def test_a_tunnel_in_use_that_is_removed_keeps_nobody_waiting() -> None:
    there = policed(MANUAL)
    sas(there, "rem1", 0)
    there.run(70)
    sas(there, "rem1", 1)
    there.put(Intended((TunnelIntent("rem1"),), policy=MANUAL))
    assert state(there) == "raised"


def boot(before: World, *, cold: bool, first: str) -> World:
    """The client after a restart of the agent, or (cold) of the machine; one of its tunnels is up first."""
    there = World({"rem1": Gateway(), "rem2": Gateway()}, time=5.0 if cold else before.time)
    there.client = from_memory(to_memory(before.client, before.now), there.now, cold=cold)
    tunnels = tuple(TunnelIntent(name) for name in ("rem1", "rem2"))
    there.put(Intended(tunnels, policy=MANUAL), PlutoState(True))
    if not cold:
        there.put(KniLink("rem1", False), KniLink("rem2", True))
    sas(there, first, 1)
    there.run(there.time + 0.5)
    return there


@pytest.mark.parametrize("cold", [True, False])
@pytest.mark.parametrize("first", ["rem1", "rem2"])
def test_traffic_stays_over_a_restart_whichever_tunnel_is_up_first(cold: bool, first: str) -> None:
    before = policed(MANUAL)
    sas(before, "rem1", 0)
    before.run(70)
    sas(before, "rem1", 1)
    there = boot(before, cold=cold, first=first)
    sas(there, "rem2" if first == "rem1" else "rem1", 1)
    there.run(there.time + 60)
    assert (state(there), state(there, "rem2")) == ("held", "raised")


def test_after_a_boot_a_tunnel_in_use_that_does_not_follow_keeps_nobody_waiting() -> None:
    before = policed(MANUAL)
    sas(before, "rem1", 0)
    before.run(70)
    there = boot(before, cold=True, first="rem1")
    assert state(there) == "held"
    there.run(60)
    assert there.times(Raise) == [5.0 + REJOIN]


def test_the_hold_down_is_the_configured_one() -> None:
    there = policed(Policy(hold_down=2.0))
    for _ in range(3):
        sas(there, "rem1", 0)
        there.run(there.time + 1)
        sas(there, "rem1", 1)
    assert there.tunnel().carrying.until == there.time + 4
    never = policed(Policy(hold_down=0.0))
    for _ in range(5):
        sas(never, "rem1", 0)
        sas(never, "rem1", 1)
        assert state(never) == "raised"


def test_a_tunnel_in_use_that_nothing_is_known_of_carries_on() -> None:
    """As where the name of its destination has no address any more."""
    there = policed(MANUAL, 2, SLUGGISH)
    sas(there, "rem1", 0)
    there.run(70)
    sas(there, "rem1", 1)
    there.run(80)
    [test] = there.tunnel("rem2").tests
    there.put(ProbeFailed("rem2", "8.8.8.8", test.sequence - 1, "no address"))
    assert there.tunnel("rem2").verdict.judgement == "unknown"
    assert (state(there), state(there, "rem2")) == ("held", "raised")


def test_after_a_boot_a_degraded_tunnel_in_use_is_not_waited_for() -> None:
    before = policed(MANUAL, 2, SLUGGISH)
    sas(before, "rem1", 0)
    before.run(70)
    there = World({"rem1": Gateway(), "rem2": Gateway(round_trip=0.3)}, time=5.0)
    there.client = from_memory(to_memory(before.client, before.now), there.now, cold=True)
    intents = tuple(TunnelIntent(name, (SLUGGISH,)) for name in ("rem1", "rem2"))
    there.put(Intended(intents, policy=MANUAL), PlutoState(True))
    sas(there, "rem2", 1)
    sas(there, "rem1", 1)
    there.run(5.0 + REJOIN - 1)
    assert there.tunnel("rem2").verdict.judgement == "degraded"
    assert state(there) == "raised"


def test_where_there_is_but_one_tunnel_nothing_moves() -> None:
    there = policed(MANUAL, 1)
    sas(there, "rem1", 0)
    there.run(70)
    sas(there, "rem1", 1)
    there.run(80)
    assert there.client.carrier == "rem1"
    assert moves(there, since=0) == []


def test_who_is_not_in_the_order_comes_after_those_who_are() -> None:
    assert policed(replace(MANUAL, order=("rem2",))).client.carrier == "rem2"
