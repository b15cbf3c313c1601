"""Spreads settings over combinations so that each pair of values meets, without trying all together."""

from __future__ import annotations

import random
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

Setting = Mapping[str, Any]


def spread(
    rows: Sequence[Setting], settings: Sequence[Sequence[Setting]], seed: int
) -> list[Setting]:
    """A setting for each row, of those that are ``settings`` for it.

    Each value of a row's own is to meet each value of a setting, and these each other: every row gets the setting
    that brings the most pairs that were not there, ``seed`` decides between equals. ``missing`` tells what is left.
    """
    chance = random.Random(seed)  # noqa: S311 - nothing secret: the same again with the same seed
    seen: set[Hashable] = set()
    chosen = []
    for row, possible in zip(rows, settings, strict=True):
        candidates = chance.sample(possible, len(possible))
        best = max(candidates, key=lambda setting: len(set(pairs(row, setting)) - seen))
        seen.update(pairs(row, best))
        chosen.append(best)
    return chosen


def pairs(row: Setting, setting: Setting) -> Iterator[Hashable]:
    """The pairs of values that meet in a row with a setting, but for those of the row's own."""
    yield from ((one, other) for one in row.items() for other in setting.items())
    yield from combinations(setting.items(), 2)


def missing(
    rows: Iterable[Setting], chosen: Iterable[Setting], settings: Iterable[Sequence[Setting]]
) -> set[Hashable]:
    """The pairs that could meet and do not."""
    rows = list(rows)
    possible = {
        pair
        for row, several in zip(rows, settings, strict=True)
        for setting in several
        for pair in pairs(row, setting)
    }
    met = {pair for row, setting in zip(rows, chosen, strict=True) for pair in pairs(row, setting)}
    return possible - met


def cover(contents: Sequence[Collection[Hashable]], seed: int) -> list[int]:
    """The numbers of few that have together all that is in any."""
    chance = random.Random(seed)  # noqa: S311 - as above
    left = {thing for content in contents for thing in content}
    numbers = chance.sample(range(len(contents)), len(contents))
    chosen = []
    while left:
        best = max(numbers, key=lambda number: len(left.intersection(contents[number])))
        left.difference_update(contents[best])
        chosen.append(best)
    return sorted(chosen)
