"""The series of failures: its table, and which runs pass a promised bound."""

from __future__ import annotations

import pytest

from ipsec_lab.document import read
from ipsec_lab.failover import FAILURES, Failure, Row, passed, table, without
from ipsec_lab.router import document
from ipsec_lab.story import DEMO


def rows(what: str, *gaps: float, lost: int = 0) -> list[Row]:
    return [Row(what, 2000, lost, gap, 1.0) for gap in gaps]


def nothing(_: object) -> None:
    """Happens."""


GAP = Failure("gap", 3, 1.0, nothing, longest_ms=50.0)
LOSS = Failure("loss", 3, 1.0, nothing, lost=0)


def test_the_table_has_the_most_of_each_and_no_hundredth_of_few_runs() -> None:
    text = table([*rows("gap", 3.0, 41.5, 5.0, lost=7), *rows("loss", 8.0)])
    assert "| gap | 3 | 7 | 5.0 | – | 41.5 |" in text
    assert "| loss | 1 | 0 | 8.0 | – | 8.0 |" in text


def test_of_a_hundred_runs_the_table_has_the_hundredth() -> None:
    assert "| gap | 100 | 0 | 49.5 | 99.0 | 99.0 |" in table(rows("gap", *map(float, range(100))))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (Row("gap", 2000, 60, 50.0, 1.0), []),
        (
            Row("gap", 2000, 60, 50.1, 1.0),
            ["row 1: gap: a gap of 50.1 ms, 50 promised"],
        ),
        (Row("loss", 2000, 0, 900.0, 1.0), []),
        (Row("loss", 2000, 1, 1.0, 1.0), ["row 1: loss: 1 packets lost, 0 promised"]),
        (Row("another", 2000, 1, 1e9, 1.0), []),
    ],
)
def test_each_run_is_held_to_what_is_promised_of_it(row: Row, told: list[str]) -> None:
    assert list(passed([row], [GAP, LOSS])) == told


def test_every_failure_is_held_to_something() -> None:
    assert all(failure.longest_ms is not None or failure.lost is not None for failure in FAILURES)


def test_a_configuration_without_a_remote_has_neither_it_nor_its_route() -> None:
    text = DEMO.read_text()
    rest = without(text, "rem2")
    assert "rem2" in text
    assert "rem2" not in rest
    assert read(document(rest)).remotes == read(document(text)).remotes[:1]
