"""Several pairs of subnets in one tunnel: what becomes of it when one of them is lost."""

from __future__ import annotations

from ipaddress import ip_network
from itertools import product

from ipsec_client.health.subnets import covers
from ipsec_client.health.types import (
    ConnectionState,
    Decision,
    Intended,
    Loaded,
    Lower,
    PlutoState,
    Restart,
    SecurityAssociations,
)
from ipsec_client.health.wanted import Target, TunnelIntent
from tests.health.world import Gateway, World

OURS, THEIRS = ("10.1.0.0/16", "10.2.0.0/16"), ("10.3.0.0/16", "10.4.0.0/16")
EIGHT = tuple((ip_network(f"10.{number}.0.0/16"), ip_network("10.3.0.0/16")) for number in range(8))
FOUR = tuple((ip_network(near), ip_network(far)) for near, far in product(OURS, THEIRS))


def up(*intents: TunnelIntent) -> World:
    """All of them up with every pair."""
    there = World({intent.remote: Gateway() for intent in intents})
    there.obedient = False
    there.put(PlutoState(True), Intended(intents))
    for intent in intents:
        pairs = len(intent.pairs)
        there.put(
            ConnectionState(intent.remote, Loaded("loaded")),
            SecurityAssociations(intent.remote, pairs, pairs, pairs),
        )
    there.run(1.0)
    return there


def restarts(there: World) -> list[tuple[str, str]]:
    return [(effect.remote, effect.how) for _, effect in there.log if isinstance(effect, Restart)]


def lowered(there: World) -> list[str]:
    return [effect.remote for _, effect in there.log if isinstance(effect, Lower)]


def test_a_lost_pair_is_begun_again_alone_when_pluto_does_not() -> None:
    there = up(TunnelIntent("rem1", pairs=FOUR))
    there.put(SecurityAssociations("rem1", 3, 3, 3))
    assert there.client.tunnel("rem1").verdict.judgement == "degraded"
    assert restarts(there) == []
    there.run(there.time + 6)
    assert restarts(there) == [("rem1", "complete")]
    there.put(SecurityAssociations("rem1", 4, 4, 4))
    there.run(there.time + 60)
    assert restarts(there) == [("rem1", "complete")]
    assert lowered(there) == []


def test_a_pair_that_the_gateway_never_has_is_asked_for_ever_more_rarely() -> None:
    there = up(TunnelIntent("rem1", pairs=FOUR))
    there.put(SecurityAssociations("rem1", 3, 3, 3))
    there.run(there.time + 600)
    assert set(restarts(there)) == {("rem1", "complete")}
    assert 15 < len(restarts(there)) < 30
    assert lowered(there) == []


def test_what_an_attempt_left_is_begun_as_soon_as_its_own_pairs_are_there() -> None:
    there = up(TunnelIntent("rem1", pairs=EIGHT))
    there.put(SecurityAssociations("rem1", 1, 1, 1))
    there.left = 4
    there.run(there.time + 6)
    there.put(SecurityAssociations("rem1", 3, 3, 3))
    assert restarts(there) == [("rem1", "complete")]
    there.left = 1
    there.put(SecurityAssociations("rem1", 4, 4, 4))
    assert restarts(there) == [("rem1", "complete")] * 2
    there.run(there.time + 1)
    there.put(SecurityAssociations("rem1", 7, 7, 7))
    assert restarts(there) == [("rem1", "complete")] * 3
    there.put(SecurityAssociations("rem1", 8, 8, 8))
    assert there.client.tunnel("rem1").verdict.judgement == "up"
    assert there.client.budget == ()  # nothing failed


def test_pairs_that_do_not_come_keep_the_others_no_longer_than_any_repair() -> None:
    there = up(TunnelIntent("rem1", pairs=EIGHT))
    there.put(SecurityAssociations("rem1", 1, 1, 1))
    there.left = 4
    there.run(there.time + 6)
    there.put(SecurityAssociations("rem1", 3, 3, 3))
    there.run(there.time + 4)
    assert restarts(there) == [("rem1", "complete")]
    there.run(there.time + 6)
    assert restarts(there) == [("rem1", "complete")] * 2


def test_where_pluto_counts_fewer_pairs_than_the_kernel_there_is_no_hurry() -> None:
    there = up(TunnelIntent("rem1", pairs=EIGHT))
    there.left = 6
    there.put(SecurityAssociations("rem1", 5, 5, 5))
    there.run(there.time + 30)
    assert 2 < len(restarts(there)) < 6


def test_what_carries_nothing_is_not_restarted_portion_after_portion() -> None:
    there = up(TunnelIntent("rem1", (Target("8.8.8.8"),), pairs=EIGHT))
    there.gateways["rem1"].silent_from = there.time
    there.left = 5
    there.put(SecurityAssociations("rem1", 3, 3, 3))
    there.run(there.time + 30)
    assert there.client.tunnel("rem1").verdict.judgement == "down"
    assert 2 < len(restarts(there)) < 6


def test_a_tunnel_raised_as_the_last_resort_says_for_what_it_carries_now() -> None:
    there = up(TunnelIntent("rem1", pairs=FOUR))
    there.put(SecurityAssociations("rem1", 0, 0, 0))
    there.put(SecurityAssociations("rem1", 2, 2, 2))
    assert there.client.tunnel("rem1").carrying.reason.startswith("2 of 4")
    there.put(SecurityAssociations("rem1", 3, 3, 3))
    assert there.client.tunnel("rem1").carrying.reason.startswith("3 of 4")
    there.put(SecurityAssociations("rem1", 4, 4, 4))
    carrying = there.client.tunnel("rem1").carrying
    assert (carrying.state, carrying.reason) == (
        "raised",
        "security associations in both directions",
    )


def test_traffic_yields_to_a_tunnel_that_carries_the_same_and_to_no_other() -> None:
    stranger = TunnelIntent("rem2", pairs=((ip_network("10.1.0.0/16"), ip_network("10.9.0.0/16")),))
    there = up(TunnelIntent("rem1", pairs=FOUR), stranger)
    there.put(SecurityAssociations("rem1", 3, 3, 3))
    assert lowered(there) == []
    there = up(TunnelIntent("rem1", pairs=FOUR), TunnelIntent("rem2"))
    there.put(SecurityAssociations("rem1", 3, 3, 3))
    assert lowered(there) == ["rem1"]
    assert any(
        isinstance(effect, Decision) and "rem2 is up" in effect.why for _, effect in there.log
    )


def test_one_pair_alone_is_never_found_lacking() -> None:
    there = up(TunnelIntent("rem1"))
    there.put(SecurityAssociations("rem1", 1, 1, 0))
    assert there.client.tunnel("rem1").verdict.judgement == "up"


def test_whose_destination_is_silent_is_down_whatever_pairs_it_has() -> None:
    there = up(TunnelIntent("rem1", (Target("8.8.8.8"),), pairs=FOUR))
    there.put(SecurityAssociations("rem1", 3, 3, 3))
    there.gateways["rem1"].silent_from = there.time
    there.run(there.time + 2)
    assert there.tunnel().verdict.judgement == "down"


def test_a_network_is_covered_by_itself_and_wider_ones_of_its_kind() -> None:
    wide, narrow, six = map(ip_network, ("10.0.0.0/8", "10.0.0.0/16", "::/0"))
    assert covers(((wide, wide),), ((narrow, wide),))
    assert not covers(((narrow, wide),), ((wide, wide),))
    assert not covers(((wide, narrow),), ((narrow, wide),))
    assert not covers(((six, six),), ((narrow, narrow),))
    assert not covers(((narrow, narrow),), ((six, six),))
