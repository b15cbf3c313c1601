"""The series of Libreswan we know, and which of them nodes run on. What differs between them is keyed by number."""

from __future__ import annotations

import re
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
    NEW: Series(NEW, "5.2", runs=True),
}


RUNNING = " or ".join(known.releases for known in SERIES.values() if known.runs)
"""The releases that nodes run on, for people."""


def of(version: str) -> int:
    """The series of a release, as ``4.10``. What cannot be told is taken for the one meant where none is named.

    5.0 and 5.1 count as too old: only from 5.2 on is a tunnel device in a namespace ours to make (ipsec.conf(5),
    ipsec-interface-managed).
    """
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None:
        return DEFAULT
    major, minor = int(found[1]), int(found[2])
    if major >= NEW:
        return NEW if (major, minor) >= (5, 2) else OLD
    return max(OLD, major)


def runs(number: int) -> bool:
    """Whether a node with that series can run connections."""
    return number in SERIES and SERIES[number].runs
