"""PCLI text to the model, in one pass over its lines, with everything that is wrong with it found at once.

It never raises, whatever the text. What it could not read it reports and leaves out; what the values
mean is for the rules. How a reading goes on after a mistake lives in ``recovery``.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ipsec_client.config import flat, recovery
from ipsec_client.config.findings import Finding, error, shown, warning
from ipsec_client.config.frames import Frame, key_of
from ipsec_client.config.grammar import OUTSIDE, Close, Field, Head, roots, value
from ipsec_client.config.grammar import words as head_words
from ipsec_client.model.definition import Element, Path, definition, make
from ipsec_client.model.elements import Config
from ipsec_client.model.values import TEXT


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says. ``doubtful`` are paths where text stands that could not be read."""

    config: Config
    findings: tuple[Finding, ...] = ()
    doubtful: frozenset[Path] = frozenset()


def read(text: str) -> Reading:
    """The configuration in the text, whose root is ``config`` or ``authority``, and what is wrong with the text."""
    split, numbers = flat.unfolded(recovery.split(text))
    with _no_collection():
        reading = _Reader(split).read()
        if (
            reading.findings
        ):  # once more, with the lines of all blocks, to place and to explain them
            reading = _Reader(split, {}).read()
    if numbers is None:
        return reading
    found = (replace(item, line=numbers[item.line - 1]) for item in reading.findings)
    return replace(reading, findings=tuple(found))


def lines(text: str) -> dict[Path, int]:
    """The line that each block and field begins at. Slower than ``read``: for when there are findings."""
    where: dict[Path, int] = {}
    split, numbers = flat.unfolded(recovery.split(text))
    with _no_collection():
        _Reader(split, where).read()
    return where if numbers is None else {path: numbers[line - 1] for path, line in where.items()}


