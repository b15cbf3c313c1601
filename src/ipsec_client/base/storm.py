"""Storms of equal log lines: the first few pass, the rest of a minute is one line that counts them. Pure."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import takewhile

WINDOW = 60.0
"""Seconds that lines of one kind are counted together."""

EQUAL = 5
"""So many equal lines of one window are written."""

ALIKE = 1000
"""So many lines of one place in the program are written in one window, however they differ."""


@dataclass(slots=True)
class _Kind:
    """Lines of one kind in one window: how many came, and the last of those that were not written."""

    begun: float
    count: int = 0
    passed_over: int = 0
    last: logging.LogRecord | None = None


class Storms:
    """What of a stream of records is written. Instants are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[object, ...], _Kind] = {}

    def admits(self, record: logging.LogRecord, now: float) -> bool:
        """Whether the record is written; one that is not is counted. Who asks for debug or trace gets it whole."""
        if record.levelno < logging.INFO:
            return True
        place = (record.pathname, record.lineno, record.levelno)
        equal = (*place, record.getMessage(), str(getattr(record, "about", "")))
        alike = self._kinds.get(place)
        if alike and alike.count >= ALIKE and equal not in self._kinds:
            return self._counted(
                place, ALIKE, record, now
            )  # no kind of its own: they would be as many as the lines
        return self._counted(equal, EQUAL, record, now) and self._counted(place, ALIKE, record, now)

    def over(self, now: float) -> list[logging.LogRecord]:
        """Ends the windows that are over; a record for each that was not written whole."""
        lasting = takewhile(lambda item: now - item[1].begun >= WINDOW, self._kinds.items())
        ended = [key for key, _ in lasting]  # kinds stand in the order in which they began
        return [told for key in ended if (told := _summary(self._kinds.pop(key)))]

    def wait(self, now: float) -> float | None:
        """Seconds until a window ends of which something is to be told; None: nothing waits."""
        waiting = [kind.begun for kind in self._kinds.values() if kind.passed_over]
        return max(0.0, min(waiting) + WINDOW - now) if waiting else None

    def _counted(
        self, key: tuple[object, ...], most: int, record: logging.LogRecord, now: float
    ) -> bool:
        kind = self._kinds.setdefault(key, _Kind(now))
        kind.count += 1
        if kind.count <= most:
            return True
        kind.passed_over += 1
        kind.last = record
        return False


def _summary(kind: _Kind) -> logging.LogRecord | None:
    if kind.last is None:
        return None
    told = logging.makeLogRecord(kind.last.__dict__)
    told.msg = (
        f"... {kind.passed_over} more of this kind in {WINDOW:.0f} s: {kind.last.getMessage()}"
    )
    told.args, told.exc_info, told.exc_text = (), None, None
    return told
