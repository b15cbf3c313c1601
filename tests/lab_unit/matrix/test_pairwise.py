"""Every pair that can meet meets, with the same seed in the same way; few cover what all have."""

from __future__ import annotations

from itertools import product
from typing import Any

from ipsec_lab.matrix import pairwise

ROWS: list[dict[str, Any]] = [
    {"cipher": cipher, "digest": digest} for cipher, digest in product("abcd", "uvwxyz")
]
SETTINGS = [
    {"outside": outside, "inside": inside, "form": form}
    for outside, inside, form in product((4, 6), (4, 6), ("any", "single", "list"))
    if (inside, form) != (6, "list")
]


def test_each_value_meets_each_setting_and_settings_each_other() -> None:
    possible = [SETTINGS] * len(ROWS)
    chosen = pairwise.spread(ROWS, possible, seed=7)
    assert pairwise.missing(ROWS, chosen, possible) == set()
    assert all(setting in SETTINGS for setting in chosen)


def test_what_does_not_meet_is_told() -> None:
    chosen = [SETTINGS[0]] * len(ROWS)
    missing = pairwise.missing(ROWS, chosen, [SETTINGS] * len(ROWS))
    assert (("cipher", "a"), ("inside", 6)) in missing
    assert (("inside", 6), ("form", "list")) not in missing


def test_the_seed_alone_decides() -> None:
    possible = [SETTINGS] * len(ROWS)
    one, same, other = (pairwise.spread(ROWS, possible, seed) for seed in (1, 1, 2))
    assert one == same != other


def test_few_cover_what_all_have() -> None:
    contents = [set(row.items()) for row in ROWS]
    few = pairwise.cover(contents, seed=3)
    assert set().union(*(contents[number] for number in few)) == set().union(*contents)
    assert len(few) == 6
