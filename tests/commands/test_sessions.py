"""Whole sessions, as they stand on the screen: each file in golden/sessions is typed again and must come out the same.

What follows a prompt is what was typed, what follows ``[y/N]:`` the answer. ``python -m tests.commands.test_sessions``
writes the files anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipsec_client.commands.port import Clash
from ipsec_client.config.edit import Edit

from .authority import CLIENT, FakeAuthority, Session
from .sample import GOLDEN

SESSIONS = sorted((GOLDEN / "sessions").glob("*.txt"))
_TYPED = re.compile(r"\*?(\w+)@node1\.router1(?: \(\S+\))?([#>]) (.*)")
_ANSWERED = re.compile(r".*\[y/N\]: (.*)")


def typed(text: str) -> Iterator[tuple[str, list[str]]]:
    """The lines that were typed, each with its answers."""
    line: str | None = None
    answers: list[str] = []
    for shown in text.splitlines():
        if found := _TYPED.fullmatch(shown):
            if line is not None:
                yield line, answers
            line, answers = found[3], []
        elif found := _ANSWERED.fullmatch(shown):
            answers.append(found[1])
    if line is not None:
        yield line, answers


def replayed(file: Path) -> str:
    """The screen after all that the file says was typed."""
    text = file.read_text()
    session = begun(file.stem, text)
    for line, answers in typed(text):
        session.told(line, *answers)
    return session.screen


def begun(name: str, text: str) -> Session:
    """The session that a file shows; one named ``look`` is a user's who may only look, ``clash`` meets another's, and
    ``overtaken`` is asked while another commits.
    """
    port = FakeAuthority()
    if name == "clash":
        path = (*CLIENT.split(), "remote", "rem1")
        port.clashing = (
            Clash(path, "host", "172.16.4.9", "172.16.4.8", "bob", 1001),
            Clash((*path[:-1], "rem2"), "", "changed", None, "bob", 1001),
        )
    if name == "overtaken":
        port.overtaking = (Edit("delete", (*CLIENT.split(), "remote", "rem1")),)
    first = _TYPED.match(text)
    assert first is not None
    return Session(port, user=first[1], admin=first[2] == "#")


@pytest.mark.parametrize("file", SESSIONS, ids=lambda file: file.stem)
def test_a_session_comes_out_as_it_stands(file: Path) -> None:
    assert replayed(file) == file.read_text()


def test_there_are_sessions() -> None:
    assert len(SESSIONS) >= 7


if __name__ == "__main__":
    for each in SESSIONS:
        each.write_text(replayed(each))
