"""Filters after ``|``: what they leave of the lines, and that no pattern keeps anybody busy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.pipes import filters, parts, through

TEXT = "".join(f"{line}\n" for line in ("rem1 up", "rem2 down", "REM3 up", "", "end of rem1"))


def left(*pipes: str) -> list[str]:
    return through(TEXT, filters(pipes)).splitlines()


@pytest.mark.parametrize(
    ("pipe", "lines"),
    [
        ("grep rem1", ["rem1 up", "end of rem1"]),
        ("grep -i rem3", ["REM3 up"]),
        ("grep -v rem", ["REM3 up", ""]),
        ("grep -iv rem", [""]),
        ("gr ^rem1", ["rem1 up"]),
        ("include up$", ["rem1 up", "REM3 up"]),
        ('inc "rem1|rem2"', ["rem1 up", "rem2 down", "end of rem1"]),
        ("grep e.*r", ["end of rem1"]),
        ("grep ^r.*n$", ["rem2 down"]),
        ("grep ^$", [""]),
        ("grep rem2 down", ["rem2 down"]),
        ("grep ^rem1$", []),
        ("exclude rem", ["REM3 up", ""]),
        ("begin REM", ["REM3 up", "", "end of rem1"]),
        ("begin nothing", []),
        ("head 2", ["rem1 up", "rem2 down"]),
        ("head -n 1", ["rem1 up"]),
        ("head -1", ["rem1 up"]),
        ("head", TEXT.splitlines()),
        ("tail 1", ["end of rem1"]),
        ("tail 0", []),
        ("count", ["5"]),
        ("no-more", TEXT.splitlines()),
        ("no", TEXT.splitlines()),
    ],
)
def test_what_a_filter_leaves(pipe: str, lines: list[str]) -> None:
    assert left(pipe) == lines


def test_filters_follow_each_other() -> None:
    assert left("grep up", "tail 1", "count") == ["1"]


@pytest.mark.parametrize(
    ("pipe", "why"),
    [
        ("", "nothing follows |. Write one of begin, count"),
        ("sh -c reboot", "'sh' is no filter here"),
        ("grep", "grep is not used so. Usage: | grep [-i] [-v] <pattern>"),
        ("head x", "head is not used so. Usage: | head [<lines>]"),
        ("head 1 2", "head is not used so"),
        ("head --1", "head is not used so"),
        ("count 1", "count is not used so"),
    ],
)
def test_what_is_no_filter_is_told(pipe: str, why: str) -> None:
    with pytest.raises(InputFault) as caught:
        filters([pipe])
    assert str(caught.value).startswith(why)


@pytest.mark.parametrize(
    ("line", "command", "pipes"),
    [
        ("show alarms | grep x", "show alarms", [" grep x"]),
        ("show alarms |grep x |count", "show alarms", ["grep x", "count"]),
        ('description "a | b"', 'description "a | b"', []),
        ("key ab|cd", "key ab|cd", []),
        ('x | grep "a|b"', "x", [' grep "a|b"']),
        ('x "a\\"| b" | head', 'x "a\\"| b"', [" head"]),
        ('x "open | grep', 'x "open | grep', []),
    ],
)
def test_where_a_pipe_begins(line: str, command: str, pipes: list[str]) -> None:
    assert parts(line) == (command, pipes)


@given(st.text(), st.text(min_size=1))
def test_any_pattern_is_taken_and_parts_lose_nothing(text: str, pattern: str) -> None:
    command, pipes = parts(text)
    assert sum(map(len, (command, *pipes))) + 2 * len(pipes) == len(text)
    quoted = pattern.replace("\\", "\\\\").replace('"', '\\"')
    through(text, filters([f'grep "{quoted}"']))


def test_no_pattern_takes_longer_than_the_text_is() -> None:
    """What a regular expression would not finish on in years."""
    assert through("a" * 100_000, filters(["grep " + "a.*" * 200 + "b"])) == ""
