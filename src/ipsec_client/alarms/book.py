"""The alarms that stand: raised and cleared by levels, numbered, kept over restarts of the agent.

A level that repeats is no new alarm, and no number is ever used again. Garbage in the memory is never an
error: what cannot be read is as if it had never been.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

from ipsec_client.alarms.ports import Ports
from ipsec_client.base.clock import Now

Severity = Literal["info", "minor", "major", "critical"]

Json = Any

FORMAT = 1
"""The format written, and the only one read."""

_LATEST = 1e11  # seconds since 1970 beyond which no calendar shows a time


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something wrong, as a level. ``key`` tells it from others; category and source are the router's own words."""

    key: str
    severity: Severity
    category: str
    source: str
    message: str


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm that stands: its number on this node, and the wall-clock second it was raised at."""

    number: int
    time: float
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class Change:
    """An alarm was raised or cleared, at the wall-clock second ``time``."""

    type: Literal["add", "clear"]
    number: int
    time: float
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class Book:
    """The alarms that stand, by their numbers, the number of the next, and those of the device-interfaces."""

    standing: tuple[Standing, ...] = ()
    following: int = 1
    ports: Ports = field(default_factory=Ports)


def update(book: Book, levels: Mapping[str, Alarm], now: Now) -> tuple[Book, list[Change]]:
    """The book when exactly the alarms of ``levels`` stand, and what changed, cleared ones first.

    One that stands already keeps number and time, and takes over what its text says by now.
    """
    known = {standing.alarm.key: standing for standing in book.standing}
    if {key: standing.alarm for key, standing in known.items()} == dict(levels):
        return book, []
    cleared = [
        Change("clear", standing.number, now.wall, standing.alarm)
        for key, standing in known.items()
        if key not in levels
    ]
    kept = [replace(item, alarm=levels[key]) for key, item in known.items() if key in levels]
    new = [
        Standing(number, now.wall, alarm)
        for number, alarm in enumerate(
            (alarm for key, alarm in levels.items() if key not in known), book.following
        )
    ]
    added = [Change("add", standing.number, standing.time, standing.alarm) for standing in new]
    book = replace(book, standing=(*kept, *new), following=book.following + len(new))
    return book, [*cleared, *added]


def to_memory(book: Book) -> dict[str, Json]:
    """The book as JSON values."""
    return {
        "format": FORMAT,
        "following": book.following,
        "standing": [
            {"number": item.number, "time": item.time, "alarm": asdict(item.alarm)}
            for item in book.standing
        ],
        "ports": {"following": book.ports.following, "numbers": dict(book.ports.numbers)},
    }


def from_memory(data: Json) -> Book:
    """The book that was kept; of what cannot be read, nothing."""
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        return Book()
    items = data.get("standing")
    found = [_standing(item) for item in items] if isinstance(items, list) else []
    standing = {item.number: item for item in found if item is not None}
    following = max([_count(data.get("following")), *(number + 1 for number in standing)])
    return Book(
        tuple(standing[number] for number in sorted(standing)), following, _ports(data.get("ports"))
    )


def _standing(data: Json) -> Standing | None:
    if not isinstance(data, Mapping) or not isinstance(data.get("alarm"), Mapping):
        return None
    number, time, told = data.get("number"), data.get("time"), data["alarm"]
    words = [told.get(name) for name in ("key", "severity", "category", "source", "message")]
    if (
        isinstance(number, int)
        and isinstance(time, int | float)
        and 0 <= time < _LATEST
        and all(isinstance(word, str) for word in words)
        and told["severity"] in get_args(Severity)
    ):
        return Standing(number, float(time), Alarm(*words))
    return None


def _ports(data: Json) -> Ports:
    numbers = data.get("numbers") if isinstance(data, Mapping) else None
    if not isinstance(numbers, Mapping):
        return Ports()
    read = {
        name: number
        for name, number in numbers.items()
        if isinstance(name, str) and isinstance(number, int)
    }
    highest = max(read.values(), default=0)
    return Ports(read, max(_count(data.get("following")), highest + 1))


def _count(value: Json) -> int:
    return value if isinstance(value, int) and value > 0 else 1
