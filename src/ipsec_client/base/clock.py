"""Time as a value that is passed in. Monotonic seconds judge; wall-clock seconds are shown."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Now:
    """One instant: ``mono`` seconds of the monotonic clock, ``wall`` seconds since 1970."""

    mono: float
    wall: float

    @classmethod
    def read(cls) -> Now:
        """The present instant."""
        return cls(time.monotonic(), time.time())


def date_line(wall: float) -> str:
    """The line above each answer of the PCLI: ``Tue 2020-06-30 16:44:39 UTC`` (page)."""
    return datetime.fromtimestamp(wall, UTC).strftime("%a %Y-%m-%d %H:%M:%S UTC")


def moment(wall: float) -> str:
    """A time inside an answer: ``2020-06-30 16:37:50``, in UTC (page)."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M:%S")
