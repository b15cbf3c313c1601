"""YANG as a tree of statements, and its text: two spaces a level, lines of 72 columns where they can be broken."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

_COLUMNS = 72
_BARE = re.compile(r"[A-Za-z0-9_.:-]+")
_PROSE = frozenset({"description", "contact", "organization", "reference"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A keyword, its argument, and the statements in its braces (RFC 7950, 6.3)."""

    keyword: str
    argument: str
    below: tuple[Statement, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self.lines(0)) + "\n"

    def lines(self, depth: int) -> Iterator[str]:
        """Its text, ``depth`` levels down."""
        margin = "  " * depth
        head = f"{margin}{self.keyword}"
        lines = list(self._argument(head, margin))
        if not self.below:
            lines[-1] += ";"
            yield from lines
            return
        lines[-1] += " {"
        yield from lines
        for statement in self.below:
            yield from statement.lines(depth + 1)
        yield f"{margin}}}"

    def _argument(self, head: str, margin: str) -> Iterator[str]:
        if _BARE.fullmatch(self.argument):
            yield f"{head} {self.argument}"
            return
        written = quoted(self.argument)
        if len(head) + len(written) + 3 <= _COLUMNS:
            yield f"{head} {written}"
        elif self.keyword in _PROSE:
            yield head
            yield from _wrapped(written, f"{margin}  ", f"{margin}   ")
        else:
            yield from self._pieces(head, f"{margin}  ")

    def _pieces(self, head: str, margin: str) -> Iterator[str]:
        """A long argument as quoted pieces joined by ``+``, so that every blank in it is kept."""
        pieces = textwrap.wrap(
            self.argument,
            _COLUMNS - len(margin) - 5,
            drop_whitespace=False,
            break_long_words=False,
            break_on_hyphens=False,
        )
        yield head
        yield f"{margin}{quoted(pieces[0])}"
        yield from (f"{margin}+ {quoted(piece)}" for piece in pieces[1:])


def quoted(text: str) -> str:
    """The text as a YANG string (RFC 7950, 6.1.3); single quotes keep backslashes readable."""
    if "\\" in text and "'" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def _wrapped(written: str, first: str, further: str) -> Iterator[str]:
    """Quoted prose over several lines; YANG takes the indent up to the quote off again."""
    yield from textwrap.wrap(
        written,
        _COLUMNS,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
