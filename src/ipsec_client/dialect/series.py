"""The series of Libreswan we know, and which of them nodes run on. What differs between them is keyed by number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Series:
    """One major version of Libreswan. ``releases`` are those of it that we have in mind.

    ``runs``: whether a node runs on it. Files can be written for the others too, to be read and checked.
    """

    number: int
    releases: str
    runs: bool = False


OLD, DEFAULT, NEW = 3, 4, 5
"""The series by what they are beside the one that is meant where none is named: Debian 12's."""

SERIES = {
    OLD: Series(OLD, "3.23 to 3.29"),
    DEFAULT: Series(DEFAULT, "4.10", runs=True),
    NEW: Series(NEW, "5.2"),
}


def runs(number: int) -> bool:
    """Whether a node with that series can run connections."""
    return number in SERIES and SERIES[number].runs
