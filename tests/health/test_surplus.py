"""Which SAs are too many, and which only look so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ipsec_client.health.surplus import GRACE, Child, Look, Stranger, strangers, surplus

OLD, NEW = Child("c", 3, 100, 100), Child("c", 7, 50, 50)
STRANGER = Stranger(1, "192.0.2.1", 0x100)


def look(at: float, *children: Child, unknown: frozenset[Stranger] = frozenset()) -> Look:
    return Look(at, children, unknown)


def moved(child: Child, inbound: int, outbound: int) -> Child:
    return replace(
        child, inbound=(child.inbound or 0) + inbound, outbound=(child.outbound or 0) + outbound
    )


def ended(before: Look, now: Look) -> list[tuple[int, int]]:
    return [(item.child.serial, item.carrying.serial) for item in surplus(before, now)]


def test_the_child_that_carries_nothing_beside_one_that_does_is_ended() -> None:
    before = look(0, OLD, NEW)
    assert not before.clean
    assert ended(before, look(GRACE, OLD, moved(NEW, 1, 1))) == [(3, 7)]
    assert ended(before, look(GRACE, moved(OLD, 1, 1), NEW)) == [(7, 3)]


@pytest.mark.parametrize(
    "now",
    [
        look(GRACE, OLD, NEW),  # nothing flows: who knows which one will be used
        look(GRACE, moved(OLD, 1, 0), moved(NEW, 0, 1)),  # each end uses another one
        look(GRACE, moved(OLD, 1, 0), moved(NEW, 1, 1)),  # the gateway still sends on the old one
        look(GRACE, OLD, moved(NEW, 0, 1)),  # nothing comes back: no proof of the other
        look(GRACE - 0.1, OLD, moved(NEW, 1, 1)),  # it may be a rekey
        look(GRACE, OLD, Child("c", 9, 5, 5)),  # the other one has just come: a rekey
        look(GRACE, Child("d", 3, 100, 100), moved(NEW, 1, 1)),  # of another pair of subnets
    ],
)
def test_what_only_looks_so_stays(now: Look) -> None:
    assert ended(look(0, OLD, NEW), now) == []


def test_a_child_that_the_kernel_lacks_a_half_of_is_ended_where_another_carries() -> None:
    half = Child("c", 3, 100, None)
    assert not look(0, half).clean
    assert ended(look(0, half, NEW), look(GRACE, half, moved(NEW, 1, 1))) == [(3, 7)]
    assert ended(look(0, half), look(GRACE, half)) == []  # the verdict is down, and repair comes


def test_each_pair_of_subnets_has_a_child_of_its_own() -> None:
    pairs = Child("c/1x1", 3, 0, 0), Child("c/1x2", 4, 0, 0)
    assert look(0, *pairs).clean
    assert ended(look(0, *pairs), look(GRACE, pairs[0], moved(pairs[1], 9, 9))) == []


def test_what_pluto_does_not_know_must_be_so_twice() -> None:
    unknown = frozenset({STRANGER})
    before = look(0, NEW, unknown=unknown)
    assert not before.clean
    assert set(strangers(before, look(GRACE, NEW, unknown=unknown))) == {STRANGER}
    assert set(strangers(before, look(GRACE - 1, NEW, unknown=unknown))) == set()
    assert set(strangers(before, look(GRACE, NEW))) == set()
    assert set(strangers(look(0, NEW), look(GRACE, NEW, unknown=unknown))) == set()
