"""How reading goes on after a mistake in the text, and what is said of it. Never repeats what may be a key.

Correct text may be indented in any way; only after a mistake is the indent asked what was meant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from ipsec_client.config.grammar import EXIT, Block

BEGIN = "Begin with config or authority, and end each block with exit"
SURPLUS = "Remove it, or an exit too many above it"
QUOTE = "Write one value, in double quotes if it holds blanks"


def split(text: str) -> list[str]:
    """The lines of a text with any line ends."""
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def indent(line: str) -> int:
    """How far the line is indented; a tab reaches to the next multiple of eight."""
    spread = line.expandtabs()
    return len(spread) - len(spread.lstrip())


def near(text: str, choices: Sequence[str]) -> str:
    """The choice that may have been meant, as a cure."""
    found = difflib.get_close_matches(text, choices, 1)
    return f"Did you mean {found[0]}?" if found else ""


def nearest(name: str, known: Sequence[str], secrets: Sequence[str]) -> tuple[list[str], bool]:
    """The known words that ``name`` may have been meant for, and whether it may be shown.

    A word that does not look like a field's name may be a part of a key that strayed; where the block
    holds a key, so may every word that is not plainly a mistyped field.
    """
    close = difflib.get_close_matches(name, known, 3)
    if len(name) > 40 or not re.fullmatch(r"[a-z]+(-[a-z]+)*\d?", name):
        return close, False
    if not secrets:
        return close, True
    betraying = [secret for secret in secrets if secret in name]
    if betraying:
        return betraying, False
    mistyped = difflib.get_close_matches(name, known, 1, 0.85)
    return close, any(len(name) <= len(word) + 1 for word in mistyped)


def surely(name: str, known: Sequence[str]) -> str | None:
    """The known word that ``name`` is a slip of, if it is plainly one."""
    return next(iter(difflib.get_close_matches(name, known, 1, 0.85)), None)


def cure(close: Sequence[str], known: Sequence[str]) -> str:
    """What to do about an unknown word: the nearest known ones, or all."""
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"Known are {', '.join(word for word in known if word != EXIT)}"


def left_open(name: str, line: str, heads: Sequence[str], blocks: Sequence[Block]) -> int:
    """How many blocks end before the line though no ``exit`` said so: it is indented as a part of one around them.

    ``heads`` are the first lines of the open ``blocks``, innermost first. 0: none, as far as one can tell.
    """
    own = indent(line)
    indents = [indent(head) for head in heads]
    if len(indents) < 2 or not indents[1] < indents[0] or own > indents[0]:
        return 0
    depth = next((depth for depth, outer in enumerate(indents) if outer < own), 0)
    return depth if name in blocks[depth].known else 0


def end_of_block(lines: Sequence[str], number: int, head: int) -> int:
    """The last line of what begins at line ``number`` with a word that is not known, by its indent.

    ``head`` is the indent of the head of the block around it. Without a hint it is this line alone, and so
    it is where the line stands further out than what it is in: then its indent says nothing.
    """
    base = indent(lines[number - 1])
    last = number
    if base < head:
        return last
    for place in range(number, len(lines)):
        words = lines[place].split()
        if not words:
            continue
        own = indent(lines[place])
        if words[0] == EXIT and own == base and head < base:
            return place + 1
        if own <= base:
            return last
        last = place + 1
    return last