@contextmanager
def _no_collection() -> Iterator[None]:
    """A model of a thousand routers is a million objects and no cycle: collecting while it grows is half the time."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


class _Reader:
    """One reading. The loop keeps to fields that are written as expected; all else has a method."""

    def __init__(self, lines: list[str], where: dict[Path, int] | None = None) -> None:
        self.lines = lines
        self.where = where
        self.roots = roots()
        self.frames = [Frame(OUTSIDE, 0)]
        self.ended = False
        self.findings: list[Finding] = []
        self.doubtful: set[Path] = set()
        self.closed: list[tuple[int, int]] = []  # first and last lines, where they are tracked
        self.skipped = 0  # lines up to this one are done with

    def read(self) -> Reading:
        """The whole text."""
        self._read_lines()
        if len(self.frames) > 1:
            self._report_unclosed(len(self.lines))
        while len(self.frames) > 1:
            self._close(len(self.lines))
        if not self.ended and not self.findings:
            self._report(error((), "the text holds no configuration", recovery.BEGIN, 1))
        values = self.frames[0].values
        config = values.get("config") or Config(authority=values.get("authority"))
        return Reading(config, tuple(self.findings), frozenset(self.doubtful))

    def _read_lines(self) -> None:
        frame = self.frames[-1]
        block, values = frame.block, frame.values
        numbered = enumerate(self.lines, 1)
        for number, line in numbered:
            met = block.met.get(line)
            if met is not None:
                field, found = met
                if values.setdefault(field.attribute, found) is not found or self.where is not None:
                    self._take(field, found, number)
                continue
            words = line.split()
            if not words:
                continue
            entry = block.known.get(words[0])
            if isinstance(entry, Field):
                self._read_field(entry, line, number)
                continue
            if entry is None and words[0][0] != "#":
                entry = self._unexpected(words[0], number)
                for _ in range(number, self.skipped):
                    next(numbered)
                frame = self.frames[-1]
            if isinstance(entry, Head):
                frame = self._open(entry, words, line, number)
            elif isinstance(entry, Field):
                self._read_field(entry, line, number)
            elif entry is not None:
                if len(words) > 1:
                    self._report(error(self._path(), "exit stands beside other text", "", number))
                frame = self._close(number)
            block, values = frame.block, frame.values

    def _path(self, *further: str) -> Path:
        """Where the innermost open block stands; the root ``config`` is no part of it."""
        path = self.frames[-1].path
        if path is None:
            path = ()
            for frame in self.frames[1:]:
                path = frame.path = frame.path or path + frame.words()
        return path + further

    def _report(self, finding: Finding) -> None:
        self.findings.append(finding)
        self.doubtful.add(finding.path)

    def _read_field(self, entry: Field, line: str, number: int) -> None:
        found = self._value(entry, line, number)
        if found is None:
            return
        self._take(entry, found, number)
        if not entry.many:
            self.frames[-1].block.met[line] = entry, found

    def _take(self, entry: Field, found: Any, number: int) -> None:
        """Makes the value part of the open block, if it is not yet."""
        values = self.frames[-1].values
        if self.where is not None:
            self.where.setdefault(self._path(entry.name), number)
        if not entry.many:
            held = values.setdefault(entry.attribute, found)
            if held is not found and held != found:
                self._differs(entry, number)
        elif found in values.setdefault(entry.attribute, []):
            said = f"holds {shown(str(found))}twice"
            self.findings.append(warning(self._path(entry.name), said, "", number))
        else:
            values[entry.attribute].append(found)

    def _value(self, entry: Field, line: str, number: int) -> Any:
        """The value on a field's line; None, and reported, where it cannot be read."""
        try:
            text = value(line)
            if " " in text and '"' not in line and entry.leaf.type is not TEXT:
                raise ValueError("has several words")
        except ValueError as reason:
            self._report(error(self._path(entry.name), str(reason), recovery.QUOTE, number))
            return None
        return self._convert(entry, text, (), number)

    def _convert(self, entry: Field, text: str, below: Path, number: int) -> Any:
        """The text as a value of the field; None, and reported, where it is not one.

        ``below`` leads from the innermost open block to the one that the field is of.
        """
        found = entry.values.get(text)
        if found is not None:
            return found
        kind = entry.leaf.type
        try:
            found = kind.read(text)
        except ValueError as reason:
            said = str(reason) if kind.secret else f"{shown(text)}{reason}"
            path = self._path(*filter(shown, below), entry.name)
            if not (entry.leaf.key and path in self.doubtful):  # told at the block's head
                self._report(error(path, said, recovery.near(text, kind.choices), number))
            if entry.leaf.key and kind.plain and shown(text):
                self.doubtful.add(path[:-1])
                return text
            self.doubtful.add(self._path(*below[:1], entry.name))
            return None
        if text and not kind.secret and " " not in text and text[0] != '"':
            entry.values[text] = found
        return found

    def _differs(self, entry: Field, number: int) -> None:
        path = self._path(entry.name)
        if entry.leaf.key:
            said = "differs from the key in the block's head, which counts"
            self.findings.append(warning(path, said, "Make them equal", number))
        else:
            self._report(error(path, "is set twice, to different values", "Remove one", number))

    def _open(self, head: Head, words: list[str], line: str, number: int) -> Frame:
        parent = self.frames[-1].values
        frame = Frame(head, number)
        sole = frame.block.sole
        if sole is not None and len(words) == 2 and '"' not in words[1]:
            found = sole.values.get(words[1])
            if found is None:
                found = self._convert(sole, words[1], (head.name, words[1]), number)
            if found is not None:
                frame.key = frame.values[sole.attribute] = found
        else:
            self._identify(frame, line, number)
        self.frames.append(frame)
        before = parent.get(head.attribute)
        if before is not None and head.many:
            before = before.get(frame.key)
        if before is not None:
            self._reopen(before, number)
        if self.where is not None:
            self.where.setdefault(self._path(), number)
        return frame

    def _identify(self, frame: Frame, line: str, number: int) -> None:
        """Takes the key in a block's head, unless it is not there or cannot be read."""
        keys = head_words(line)
        expected = len(frame.block.keys)
        if len(keys) > expected:
            said = "is followed by more than its key" if expected else "is followed by more words"
            path = self._path(frame.head.name)
            self._report(error(path, said, "Write each field on a line of its own", number))
        if not keys or len(keys) < expected:
            return
        for entry, text in zip(frame.block.keys, keys, strict=False):
            found = self._convert(entry, text, (frame.head.name, *keys[:expected]), number)
            if found is None:
                return
            frame.values[entry.attribute] = found
        frame.key = frame.read_key()

    def _reopen(self, element: Element, number: int) -> None:
        """Goes on with an element that was written before."""
        frame = self.frames[-1]
        said = "is written in two places, which count as one"
        self.findings.append(warning(self._path(), said, "Write it once", number))
        for leaf in definition(type(element)).leaves:
            held = getattr(element, leaf.attribute)
            if held is not None and held != ():
                frame.values[leaf.attribute] = list(held) if leaf.many else held
        for nested in definition(type(element)).nested:
            held = getattr(element, nested.attribute)
            if nested.many:
                frame.values[nested.attribute] = {key_of(item): item for item in held}
            elif held is not None:
                frame.values[nested.attribute] = held

    def _close(self, number: int) -> Frame:
        """Ends the open block: its element becomes a part of the one around it, which is returned."""
        frame = self.frames[-1]
        head, block, values = frame.head, frame.block, frame.values
        if self.where is not None:
            self.closed.append((frame.line, number))
        for name in block.lists:
            if name in values:
                values[name] = tuple(values[name].values())
        for name in block.many:
            if name in values:
                values[name] = tuple(values[name])
        around = self.frames[-2]
        if not head.many:
            around.values[head.attribute] = make(block.element, values)
        elif frame.key is not None or self._find_key(frame):
            siblings = around.values.get(head.attribute)
            if siblings is None:
                siblings = around.values[head.attribute] = {}
            siblings[frame.key] = make(block.element, values)
        self.frames.pop()
        self.ended = len(self.frames) == 1
        return around

    def _find_key(self, frame: Frame) -> bool:
        """Takes the key of a block that has none in its head from the fields inside; False if it lacks."""
        lacking = [entry.name for entry in frame.block.keys if entry.attribute not in frame.values]
        if lacking:
            said = f"has no {' and '.join(lacking)}"
            if not any((*self._path(), name) in self.doubtful for name in lacking):
                self._report(error(self._path(), said, "Write it in the head", frame.line))
            return False
        frame.key = frame.read_key()
        frame.path = None
        if self.where is not None:
            self.where.setdefault(self._path(), frame.line)
        if frame.key in self.frames[-2].values.get(frame.head.attribute, ()):
            said = "is written in two places"
            self._report(error(self._path(), said, "Write it once", frame.line))
        return True

    def _unexpected(self, name: str, number: int) -> Field | Head | Close | None:
        """What a word means that is no field here; None, and reported, if nothing can be made of it."""
        if len(self.frames) == 1:
            if not self.ended and name in self.roots:
                return self.roots[name]
            said = "stands after the end" if self.ended else "the text does not begin with its root"
            self._report(
                error((), said, recovery.SURPLUS if self.ended else recovery.BEGIN, number)
            )
            self.skipped = len(self.lines)
            return None
        outwards = self.frames[:0:-1]
        depth = recovery.left_open(
            name,
            self.lines[number - 1],
            [self.lines[around.line - 1] for around in outwards],
            [around.block for around in outwards],
        )
        if depth:
            self._report_unclosed(number)
            for _ in range(depth):
                self._close(number)
            return self.frames[-1].block.known[name]
        return self._unknown(name, number)

    def _unknown(self, name: str, number: int) -> Head | Close | None:
        """Reports the word; goes on with what it is plainly a slip of, or after what it begins."""
        frame = self.frames[-1]
        known = list(frame.block.known)
        close, echo = recovery.nearest(name, known, frame.block.secrets)
        said = "is not known here" if echo else "a field is not known here"
        path = self._path(*([name] if echo else []))
        self._report(error(path, said, recovery.cure(close, known), number))
        self.doubtful.update(self._path(other) for other in close)
        meant = frame.block.known.get(recovery.surely(name, known) or "")
        if isinstance(meant, Head | Close):
            return meant
        head = recovery.indent(self.lines[frame.line - 1])
        self.skipped = recovery.end_of_block(self.lines, number, head)
        return None

    def _report_unclosed(self, number: int) -> None:
        """Reports the block that lacks its ``exit``: the first one that ended at another indent than it began."""
        begin = next(
            (
                begin
                for begin, end in self.closed
                if recovery.indent(self.lines[begin - 1]) != recovery.indent(self.lines[end - 1])
            ),
            self.frames[-1].line,
        )
        self.closed.clear()
        where = self.where or {}
        path = next((path for path, line in where.items() if line == begin), self._path())
        if number < len(self.lines):
            said = f"is not closed before line {number}"
        elif len(self.frames) > 2:
            said = f"is not closed, nor are others: {len(self.frames) - 1} exits are missing"
        else:
            said = "is not closed"
        self._report(error(path, said, "Add its exit", begin))
