"""The flat form of PCLI text, in which each line is complete from its root down (reference, 7.2)::

    config authority router r1 node n1 device-interface lan description "the house"

Unlike the form in blocks each of its lines can be searched for, sorted and pasted alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.grammar import EXIT, WORD, Block, Head, roots
from ipsec_client.config.printer import writer
from ipsec_client.config.recovery import surely
from ipsec_client.model.definition import Element, Leaf, definition
from ipsec_client.model.elements import Config


def write(config: Config, *, secrets: bool = False, verbose: bool = False) -> str:
    """The configuration as text; ``secrets`` and ``verbose`` as for the form in blocks."""
    return "".join(f"{line}\n" for line in _lines(config, "config", secrets, verbose))


def _lines(element: Element, words: str, secrets: bool, verbose: bool) -> Iterator[str]:
    bare = True
    for member in definition(type(element)).members:
        value = getattr(element, member.attribute)
        values = (value,) if value is not None and not member.many else value or ()
        bare = bare and not values
        if isinstance(member, Leaf):
            write = writer(member, secrets)
            for item in values:
                yield f"{words} {member.name} {write(item)}"
            if verbose and value is None and member.default is not None:
                yield f"# {words} {member.name} {write(member.default)}"
        else:
            for item in values:
                head = " ".join((words, member.name, *item.key))
                yield from _lines(item, head, secrets, verbose)
    if bare:
        yield words


def unfolded(lines: list[str]) -> tuple[list[str], list[int] | None]:
    """Flat lines in the form of blocks, and the number of the line that each one came from.

    Lines that are in that form already are left alone, without numbers. What cannot be followed in a line
    stands by itself in the last block that could, for the reader to judge.
    """
    words = next((words for line in lines if (words := line.split()) and words[0][0] != "#"), [])
    if len(words) < 2:
        return lines, None
    outside = Block(Element, dict(roots()))
    root = outside.known.get(words[0])
    if not isinstance(root, Head) or words[1] not in root.block.known:
        return lines, None
    blocks: list[str] = []
    numbers: list[int] = []
    open_heads: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip()[0] == "#":
            continue
        heads, rest = _followed(line, outside)
        same = _shared(heads, open_heads)
        made = [*[EXIT] * (len(open_heads) - same), *heads[same:], *rest]
        blocks += made
        numbers += [number] * len(made)
        open_heads = heads
    blocks += [EXIT] * len(open_heads)
    numbers += [len(lines)] * len(open_heads)
    return blocks, numbers


def _shared(some: list[str], others: list[str]) -> int:
    """How many of their first items are the same."""
    differ = (at for at, pair in enumerate(zip(some, others, strict=False)) if pair[0] != pair[1])
    return next(differ, min(len(some), len(others)))


def _followed(line: str, block: Block) -> tuple[list[str], list[str]]:
    """The heads that a line goes through, each with its keys, and what is left, if anything: a field, as a rule.

    A slip of a head is followed as the reader will take it.
    """
    words = list(WORD.finditer(line))
    heads: list[str] = []
    at = 0
    while at < len(words):
        name = words[at][0]
        entry = block.known.get(name) or block.known.get(surely(name, list(block.known)) or "")
        if not isinstance(entry, Head):
            return heads, [line[words[at].start() :]]
        block = entry.block
        after = at + 1 + len(block.keys)
        heads.append(" ".join(word[0] for word in words[at:after]))
        at = after
    return heads, []
