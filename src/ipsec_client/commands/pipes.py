"""What may follow a command after ``|``: filters over its lines, carried out here and by no shell. Pure.

A pattern is text, not a regular expression: ``^`` and ``$`` at its ends hold it to those of the line,
``.*`` stands for anything, ``|`` (in quotes) between alternatives. Each is found in one pass over the
line, so that no pattern can keep a daemon busy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.grammar import split

LINES = 10
"""How many lines head and tail show unless said otherwise."""

Filter = Callable[[list[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Pipe:
    """One filter: its name, how it is used, what it is for, and how its arguments make it."""

    name: str
    usage: str
    help: str
    make: Callable[[Sequence[str]], Filter]


def parts(line: str) -> tuple[str, list[str]]:
    """The command of a line and what follows each ``|`` that stands free and outside quotes."""
    found = [""]
    for piece in re.findall(r'"(?:[^"\\]|\\.)*"?|\s\||[^"|\s]+|\s|\|', line):
        if len(piece) == 2 and piece[1] == "|":
            found.append("")
        else:
            found[-1] += piece
    return found[0], found[1:]


def filters(texts: Sequence[str]) -> list[Filter]:
    """The filters in the parts of a line; raises InputFault for what is none."""
    return [_read(split(text)) for text in texts]


def through(text: str, chain: Sequence[Filter]) -> str:
    """The text after all filters."""
    lines = text.splitlines()
    for item in chain:
        lines = item(lines)
    return "".join(f"{line}\n" for line in lines)


def _read(words: Sequence[str]) -> Filter:
    if not words:
        raise InputFault("nothing follows |", cure=f"Write one of {', '.join(PIPES)}")
    pipe = named(words[0])
    try:
        return pipe.make(words[1:])
    except ValueError:
        raise InputFault(f"{pipe.name} is not used so", cure=f"Usage: | {pipe.usage}") from None


def named(word: str) -> Pipe:
    """The filter that a word means, cut short or not; raises InputFault for none, or several."""
    fitting = [pipe for name, pipe in PIPES.items() if name.startswith(word)]
    fitting = [pipe for pipe in fitting if pipe.name == word] or fitting
    if len(fitting) != 1:
        what = "is ambiguous" if fitting else "is no filter"
        raise InputFault(f"'{word}' {what} here", cure=f"Write one of {', '.join(PIPES)}")
    return fitting[0]


def _grep(words: Sequence[str]) -> Filter:
    flags = [word for word in words if re.fullmatch("-[iv]+", word)]
    letters = "".join(flags)
    return _matching([word for word in words if word not in flags], "v" in letters, "i" in letters)


def _matching(words: Sequence[str], inverted: bool, folded: bool) -> Filter:
    found = _finder(words, folded)
    return lambda lines: [line for line in lines if found(line) != inverted]


def _begin(words: Sequence[str]) -> Filter:
    found = _finder(words, False)

    def begun(lines: list[str]) -> list[str]:
        first = next((place for place, line in enumerate(lines) if found(line)), len(lines))
        return lines[first:]

    return begun


def _finder(words: Sequence[str], folded: bool) -> Callable[[str], bool]:
    if not words:
        raise ValueError
    pattern = " ".join(words)
    alternatives = (pattern.lower() if folded else pattern).split("|")
    return lambda line: any(_is_in(line.lower() if folded else line, item) for item in alternatives)


def _is_in(line: str, pattern: str) -> bool:
    """Whether the pieces between ``.*`` follow each other in the line."""
    first, last = pattern.startswith("^"), pattern.endswith("$")
    pieces = pattern[first : len(pattern) - last].split(".*")
    if first and not line.startswith(pieces[0]):
        return False
    if last and not line.endswith(pieces[-1]):
        return False
    if first and last and len(pieces) == 1:
        return line == pieces[0]
    place, end = 0, len(line) - len(pieces[-1]) if last else len(line)
    for piece in pieces[: -1 if last else None]:
        found = line.find(piece, place, end)
        if found < 0:
            return False
        place = found + len(piece)
    return place <= end


def _number(words: Sequence[str]) -> int:
    given = [word.removeprefix("-") for word in words if word != "-n"]
    if len(given) > 1:
        raise ValueError
    number = int(given[0]) if given else LINES
    if number < 0:
        raise ValueError
    return number


def _head(words: Sequence[str]) -> Filter:
    number = _number(words)
    return lambda lines: lines[:number]


def _tail(words: Sequence[str]) -> Filter:
    number = _number(words)
    return lambda lines: lines[-number:] if number else []


def _count(words: Sequence[str]) -> Filter:
    if words:
        raise ValueError
    return lambda lines: [str(len(lines))]


def _no_more(words: Sequence[str]) -> Filter:
    if words:
        raise ValueError
    return list


PIPES = {
    pipe.name: pipe
    for pipe in (
        Pipe("begin", "begin <pattern>", "All from the first line that holds the pattern on", _begin),
        Pipe("count", "count", "How many lines there are", _count),
        Pipe("exclude", "exclude <pattern>", "The lines without the pattern",
             lambda words: _matching(words, True, False)),
        Pipe("grep", "grep [-i] [-v] <pattern>", "The lines that hold the pattern", _grep),
        Pipe("head", "head [<lines>]", f"The first lines; unset: {LINES}", _head),
        Pipe("include", "include <pattern>", "The lines that hold the pattern",
             lambda words: _matching(words, False, False)),
        Pipe("no-more", "no-more", "All at once, not page by page", _no_more),
        Pipe("tail", "tail [<lines>]", f"The last lines; unset: {LINES}", _tail),
    )
}  # fmt: skip
"""The filters by name."""
