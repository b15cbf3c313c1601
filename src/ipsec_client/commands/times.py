"""Points in time as an operator writes them: an instant in UTC, or how long ago."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.grammar import Argument, Arguments

_SECONDS = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 7 * 86_400,
    "mo": 30 * 86_400,
    "y": 365 * 86_400,
}
_AGO = re.compile(rf"(\d{{1,6}})({'|'.join(_SECONDS)})")

FROM = Argument("from", "Nothing before this: 45m, 1d (ago), or 2026-03-01T10:00:00")
TO = Argument("to", "Nothing after this")

T = TypeVar("T")


def between(items: Iterable[tuple[float, T]], arguments: Arguments, now: float) -> list[T]:
    """The items whose time, in seconds of the wall clock, is between ``from`` and ``to``, as far as those are given."""
    first, last = (
        _point(text, now) if (text := arguments.get(name)) is not None else None
        for name in (FROM.name, TO.name)
    )
    return [
        item
        for at, item in items
        if (first is None or at >= first) and (last is None or at <= last)
    ]


def _point(text: str, now: float) -> float:
    if ago := _AGO.fullmatch(text):
        return now - int(ago[1]) * _SECONDS[ago[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InputFault(
            f"'{text}' is no point in time", cure="Write 45m, 1d, or 2026-03-01T10:00:00"
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
