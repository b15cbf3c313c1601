"""The verdict on one tunnel: what is certain, what is only missed, and what is not known."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from ipsec_client.base.clock import Now
from ipsec_client.health.judge import STABLE, evaluate, judge
from ipsec_client.health.mending import Mending
from ipsec_client.health.trial import Test as Trial
from ipsec_client.health.types import Decision, Loaded, Negotiation, Tunnel, Verdict
from ipsec_client.health.wanted import Target, TunnelIntent

HERE = Target("8.8.8.8")
THERE = Target("1.1.1.1")
NEVER = Trial(HERE, ())
UP = replace(NEVER, status="up")
DOWN = replace(NEVER, status="down")
OTHER_DOWN = Trial(THERE, (), status="down")


def tunnel(*tests: Trial, inbound: int | None = 1, outbound: int | None = 1) -> Tunnel:
    targets = tuple(test.target for test in tests)
    return Tunnel(TunnelIntent("rem1", targets), inbound=inbound, outbound=outbound, tests=tests)


def needing(required: int, *tests: Trial) -> Tunnel:
    made = tunnel(*tests)
    return replace(made, intent=replace(made.intent, required=required))


def paired(there: int, wanted: int, *tests: Trial) -> Tunnel:
    """With SAs for so many of the pairs of subnets."""
    made = tunnel(*tests, inbound=there, outbound=there)
    theirs = [ip_network(f"10.{number}.0.0/16") for number in range(wanted)]
    pairs = tuple((ip_network("10.99.0.0/16"), network) for network in theirs)
    return replace(made, intent=replace(made.intent, pairs=pairs), pairs=there)


@pytest.mark.parametrize(
    ("found", "judgement", "reason", "certain"),
    [
        (tunnel(), "up", "security associations in both directions", True),
        (tunnel(inbound=None), "unknown", "no evidence yet", False),
        (tunnel(inbound=0, outbound=0), "down", "no security association", True),
        (tunnel(inbound=0), "down", "no inbound security association", True),
        (tunnel(outbound=0), "down", "no outbound security association", True),
        (tunnel(UP, inbound=0, outbound=0), "down", "no security association", True),
        (tunnel(inbound=2, outbound=1), "up", "security associations in both directions", True),
        (paired(4, 4), "up", "security associations in both directions", True),
        (paired(3, 4), "degraded", "3 of 4 pairs of subnets have security associations", True),
        (paired(1, 2, UP), "degraded", "1 of 2 pairs of subnets have security associations", True),
        (paired(1, 2, DOWN), "down", "no answer from 8.8.8.8", False),
        (tunnel(NEVER), "unknown", "not tested yet", False),
        (tunnel(UP), "up", "answers through the tunnel", False),
        (tunnel(DOWN), "down", "no answer from 8.8.8.8", False),
        (tunnel(UP, OTHER_DOWN), "down", "no answer from 1.1.1.1", False),
        (tunnel(DOWN, OTHER_DOWN), "down", "no answer from 8.8.8.8, 1.1.1.1", False),
        (needing(1, UP, OTHER_DOWN), "up", "answers through the tunnel", False),
        (needing(1, NEVER, OTHER_DOWN), "unknown", "not tested yet", False),
        (needing(9, UP, OTHER_DOWN), "down", "no answer from 1.1.1.1", False),
        (needing(0, DOWN, OTHER_DOWN), "down", "no answer from 8.8.8.8, 1.1.1.1", False),
    ],
)
def test_the_verdict_follows_from_the_evidence(
    found: Tunnel, judgement: str, reason: str, certain: bool
) -> None:
    assert evaluate(found, True) == (judgement, reason, certain)


def test_a_dead_pluto_is_certain_whatever_else_is_seen() -> None:
    assert evaluate(tunnel(UP), False) == ("down", "pluto is dead", True)


def test_the_reason_says_why_there_is_no_sa() -> None:
    nothing = tunnel(inbound=0, outbound=0)
    refused = replace(nothing, loaded=Loaded("refused", "bad ike value"))
    assert evaluate(refused, True)[1] == "pluto refused the connection: bad ike value"
    blocked = replace(nothing, negotiation=Negotiation("blocked", blocker="key"))
    assert evaluate(blocked, True)[1] == "negotiation blocked: key"


def test_a_tunnel_being_restarted_is_down_before_its_sas_are_gone() -> None:
    severed = replace(tunnel(UP), mending=Mending(severed=True))
    assert evaluate(severed, True) == ("down", "being restarted", True)


LATE = Trial(replace(HERE, latency_limit=0.1), (), status="up", round_trip=0.1)
LOSSY = Trial(replace(HERE, loss_limit=0.05), (), status="up", loss=0.05)


@pytest.mark.parametrize(
    ("fine", "eased", "above", "reason"),
    [
        (LATE, replace(LATE, round_trip=0.07), replace(LATE, round_trip=0.11), "latency"),
        (LOSSY, replace(LOSSY, loss=0.03), replace(LOSSY, loss=0.06), "loss"),
    ],
)
def test_a_limit_passed_is_degraded_and_eases_below_it(
    fine: Trial, eased: Trial, above: Trial, reason: str
) -> None:
    degraded = Verdict("degraded")
    told = f"{reason} to 8.8.8.8 is above its limit"
    assert evaluate(tunnel(fine), True)[0] == "up"
    assert evaluate(tunnel(above), True) == ("degraded", told, False)
    assert evaluate(replace(tunnel(fine), verdict=degraded), True)[0] == "degraded"
    assert evaluate(replace(tunnel(eased), verdict=degraded), True)[0] == "up"


def test_limits_are_for_as_many_as_must_answer() -> None:
    slow = replace(LATE, round_trip=0.2)
    lost = replace(LOSSY, target=replace(LOSSY.target, destination="1.1.1.1"), loss=0.2)
    assert evaluate(needing(1, slow, UP), True)[0] == "up"
    assert evaluate(needing(2, slow, UP), True)[0] == "degraded"
    told = "latency to 8.8.8.8 is above its limit"
    assert evaluate(needing(1, slow, lost), True) == ("degraded", told, False)
    assert evaluate(needing(1, slow, OTHER_DOWN), True) == ("degraded", told, False)


def test_a_verdict_keeps_its_age_while_the_judgement_stays() -> None:
    first, told = judge(tunnel(inbound=0, outbound=0), True, Now(10, 10))
    assert told == [Decision("rem1", "down", "no security association")]
    assert first.verdict.since == 10
    second, told = judge(replace(first, inbound=1), True, Now(20, 20))
    assert told == []
    assert second.verdict == Verdict("down", "no outbound security association", 10, True)
    assert judge(second, True, Now(30, 30)) == (second, [])


@pytest.mark.parametrize(("lasted", "repairs"), [(STABLE - 1, 2), (STABLE, 0)])
def test_only_a_tunnel_that_stayed_up_begins_its_ladder_again(lasted: float, repairs: int) -> None:
    found = replace(tunnel(DOWN), verdict=Verdict("up", since=100), mending=Mending(repairs=2))
    judged, _ = judge(found, True, Now(100 + lasted, 0))
    assert judged.mending.repairs == repairs
