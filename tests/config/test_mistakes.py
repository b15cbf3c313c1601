"""Mistakes in the text are told all at once, without keys; reading never raises. See also ``tests/configs/broken``."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipsec_client.config.examine import examine
from ipsec_client.config.generated import generate
from ipsec_client.config.printer import write
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Config
from tests.configs import complete


def told(text: str) -> list[str]:
    return [f"{finding.line}: {finding}" for finding in read(text).findings]


def test_all_mistakes_are_told_at_once() -> None:
    text = (
        complete().replace("172.16.4.3", "172.16.4.300").replace("prefix-length", "prefix-lenght")
    )
    assert len(told(text)) == 4


def test_a_rule_is_silent_where_the_reader_spoke() -> None:
    text = complete().replace("pre-shared-key       somekey1", "pre-shared-kye       somekey1")
    about = [item for item in examine(text).findings if "ipsec-profile" in item.path]
    assert [item.path[-1] for item in about] == ["pre-shared-kye"]


KEY_LINES = [
    "pre-shared-kye KEY",
    "preshared-key KEY",
    "pre-shared-keyKEY",
    "pre-shared-kyeKEY",
    "pre-shared-key=KEY",
    "pre-shared-key: KEY",
    "pre-shared-key:KEY",
    "pre-shared-key\nKEY",
    'pre-shared-key "KEY',
    'pre-shared-key "KEY" KEY',
    'pre-shared-key KEY"KEY',
    "pre-shared-key KEY KEY",
    "pre-shared-key KEY\npre-shared-key KEYx",
    "pre-shared-key KEY\x1b",
    "KEY pre-shared-key",
    "KEY",
    "name primary pre-shared-key KEY",
    "ike-modp KEY KEY",
    "psk KEY",
    "exit pre-shared-key KEY",
    "custom-option pre-shared-key KEY",
]


@pytest.mark.parametrize("key", ["Zq7horse", "zqhorse"])
@pytest.mark.parametrize("line", KEY_LINES)
def test_a_key_never_shows(line: str, key: str) -> None:
    text = complete().replace("pre-shared-key       somekey1", line.replace("KEY", key))
    examined = examine(text)
    assert examined.refused
    shown = "\n".join(map(str, examined.findings)) + repr(examined)
    assert key not in shown


ALPHABET = '\n\n\n    \t"\\#\rexit authority config router r tenant é\x00\u2028'


@settings(max_examples=100, deadline=None)
@given(st.text() | st.lists(st.sampled_from([*ALPHABET, "exit\n", "authority\n"])).map("".join))
def test_any_text_can_be_examined(text: str) -> None:
    for finding in examine(text).findings:
        assert 1 <= finding.line <= text.count("\n") + text.count("\r") + 1


def changed(lines: list[str], chance: random.Random) -> list[str]:
    """The lines with one of them lost, doubled, cut, moved, joined, or damaged."""
    place = chance.randrange(len(lines))
    line = lines[place]
    other = chance.choice(lines)
    damage = chance.choice(' "\\#\t\x00é!~0')
    at = chance.randrange(len(line) + 1)
    new = chance.choice(
        (
            [],
            [line, line],
            [line[:at]],
            [other, line],
            [line.strip()],
            [line + other],
            [line[:at] + damage + line[at + 1 :]],
            line.split(),
        )
    )
    return [*lines[:place], *new, *lines[place + 1 :]]


@pytest.mark.parametrize("seed", range(40))
def test_damaged_text_is_refused_or_generates_what_reads_back(seed: int) -> None:
    chance = random.Random(seed)
    lines = complete().split("\n")
    for _ in range(chance.randint(1, 4)):
        lines = changed(lines, chance)
    examined = examine("\n".join(lines))
    if not examined.refused:
        made = generate(examined.authority)
        reading = read(write(Config(authority=made), secrets=True))
        assert reading.config.authority == made
        assert generate(made) == made
