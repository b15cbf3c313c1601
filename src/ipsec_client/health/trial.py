"""What is known of one monitor destination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ipsec_client.health.wanted import Target


@dataclass(frozen=True)
class Test:
    """A destination under test. ``begun`` is when its present test began; None: between two tests."""

    target: Target
    schedule: tuple[float, ...]  # when its attempts are made, in seconds after it began
    sequence: int = 0  # of the next attempt
    begun: float | None = None
    first: int = 0  # sequence of the present test's first attempt
    attempts: int = 0  # sent in the present test
    next_at: float = 0.0  # the next attempt, the end of the test, or the beginning of the next
    rhythm: float = 0.0  # when the next test begins that no event asked for
    status: Literal["up", "down", "unknown"] = "unknown"
    owed: int = 1  # tests in a row still to be answered before it is up
    missed: int = 0  # tests in a row that failed
    rejection: str = ""  # what the latest attempt that was answered badly was answered
    loss: float = 0.0  # smoothed share of attempts lost
    round_trip: float | None = None  # smoothed, seconds
    last_attempt_wall: float | None = None
