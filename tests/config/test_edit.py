"""Edits: made, found between two configurations, and refused with the path and the cure."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.config.edit import (
    Change,
    Edit,
    apply,
    difference,
    edits_of,
    named_routers,
)
from ipsec_client.config.paths import Finder
from ipsec_client.config.reader import read
from ipsec_client.model.definition import Nested, Path, definition
from ipsec_client.model.elements import Authority, Config, Router
from tests.configs import complete
from tests.configs.strategies import elements

thorough = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
authorities = st.builds(
    Authority, router=st.lists(elements(Router, 2), max_size=1).map(tuple)
) | elements(Authority, 1)
R1: Path = ("authority", "router", "router1")
C1: Path = (*R1, "node", "node1", "ipsec-client", "client1")
REM1: Path = (*C1, "remote", "rem1")
HOP: Path = (*R1, "service-route", "rem1", "next-hop", "node1", "rem1-intf")


@pytest.fixture(scope="module")
def page() -> Authority:
    authority = read(complete()).config.authority
    assert authority is not None
    return authority


# --- properties


@thorough
@given(authorities, authorities)
def test_the_edits_between_two_lead_from_one_to_the_other(
    before: Authority, after: Authority
) -> None:
    edits = edits_of(before, after)
    assert apply(before, edits) == after
    assert bool(edits) == (before != after) == bool(difference(before, after))


@st.composite
def disordered(draw: st.DrawFn) -> tuple[Authority, Authority]:
    """Two authorities with routers of the same names, some missing here and there, each in an order of its own."""
    names = st.lists(st.sampled_from("abcdefgh"), unique=True)
    fields = st.sampled_from((None, "r1"))

    def one() -> Authority:
        routers = (Router(name=name) for name in draw(names))
        return Authority(name=draw(fields), router=tuple(routers))

    return one(), one()


@thorough
@given(disordered())
def test_order_is_a_part_of_it_and_as_little_as_possible_is_moved(
    both: tuple[Authority, Authority],
) -> None:
    before, after = both
    edits = edits_of(before, after)
    assert apply(before, edits) == after
    moves = sum(edit.verb == "move" for edit in edits)
    assert moves <= max(0, len(after.router) - 1)


_words = st.sampled_from(("name", "host", "subnet", "tenant", "é", "*", "", "1", *REM1, *HOP))
_values = st.none() | _words | st.just(Secret("somekey1"))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.builds(
            Edit,
            st.sampled_from(("set", "delete", "move")),
            st.sampled_from(((), R1, C1, REM1)).flatmap(
                lambda base: st.lists(_words, max_size=4).map(lambda more: (*base, *more))
            ),
            _words,
            _values,
        ),
        max_size=4,
    )
)
def test_what_cannot_be_raises_its_own_error_only(page: Authority, edits: list[Edit]) -> None:
    with suppress(InputFault):
        done = apply(page, edits)
        assert apply(done, edits_of(done, page)) == page


# --- applying


def test_only_what_is_named_becomes_another_object(page: Authority) -> None:
    two = replace(page, router=(*page.router, replace(page.router[0], name="router2")))
    done = apply(two, [Edit("set", REM1, "host", "172.16.9.9")])
    assert done.router[1] is two.router[1]
    assert done.service is two.service
    assert Finder(done).values(REM1, "host") == ("172.16.9.9",)
    assert apply(two, [Edit("set", REM1, "host", "172.16.4.3")]) is two


def test_an_element_comes_with_all_above_it_and_goes_with_all_below() -> None:
    path = ("authority", "router", "r9", "node", "n9", "ipsec-client", "c9")
    made = apply(Authority(), [Edit("set", path)])
    assert Finder(made).element(path) is not None
    assert apply(made, [Edit("delete", path[:3])]) == Authority()
    assert apply(made, [Edit("delete", ("authority",))]) == Authority()


def test_a_field_of_several_takes_and_gives_back_values(page: Authority) -> None:
    more = apply(page, [Edit("set", REM1, "subnet", "10.9.0.0/16")])
    before = Finder(page).values(REM1, "subnet")
    assert before is not None
    assert Finder(more).values(REM1, "subnet") == (*before, "10.9.0.0/16")
    assert apply(more, [Edit("delete", REM1, "subnet", "10.9.0.0/16")]) == page
    assert Finder(apply(more, [Edit("delete", REM1, "subnet")])).values(REM1, "subnet") == ()


def test_an_edit_that_cannot_be_is_passed_over_where_it_is_needless(page: Authority) -> None:
    rem1 = (*C1, "remote", "rem1")
    wrong = [
        Edit("move", rem1, value="rem9"),
        Edit("move", rem1, value="rem1"),
        Edit("delete", (*C1, "remote", "rem9")),
        Edit("delete", (*C1, "remote", "rem9"), "host"),
        Edit("set", rem1, "subnet", "gold"),
    ]
    for edit in wrong:
        with pytest.raises(InputFault):
            apply(page, [edit])
    assert apply(page, wrong, wrong.__contains__) is page
    right = Edit("set", rem1, "host", "172.16.9.9")
    assert apply(page, [*wrong, right], wrong.__contains__) == apply(page, [right])
    with pytest.raises(InputFault, match="rem9"):
        apply(page, wrong, wrong[1:].__contains__)


def test_an_element_is_moved_after_another_or_first(page: Authority) -> None:
    rem2 = (*C1, "remote", "rem2")

    def order(authority: Authority) -> list[str]:
        return [remote.name for remote in authority.router[0].node[0].ipsec_client[0].remote]

    first = apply(page, [Edit("move", rem2)])
    assert order(first) == ["rem2", "rem1"]
    assert order(apply(first, [Edit("move", rem2, value="rem1")])) == ["rem1", "rem2"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            Edit("delete", (*C1, "remote", "rem9")),
            "authority router router1 node node1 ipsec-client client1 remote rem9: is not configured",
        ),
        (Edit("delete", REM1, "remote-id"), "remote rem1 remote-id: is not set"),
        (Edit("delete", REM1, "host", "9.9.9.9"), "host: does not have that value"),
        (Edit("set", REM1, "host"), "host: has no value"),
        (Edit("set", REM1, "host", "a b"), "host: is neither an IP address nor a host name"),
        (Edit("set", REM1, "nohost", "x"), "remote rem1: 'nohost' is no field here"),
        (Edit("set", REM1, "name", "rem9"), "name: tells it from others and stays"),
        (Edit("set", (*R1, "nodes", "n")), "router router1: 'nodes' is no element here"),
        (Edit("set", (*R1, "node")), "router router1 node: which one is not said"),
        (Edit("set", (*R1, "node", "a b")), "name: is not made of letters"),
        (Edit("move", (*C1, "remote", "rem1"), value="rem9"), "there is no rem9 to stand after"),
        (Edit("set", REM1, "host", Secret("somekey1")), "host: holds no key"),
    ],
)
def test_an_edit_that_cannot_be_says_where_and_why(page: Authority, wrong: Edit, told: str) -> None:
    with pytest.raises(InputFault) as caught:
        apply(page, [wrong])
    assert told in caught.value.what


# --- differences


def test_differences_are_told_field_by_field_and_without_keys(page: Authority) -> None:
    profile = (*R1, "ipsec-profile", "primary")
    done = apply(
        page,
        [
            Edit("set", profile, "pre-shared-key", Secret("hunter22")),
            Edit("set", REM1, "host", "172.16.9.9"),
            Edit("set", REM1, "local-subnet", "10.1.0.0/16"),
            Edit("delete", (*C1, "remote", "rem2")),
            Edit("move", (*R1, "ipsec-profile", "secondary")),
        ],
    )
    changes = difference(page, done)
    assert Change("changed", profile, "pre-shared-key", "(removed)", "(removed)") in changes
    assert Change("changed", REM1, "host", "172.16.4.3", "172.16.9.9") in changes
    assert Change("added", REM1, "local-subnet", after="10.1.0.0/16") in changes
    assert Change("removed", (*C1, "remote", "rem2")) in changes
    assert Change("removed", (*C1, "remote", "rem2"), "host", "172.16.5.4") in changes
    assert "hunter22" not in repr(changes)
    assert any(change.after == "first" for change in changes)


def test_the_routers_that_edits_name(page: Authority) -> None:
    assert named_routers(
        [
            Edit("set", ("authority",), "name", "a"),
            Edit("set", ("authority", "tenant", "t")),
            Edit("delete", ("authority", "router", "r1")),
            Edit("set", REM1, "host", "h"),
        ]
    ) == {"r1", "router1"}


def test_paths_of_what_is_not_there(page: Authority) -> None:
    assert Finder(page).values((*R1, "node", "node9"), "name") is None
    assert Finder(page).values(REM1, "remote-id") == ()
    assert Finder(page).element(()) == Config(authority=page)


def test_a_nested_element_is_no_field() -> None:
    assert isinstance(definition(Router).by_name["node"], Nested)
    with pytest.raises(InputFault, match="'node' is no field here"):
        apply(Authority(), [Edit("set", R1, "node", "x")])
