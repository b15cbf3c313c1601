"""A difference of two configurations as text: what is enclosed by what, with a mark before each line that differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ipsec_client.config.edit import Change
from ipsec_client.config.grammar import quoted
from ipsec_client.config.paths import steps
from ipsec_client.config.printer import INDENT
from ipsec_client.model.definition import Path

NO_DIFFERENCES = "# No differences\n"

_SAME, _ADDED, _REMOVED, _MOVED = "  ", "+ ", "- ", "~ "
_MARKS = {"added": _ADDED, "removed": _REMOVED, "changed": _MOVED}


def layout(changes: Iterable[Change]) -> str:
    """The changes as a text: ``+`` before what is added, ``-`` before what is removed, ``~`` before what moves.

    A field that changes has a line of each; lines without a mark only say where.
    """
    lines: list[str] = []
    told: tuple[str, ...] = ()  # the heads of the last line's elements
    for change in changes:
        heads = tuple(_heads(change.path))
        common = _in_common(told, heads)
        around = heads if change.leaf else heads[:-1]
        lines += [f"{_SAME}{INDENT * depth}{heads[depth]}" for depth in range(common, len(around))]
        told = heads
        lines += _lines(change, heads)
    return "\n".join([*lines, ""]) if lines else NO_DIFFERENCES


def _heads(path: Path) -> Iterator[str]:
    for nested, key in steps(path):
        yield "  ".join((nested.name, " ".join(key))) if key else nested.name


def _in_common(told: tuple[str, ...], heads: tuple[str, ...]) -> int:
    same = 0
    for one, other in zip(told, heads, strict=False):
        if one != other:
            break
        same += 1
    return same


def _lines(change: Change, heads: tuple[str, ...]) -> Iterator[str]:
    if not change.leaf:
        moved = f"  ({change.after})" if change.verb == "changed" else ""
        yield f"{_MARKS[change.verb]}{INDENT * (len(heads) - 1)}{heads[-1]}{moved}"
        return
    start = f"{INDENT * len(heads)}{change.leaf}  "
    if change.before is not None:
        yield f"{_REMOVED}{start}{quoted(change.before)}"
    if change.after is not None:
        yield f"{_ADDED}{start}{quoted(change.after)}"
