"""Tables, blocks and trees keep their rules whatever they are given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.base.table import table
from ipsec_client.commands.layout import block, counter, labelled, span, tree

TEXT = st.text(max_size=12)
WORD = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=12)


@given(st.lists(st.tuples(TEXT, st.integers(0, 10**9)), min_size=1))
def test_every_line_of_a_table_fits_its_rule(rows: list[tuple[str, int]]) -> None:
    rule, header, second, *body = table(("Name", "Octets"), rows).splitlines()
    assert rule == second
    assert set(rule) == {"=", " "}
    assert header.startswith(" Name")
    assert len(body) == len(rows)
    assert all(len(line) <= len(rule) for line in body)
    for line, (_, number) in zip(body, rows, strict=True):
        assert line.endswith(str(number))
        assert len(line) == len(rule)


@given(st.lists(st.tuples(WORD, WORD), min_size=1))
def test_a_column_is_as_wide_as_its_longest_and_two_more(rows: list[tuple[str, str]]) -> None:
    rule = table(("A", "B"), rows).splitlines()[0]
    for size, cells in zip(map(len, rule.split()), zip(*rows, strict=True), strict=True):
        assert size == max(map(len, cells)) + 2


@given(st.lists(WORD, min_size=1, max_size=30), st.integers(40, 200))
def test_a_table_is_folded_into_the_terminal(words: list[str], width: int) -> None:
    text = table(("ID", "Message"), [("n:1", " ".join(words))], width=width)
    assert all(len(line) <= width for line in text.splitlines())
    message = text.splitlines()[0].index(" ") + 1
    shown = " ".join(line[message:].strip() for line in text.splitlines()[3:])
    assert shown == " ".join(words)


def test_a_table_in_a_narrow_terminal_keeps_a_readable_column() -> None:
    text = table(("ID", "Message"), [("n:1", "x" * 90)], width=10)
    assert len(text.splitlines()[0].split()[1]) == 20


def test_columns_of_numbers_stand_right_and_others_left() -> None:
    assert table(("Name", "In", "Mixed"), [("a", 7, "1"), ("b", 1234, "--")]) == (
        "====== ====== =======\n"
        " Name   In     Mixed\n"
        "====== ====== =======\n"
        " a          7  1\n"
        " b       1234  --\n"
    )


@given(st.text())
def test_nothing_a_peer_said_steers_the_terminal(text: str) -> None:
    shown = table(("A", "B"), [(text, "x")])
    assert len(shown.splitlines()) == 4
    assert all(line.isprintable() for line in shown.splitlines())


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=5))
def test_the_rule_of_a_block_is_one_longer_than_its_longest_line(
    title: str, lines: list[str]
) -> None:
    rule, *_ = shown = block(title, lines).split("\n")[:-1]
    assert shown[2] == rule
    assert len(rule) == max(len(line) for line in shown[1:2] + shown[3:]) + 1


@given(WORD, WORD)
def test_values_begin_at_their_column_or_after_the_colon(label: str, value: str) -> None:
    line = labelled(label, value)
    assert line.index(value, line.index(":")) == max(22, len(label) + 2)


def test_counters_end_at_one_edge() -> None:
    assert {len(counter(name, n)) for name, n in (("in", 0), ("out-octets", 2**40))} == {39}


def test_a_tree_goes_two_in_for_each_object_and_each_array() -> None:
    state = {"a": {"b": 1}, "c": [{"d": [2, "x"]}], "e": [[{"f": True}]], "g": []}
    assert tree(state) == [
        " a:",
        "   b:                 1",
        " c:",
        "     d:",
        "       2",
        "       x",
        " e:",
        "       f:             True",
        " g:",
    ]


def test_ages_are_for_people() -> None:
    assert [span(s) for s in (-1, 0.4, 59, 60, 185, 7620, 356400)] == [
        "0s", "0s", "59s", "1m 00s", "3m 05s", "2h 07m", "4d 03h",
    ]  # fmt: skip
