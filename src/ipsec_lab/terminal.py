"""Reads what `pcli` shows: the state of tunnels, the alarms. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

_TITLE = re.compile(r"^=+\n (?P<node>\S+):(?P<name>\S+)\n=+$", re.MULTILINE)
_TUNNEL = re.compile(r"^ +Tunnel Status: +(?P<state>\S+)", re.MULTILINE)
_OPERATIONAL = re.compile(r"^ +Operational Status: +(?P<state>\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Interface:
    """What `show device-interface` says of one interface."""

    up: bool
    tunnel_up: bool | None
    """None where no tunnel is behind it."""


@dataclass(frozen=True)
class Alarm:
    """A row of `show alarms`."""

    id: str
    severity: str
    category: str
    message: str


@dataclass(frozen=True)
class Event:
    """A row of `show events alarm`: an alarm that came (``add``) or went (``clear``)."""

    type: str
    time: int
    """In nanoseconds since 1970."""
    message: str


def interfaces(shown: str) -> dict[str, Interface]:
    """The interfaces in the output of `show device-interface`, by name."""
    titles = list(_TITLE.finditer(shown))
    found = {}
    for title, following in zip_longest(titles, titles[1:]):
        block = shown[title.end() : following.start() if following else len(shown)]
        tunnel, operational = _TUNNEL.search(block), _OPERATIONAL.search(block)
        found[title["name"]] = Interface(
            up=operational is not None and operational["state"] == "up",
            tunnel_up=tunnel["state"] == "Up" if tunnel else None,
        )
    return found


def alarms(shown: str) -> list[Alarm] | None:
    """The alarms in the output of `show alarms`; None if it is no answer to that."""
    if "shelved alarms" not in shown:
        return None
    return [
        Alarm(row["ID"], row["Severity"], row["Category"], row["Message"]) for row in _rows(shown)
    ]


def events(shown: str) -> list[Event]:
    """The events in the output of `show events alarm`, as they stand there: newest first."""
    return [
        Event(row["Event Type"], _nanoseconds(row["Time"]), row["Message"]) for row in _rows(shown)
    ]


def _nanoseconds(time: str) -> int:
    moment = datetime.fromisoformat(time)
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1_000


def _rows(shown: str) -> Iterator[dict[str, str]]:
    """The rows of the table in it, by the words above the columns."""
    lines = shown.splitlines()
    rules = [number for number, line in enumerate(lines) if re.fullmatch(r"=+(?: =+)+", line)]
    if len(rules) < 2:
        return
    spans = [match.span() for match in re.finditer("=+", lines[rules[0]])]
    names = _cells(lines[rules[0] + 1], spans)
    for line in lines[rules[1] + 1 :]:
        if not line.startswith(" "):
            return
        yield dict(zip(names, _cells(line, spans), strict=True))


def _cells(line: str, spans: list[tuple[int, int]]) -> list[str]:
    *inner, last = spans
    return [line[begin:end].strip() for begin, end in inner] + [line[last[0] :].strip()]
