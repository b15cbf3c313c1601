"""Alarms are levels: numbered once, kept over restarts, never raised twice."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipsec_client.alarms import book as b
from ipsec_client.alarms.ports import Ports, assign
from ipsec_client.base.clock import Now

NOON = Now(100.0, 1_600_000_000.0)
LATER = Now(160.0, 1_600_000_060.0)


def alarm(key: str, message: str = "wrong") -> b.Alarm:
    return b.Alarm(key, "critical", "interface", "unavailable", message)


def levels(*keys: str) -> dict[str, b.Alarm]:
    return {key: alarm(key) for key in keys}


def test_a_level_is_raised_once_and_cleared_once() -> None:
    book, changes = b.update(b.Book(), levels("rem1"), NOON)
    assert [(c.type, c.number, c.time) for c in changes] == [("add", 1, NOON.wall)]
    same, changes = b.update(book, levels("rem1"), LATER)
    assert same is book
    assert changes == []
    book, changes = b.update(book, {}, LATER)
    assert [(c.type, c.number, c.time) for c in changes] == [("clear", 1, LATER.wall)]
    assert book.standing == ()


def test_numbers_are_never_used_again() -> None:
    book, _ = b.update(b.Book(), levels("rem1", "rem2"), NOON)
    book, _ = b.update(book, levels("rem1"), NOON)
    book, changes = b.update(b.from_memory(b.to_memory(book)), levels("rem1", "rem2"), LATER)
    assert [(item.number, item.time) for item in book.standing] == [(1, NOON.wall), (3, LATER.wall)]
    assert [c.number for c in changes] == [3]


def test_a_standing_alarm_takes_over_its_new_text_and_keeps_number_and_time() -> None:
    book, _ = b.update(b.Book(), levels("rem1"), NOON)
    book, changes = b.update(book, {"rem1": alarm("rem1", "worse")}, LATER)
    assert changes == []
    assert book.standing == (b.Standing(1, NOON.wall, alarm("rem1", "worse")),)


def test_ports_are_numbered_in_order_and_keep_their_numbers() -> None:
    ports = assign(Ports(), ["lan", "wan", "client1", "rem1", "rem2"])
    assert ports.numbers["rem1"] == 4  # as on the page: Intf rem1 (4)
    ports = assign(ports, ["lan", "wan", "client1", "rem2", "rem3", "rem1"])
    assert ports.numbers["rem1"] == 4
    assert ports.numbers["rem3"] == 6
    assert assign(ports, ["rem3"]) is ports


def test_the_book_survives_as_json() -> None:
    book, _ = b.update(b.Book(ports=assign(Ports(), ["lan", "rem1"])), levels("rem1"), NOON)
    assert b.from_memory(json.loads(json.dumps(b.to_memory(book)))) == book


def test_numbers_go_on_from_the_highest_that_is_read() -> None:
    book, _ = b.update(b.Book(), levels("rem1", "rem2"), NOON)
    kept = b.to_memory(book)
    kept["following"] = "?"
    assert b.from_memory(kept).following == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(JSON)
def test_garbage_is_an_empty_book(data: object) -> None:
    assert b.from_memory(data) == b.Book()


@settings(max_examples=50)
@given(standing=JSON, following=JSON, ports=JSON, numbers=JSON)
def test_half_garbage_is_never_an_error(
    standing: object, following: object, ports: object, numbers: object
) -> None:
    data = {"format": 1, "standing": [standing], "following": following}
    b.from_memory({**data, "ports": ports})
    book = b.from_memory({**data, "standing": standing, "ports": {"numbers": numbers}})
    assert book.following >= 1


@pytest.mark.parametrize(
    "damage", [{"number": "1"}, {"time": None}, {"alarm": {}}, {"alarm": {"key": "rem1"}}]
)
def test_what_cannot_be_read_does_not_stand(damage: dict[str, object]) -> None:
    book, _ = b.update(b.Book(), levels("rem1", "rem2"), NOON)
    kept = b.to_memory(book)
    kept["standing"][0] |= damage
    assert [item.number for item in b.from_memory(kept).standing] == [2]
