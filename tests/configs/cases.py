"""Broken configurations, and what is found in each: the ``.cases`` files in ``broken``.

A case is a change to ``base.conf``, which is without findings, written as a diff writes it; hunks are
separated by blank lines, and how a line is indented does not matter::

    == a title
      ipsec-client c1
    - tenant ipsec
    + tenant ipsex
    > 46: error: authority router r1 ...: there is no tenant ipsex. Did you mean ipsec?

Behind ``>`` stands each finding as ``ipsec-client check`` prints it, without the file's name; behind ``?``
its options. A text that is no change of another stands whole, each line behind ``|``.

``python -m tests.configs.cases`` writes what is found now behind the cases, for ``git diff`` to judge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ipsec_client.config.examine import Examined, examine

FOLDER = Path(__file__).parent / "broken"


@dataclass(frozen=True, slots=True)
class Case:
    """One broken configuration. ``lines`` are those between its title and its findings, as they stand."""

    title: str
    lines: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The configuration."""
        if any(line.startswith("|") for line in self.lines):
            return "\n".join(line[2:] for line in self.lines if line.startswith("|"))
        changed = base()
        for hunk in self._hunks():
            changed = _patched(changed, hunk)
        return "\n".join(changed)

    @property
    def series(self) -> int | None:
        """The Libreswan that ``check`` is asked for."""
        options = [line.split() for line in self.lines if line.startswith("?")]
        return int(options[0][-1]) if options else None

    def examined(self) -> Examined:
        """What reader and rules say of it."""
        return examine(self.text, self.series)

    def found(self) -> tuple[str, ...]:
        """Its findings as the file writes them."""
        return tuple(f"{finding.line}: {finding}" for finding in self.examined().findings)

    def _hunks(self) -> list[list[str]]:
        hunks: list[list[str]] = [[]]
        for line in self.lines:
            if not line.strip():
                hunks.append([])
            elif not line.startswith("?"):
                hunks[-1].append(line)
        return [hunk for hunk in hunks if hunk]


def base() -> list[str]:
    """The lines of the configuration without findings."""
    return (FOLDER / "base.conf").read_text().splitlines()


def _patched(lines: list[str], hunk: list[str]) -> list[str]:
    """The lines with the only place changed that the hunk fits."""
    old = [line[2:].split() for line in hunk if not line.startswith("+")]
    words = [line.split() for line in lines]
    places = [at for at in range(len(words)) if words[at : at + len(old)] == old]
    if len(places) != 1 or not old:
        raise ValueError(f"a hunk fits {len(places)} places: {hunk}")
    (at,) = places
    kept = iter(lines[at : at + len(old)])
    changed = []
    for line in hunk:
        if line.startswith("+"):
            changed.append(line[2:])
            continue
        original = next(kept)
        if not line.startswith("-"):
            changed.append(original)
    return [*lines[:at], *changed, *lines[at + len(old) :]]


def parsed(text: str) -> list[Case]:
    """The cases in the text of a file."""
    cases = []
    for part in re.split("^== ", text, flags=re.MULTILINE)[1:]:
        title, *rest = part.rstrip("\n").split("\n")
        findings = tuple(line[2:] for line in rest if line.startswith(">"))
        cases.append(
            Case(title, tuple(line for line in rest if not line.startswith(">")), findings)
        )
    return cases


def written(text: str) -> str:
    """The text of a file with what is found now behind each of its cases."""
    parts = []
    for case in parsed(text):
        lines = "\n".join(case.lines).strip("\n")
        parts.append("\n".join([f"== {case.title}", lines, *(f"> {it}" for it in case.found())]))
    return "\n\n".join(parts) + "\n"


@cache
def cases() -> dict[str, Case]:
    """All cases, by file and title."""
    return {
        f"{path.stem}: {case.title}": case
        for path in sorted(FOLDER.glob("*.cases"))
        for case in parsed(path.read_text())
    }


if __name__ == "__main__":
    for file in FOLDER.glob("*.cases"):
        file.write_text(written(file.read_text()))
