"""The grammar of ``swanctl.conf``: sections within sections, settings, comments; nothing of what they mean.

What cannot be read is told by its line alone: it may be a part of a key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ipsec_client.dialect.foreign.tunnel import Lost, shown

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]+|\#[^\n]*)|(?P<line>\n)|(?P<open>\{)|(?P<close>\})|(?P<equal>=)|(?P<next>,)"
    r'|(?P<refer>:(?=[\s\w]))|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[^\s\#{}=,"]+|")',
    re.DOTALL,
)
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value and the line it stands in."""

    text: str
    line: int


@dataclass(slots=True)
class Branch:
    """A section: its settings, and the sections below it. ``like`` are those it takes settings from."""

    name: str
    line: int
    values: dict[str, Value] = field(default_factory=dict)
    below: dict[str, Branch] = field(default_factory=dict)
    like: list[str] = field(default_factory=list)

    def get(self, name: str) -> str:
        """A setting's value; empty where it is not set."""
        found = self.values.get(name)
        return found.text if found else ""


@dataclass(slots=True)
class _Reading:
    """A text's tokens, and where in them the reading is. ``line`` is the line of the token taken last."""

    file: str
    tokens: list[tuple[str, str, int]]
    lost: list[Lost] = field(default_factory=list)
    at: int = 0

    def next(self) -> tuple[str, str, int]:
        """The next token, taken; at the end it is ``("end", "", line)`` for ever."""
        if self.at >= len(self.tokens):
            return "end", "", self.tokens[-1][2] if self.tokens else 1
        self.at += 1
        return self.tokens[self.at - 1]

    def peek(self) -> str:
        """The kind of the next token."""
        return self.tokens[self.at][0] if self.at < len(self.tokens) else "end"

    def skip_lines(self) -> None:
        """Goes past ends of lines."""
        while self.peek() == "line":
            self.at += 1


def read(text: str, file: str) -> tuple[Branch, list[Lost]]:
    """The root of the sections, and what could not be read; never raises."""
    reading = _Reading(file, _tokens(text))
    root = Branch("", 1)
    while reading.peek() != "end":
        _block(reading, root, 0)
        if reading.peek() == "close":
            reading.lost.append(Lost(file, reading.next()[2], "}", "closes nothing"))
    return root, reading.lost


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "word"
        if kind != "blank":
            found.append((kind, match[kind], line))
        line += match[0].count("\n")
    return found


def _block(reading: _Reading, branch: Branch, depth: int) -> None:
    """Settings and sections up to the end of this section."""
    while True:
        reading.skip_lines()
        if reading.peek() in ("close", "end"):
            return
        kind, name, line = reading.next()
        if kind not in ("word", "quoted"):
            reading.lost.append(
                Lost(reading.file, line, "this line", "is nothing that is known here")
            )
        elif name == "include" and reading.peek() in ("word", "quoted"):
            why = "name the included file too; it is not followed"
            what = shown("include", _rest(reading), " ")
            reading.lost.append(Lost(reading.file, line, what, why))
        else:
            _named(reading, branch, name, line, depth)


def _named(reading: _Reading, branch: Branch, name: str, line: int, depth: int) -> None:
    like: list[str] = []
    if reading.peek() == "equal":
        reading.next()
        branch.values[name] = Value(_rest(reading), line)
        return
    if reading.peek() == "refer":
        reading.next()
        while reading.peek() in ("word", "quoted", "next"):
            kind, word, _ = reading.next()
            like += [word] if kind != "next" else []
    reading.skip_lines()
    if reading.peek() != "open" or depth == _DEEPEST:
        why = (
            "is nested too deeply"
            if reading.peek() == "open"
            else "is neither a setting nor a section"
        )
        reading.lost.append(Lost(reading.file, line, "this line", why))
        if reading.peek() == "open":
            reading.next()
        return
    reading.next()
    below = branch.below.setdefault(name, Branch(name, line))
    below.like += like
    _block(reading, below, depth + 1)
    if reading.peek() == "close":
        reading.next()
    else:
        reading.lost.append(Lost(reading.file, line, "this section", "is not closed"))


def _rest(reading: _Reading) -> str:
    """A value: all up to the end of the line or of the section."""
    words: list[str] = []
    while reading.peek() not in ("line", "close", "end"):
        kind, word, _ = reading.next()
        words.append(re.sub(r"\\(.)", r"\1", word) if kind == "quoted" else word)
    return re.sub(r" , ", ", ", " ".join(words)).strip()


class Merging:
    """Sections with what they take from others, named from the root with dots; their own comes first.

    ``left`` bounds how many sections are made in all: a short text can refer to itself without end.
    """

    def __init__(self, root: Branch) -> None:
        self.root = root
        self.left = 20_000

    def merged(self, branch: Branch, depth: int = 0) -> Branch:
        """The section, and all below it, with what they take from others."""
        self.left -= 1
        result = Branch(branch.name, branch.line)
        for name in branch.like:
            other = self._find(name.split("."))
            if other is not None and self.left > 0 and depth < _DEEPEST:
                _lay(result, self.merged(other, depth + 1))
        own = Branch(branch.name, branch.line, dict(branch.values))
        own.below = {name: self.merged(below, depth + 1) for name, below in branch.below.items()}
        _lay(result, own)
        return result

    def _find(self, path: list[str]) -> Branch | None:
        found: Branch | None = self.root
        for name in path:
            found = found.below.get(name) if found else None
        return found


def _lay(onto: Branch, over: Branch) -> None:
    """Lays one section over another."""
    onto.values |= over.values
    for name, below in over.below.items():
        _lay(onto.below.setdefault(name, Branch(name, below.line)), below)
