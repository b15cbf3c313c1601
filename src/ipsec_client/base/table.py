"""Tables for a terminal, as the published samples have them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

_NARROWEST = 20  # a column is not wrapped to less


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str | int]],
    *,
    width: int | None = None,
    wrapped: int = -1,
) -> str:
    """Rules of ``=``, one leading space per cell, one space between; columns of numbers to the right.

    Given a ``width`` the table is fitted into it by folding the texts of column ``wrapped``.
    """
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    numeric = [
        bool(cells) and all(row[index].isdecimal() for row in cells) for index in range(len(header))
    ]
    widths = [
        max(len(text) for text in (name, *(row[index] for row in cells))) + 2
        for index, name in enumerate(header)
    ]
    if width is not None and (over := sum(widths) + len(widths) - 1 - width) > 0:
        widths[wrapped] = max(widths[wrapped] - over, len(header[wrapped]) + 2, _NARROWEST)
    rule = " ".join("=" * size for size in widths)
    lines = [rule, _row(header, widths, [False] * len(header)), rule]
    for row in cells:
        folded = textwrap.wrap(row[wrapped], widths[wrapped] - 2) or [""]
        for number, text in enumerate(folded):
            shown = [cell if number == 0 else "" for cell in row]
            shown[wrapped] = text
            lines.append(_row(shown, widths, numeric))
    return "".join(f"{line}\n" for line in lines)


def _row(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    shown = [
        cell.rjust(size) if right else f" {cell}".ljust(size)
        for cell, size, right in zip(cells, widths, numeric, strict=True)
    ]
    return " ".join(shown).rstrip()


def printable(text: str) -> str:
    """The text on one line and without what would steer a terminal: some of it was said by a peer."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
