"""The grammar of PCLI text, made from the model's definitions: what a line's first word may be inside each block.

Also how values are quoted. The reader and the printer share it; nothing here keeps a state of reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ipsec_client.model.definition import Element, Leaf, definition
from ipsec_client.model.elements import Authority, Config

EXIT = "exit"


@dataclass(slots=True, eq=False)
class Field:
    """A word that a value follows. ``values`` remembers the texts already read into values."""

    name: str
    leaf: Leaf
    attribute: str
    many: bool
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Head:
    """A word that a block begins with: an entry of a list, which has keys, or a container."""

    name: str
    attribute: str
    block: Block
    many: bool


@dataclass(slots=True, eq=False)
class Close:
    """The word that ends a block."""


@dataclass(slots=True, eq=False)
class Block:
    """The words known inside one kind of element; ``lists`` and ``many`` are attributes that become tuples.

    ``sole`` is its key, if it has just one; ``met`` remembers whole lines already read, since the
    routers of a fleet have most of theirs in common.
    """

    element: type[Element]
    known: dict[str, Field | Head | Close]
    keys: tuple[Field, ...] = ()
    sole: Field | None = None
    lists: tuple[str, ...] = ()
    many: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    met: dict[str, tuple[Field, Any]] = field(default_factory=dict)


OUTSIDE = Head("", "", Block(Element, {}), False)
"""What is around the root of a text."""


def roots() -> dict[str, Head]:
    """A grammar with memories of its own: the heads that a text may begin with."""
    return {
        "config": Head("config", "config", _block(Config), False),
        "authority": Head("authority", "authority", _block(Authority), False),
    }


def _block(element: type[Element]) -> Block:
    defined = definition(element)
    fields = [Field(leaf.name, leaf, leaf.attribute, leaf.many) for leaf in defined.leaves]
    heads = [
        Head(nested.name, nested.attribute, _block(nested.element), nested.many)
        for nested in defined.nested
    ]
    known: dict[str, Field | Head | Close] = {EXIT: Close()}
    known.update((item.name, item) for item in fields)
    known.update((item.name, item) for item in heads)
    keys = tuple(item for item in fields if item.leaf.key)
    return Block(
        element,
        known,
        keys,
        keys[0] if len(keys) == 1 else None,
        tuple(head.attribute for head in heads if head.many),
        tuple(item.attribute for item in fields if item.many),
        tuple(item.name for item in fields if item.leaf.type.secret),
    )


_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"')
WORD = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"(?=\s|$)|\S+')
_ESCAPE = re.compile(r'\\(["\\])')


def words(line: str) -> list[str]:
    """The words of a block's head after its first one, quotes removed."""
    return [unquoted(word) for word in WORD.findall(line)][1:]


def value(line: str) -> str:
    """What stands after the first word of a field's line; raises ValueError with the reason.

    In double quotes ``\\"`` and ``\\\\`` stand for a quote and a backslash. Without quotes blanks in
    a row count as one, and every other character as itself.
    """
    parts = line.split(None, 1)
    text = parts[1].rstrip() if len(parts) == 2 else ""
    if not text:
        raise ValueError("has no value")
    if not text.startswith('"'):
        return " ".join(text.split())
    found = _QUOTED.match(text)
    if not found:
        raise ValueError("begins with a double quote that is not closed")
    if found.end() != len(text):
        raise ValueError("has more text after its closing quote")
    return unquoted(text)


def unquoted(text: str) -> str:
    """The text without its double quotes, if it has them around it."""
    found = _QUOTED.fullmatch(text)
    return _ESCAPE.sub(r"\1", found[1]) if found else text


def quoted(text: str) -> str:
    """The text so that ``value`` reads it back: in double quotes only where it must be."""
    if text and " " not in text and not text.startswith('"'):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
