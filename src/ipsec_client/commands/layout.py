"""How text is laid out for a terminal: tables, detail blocks, and state as an indented tree.

The rules are those of the published samples; each function names the one it keeps.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ipsec_client.base.table import printable

VALUE_COLUMN = 22
"""Where values begin in a detail block, counted from 0."""

_NUMBER_EDGE = 39  # right edge of a counter in a detail block
_NARROWEST = 10  # help is not folded to less


def block(title: str, body: Sequence[str]) -> str:
    """A detail block: its title between rules one longer than the longest line."""
    head, *lines = (printable(line) for line in (f" {title}", *body))
    rule = "=" * (max(len(line) for line in (head, *lines)) + 1)
    return "".join(f"{line}\n" for line in (rule, head, rule, *lines))


def labelled(label: str, value: Any, indent: int = 1, column: int = VALUE_COLUMN) -> str:
    """``Label:`` and its value from ``column`` on; straight after the colon where the label is that long."""
    return f"{' ' * indent}{label}:".ljust(column) + str(value)


def counter(label: str, value: int) -> str:
    """A counter of a detail block, its digits flush right."""
    name = f" {label}:"
    return name + str(value).rjust(_NUMBER_EDGE - len(name))


def tree(state: Any, indent: int = 1, column: int = VALUE_COLUMN) -> list[str]:
    """State as lines: an object's keys at ``indent``, every object or array below two further in.

    An array inside an object takes two for itself and two for each object in it; its scalars stand one
    to a line.
    """
    if isinstance(state, Mapping):
        return [line for key, value in state.items() for line in _entry(key, value, indent, column)]
    lines: list[str] = []
    for item in state:
        if isinstance(item, Mapping | list | tuple):
            lines += tree(item, indent + 2, column)
        else:
            lines.append(f"{' ' * indent}{printable(str(item))}")
    return lines


def _entry(key: str, value: Any, indent: int, column: int) -> list[str]:
    if isinstance(value, Mapping | list | tuple):
        return [f"{' ' * indent}{key}:", *tree(value, indent + 2, column)]
    return [labelled(key, printable(str(value)), indent, column)]


def columns(heading: str, entries: Sequence[tuple[str, str]], width: int | None = None) -> str:
    """Help: a heading with a rule of ``-``, then words and what they are for, that folded into a ``width``."""
    if not entries:
        return ""
    size = max(len(word) for word, _ in entries) + 2
    lines = [heading, "-" * len(heading)]
    for word, told in entries:
        room = max((width or 0) - size, _NARROWEST) if width else len(told) + 1
        first, *further = textwrap.wrap(told, room, break_on_hyphens=False) or [""]
        lines += [f"{word.ljust(size)}{first}", *(f"{' ' * size}{more}" for more in further)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def instant(wall: float) -> str:
    """A time in a list of events: ``2021-04-20T14:16:08.039000Z``."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def span(seconds: float) -> str:
    """An age for a person: ``12s``, ``3m 05s``, ``2h 07m``, ``4d 03h``."""
    whole = max(0, int(seconds))
    for size, unit, below, small in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "m"),
        (60, "m", 1, "s"),
    ):
        if whole >= size:
            return f"{whole // size}{unit} {whole % size // below:02}{small}"
    return f"{whole}s"


def size(octets: int) -> str:
    """A size for a person: ``512 B``, ``9.8 KiB``, ``1.2 GiB``."""
    power = min((max(octets, 1).bit_length() - 1) // 10, 4)
    return f"{octets / 1024**power:.1f} {'KMGT'[power - 1]}iB" if power else f"{octets} B"
