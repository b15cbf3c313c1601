"""What happened, by number: the events that operators and the conductor read, and why health decided as it did.

Bounded; the oldest go. Numbers go on across restarts of the agent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.data import decode
from ipsec_client.commands.view import DecisionView, EventView

T = TypeVar("T", EventView, DecisionView)

EVENTS = 10_000
DECISIONS = 2_000

LATEST = 1e11
"""Seconds since 1970 that no event of ours bears: beyond them is no calendar to show it in."""


class Ring:
    """The events and decisions of one node."""

    def __init__(self, kept: dict[str, Any]) -> None:
        self._events: deque[EventView] = deque(_read(EventView, kept.get("events")), EVENTS)
        known = max((item.number for item in self._events), default=0)
        self._next = max(_whole(kept.get("next"), 1), known + 1)
        self._decisions: deque[DecisionView] = deque(
            _read(DecisionView, kept.get("decisions")), DECISIONS
        )

    def event(
        self, time: float, kind: str, type_: str, message: str, *,
        severity: str = "info", source: str = "unavailable", category: str = "interface",
    ) -> None:  # fmt: skip
        """Adds an event."""
        self._events.append(
            EventView(self._next, time, kind, type_, severity, source, category, message)
        )
        self._next += 1

    def decision(self, time: float, remote: str, what: str, why: str) -> None:
        """Adds a decision of health."""
        self._decisions.append(DecisionView(time, remote, what, why))

    @property
    def events(self) -> tuple[EventView, ...]:
        """The events, oldest first."""
        return tuple(self._events)

    @property
    def decisions(self) -> tuple[DecisionView, ...]:
        """The decisions, oldest first."""
        return tuple(self._decisions)

    def kept(self) -> dict[str, Any]:
        """The latest of them, for the state file."""
        return {
            "next": self._next,
            "events": _rows(EventView, list(self._events)[-1000:]),
            "decisions": _rows(DecisionView, list(self._decisions)[-500:]),
        }


def _rows(kind: type[T], items: Iterable[T]) -> list[dict[str, Any]]:
    """As ``asdict``, for dataclasses of plain values, in a tenth of the time: the next failover waits for it."""
    names = [field.name for field in fields(kind)]
    values = attrgetter(*names)
    return [dict(zip(names, values(item), strict=True)) for item in items]


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and value > 0 else otherwise


def _read(kind: type[T], rows: object) -> list[T]:
    found = []
    for row in rows if isinstance(rows, list) else []:
        with suppress(InputFault):  # damaged, or written by another release
            item = decode(kind, row)
            if 0 <= item.time < LATEST:
                found.append(item)
    return found
