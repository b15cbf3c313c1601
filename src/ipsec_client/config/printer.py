"""The model to PCLI text, in the layout of the PCLI: four spaces a level, values aligned within each block.

Whatever is set is printed, also where it equals the default; what is unset is not. Keys are printed as
``(removed)`` unless asked for. What is printed is read back as the same model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import compress, takewhile
from operator import attrgetter, is_not
from typing import Any

from ipsec_client.base.secret import REMOVED, Secret
from ipsec_client.config.grammar import EXIT, quoted
from ipsec_client.model.definition import Element, Leaf, Nested, definition
from ipsec_client.model.elements import Config
from ipsec_client.model.values import TEXT

INDENT = "    "


def write(config: Config, *, secrets: bool = False, verbose: bool = False) -> str:
    """The configuration as text, from ``config`` down.

    ``verbose`` adds each unset field that has a default as a comment, which reads back as unset.
    """
    printing = _Printing(secrets, verbose)
    printing.add(config, "config\n", "")
    return "\n".join([*printing.parts, ""])


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is the same for all elements of a kind. ``fetch`` gives the values of its members, in their order.

    ``unset`` are the values of members that are not: None, and the empty tuple, of which there is one.
    """

    members: tuple[Leaf | Nested, ...]
    unset: tuple[Any, ...]
    fetch: Callable[[Element], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Layout:
    """What is the same for elements of a kind, under one head, with the same members set.

    ``opening`` takes the keys and then the texts that ``writers`` make of the fields of one value that
    come first; the members ``after`` them each have what their lines begin with. Without any of those
    the opening is the whole block.
    """

    opening: str
    writers: tuple[Callable[[Any], str], ...]
    keys: int
    after: tuple[tuple[Leaf | Nested, str], ...]


class _Printing:
    """One printing: its text so far, in parts, and the shapes and layouts met.

    A fleet has a hundred thousand blocks, and most of them look like others but for their values: so
    all but the values is made once.
    """

    def __init__(self, secrets: bool, verbose: bool) -> None:
        self.secrets = secrets
        self.verbose = verbose
        self.parts: list[str] = []
        self.shapes: dict[type[Element], _Shape] = {}
        self.layouts: dict[tuple[type[Element], str, tuple[bool, ...]], _Layout] = {}

    def add(self, element: Element, head: str, indent: str) -> None:
        """Adds the element's block; ``head`` is its first line up to the keys, ``indent`` that of its exit."""
        kind = type(element)
        shape = self.shapes.get(kind) or self._shape(kind)
        values = shape.fetch(element)
        given = tuple(map(is_not, values, shape.unset))
        layout = self.layouts.get((kind, head, given)) or self._layout(kind, head, given, indent)
        present = zip(layout.writers, compress(values, given), strict=False)
        texts = [write(value) for write, value in present]
        self.parts.append(layout.opening % (*texts[: layout.keys], *texts))
        if layout.after:
            self._add_rest(element, layout, indent, bool(texts))

    def _add_rest(self, element: Element, layout: _Layout, indent: str, begun: bool) -> None:
        """Adds what comes after the opening. The first block in a block that is not ``begun`` has no blank line."""
        deeper = indent + INDENT
        for member, start in layout.after:
            value = getattr(element, member.attribute)
            if isinstance(member, Leaf):
                self._add_field(member, start, value, deeper)
                begun = True
                continue
            for item in value if member.many else (value,):
                self.add(item, "\n" + start if begun else start, deeper)
                begun = True
        self.parts.append(indent + EXIT)

    def _add_field(self, leaf: Leaf, start: str, value: Any, indent: str) -> None:
        write = writer(leaf, self.secrets)
        if value is None:
            self.parts.append(f"{indent}# {start.lstrip()}{write(leaf.default)}")
        else:
            self.parts += [start + write(item) for item in (value if leaf.many else (value,))]

    def _shape(self, kind: type[Element]) -> _Shape:
        members = definition(kind).members
        names = [member.attribute for member in members]
        fetch = attrgetter(*names) if len(names) > 1 else lambda item: (getattr(item, names[0]),)
        shape = self.shapes[kind] = _Shape(members, tuple(definition(kind).unset.values()), fetch)
        return shape

    def _layout(
        self, kind: type[Element], head: str, given: tuple[bool, ...], indent: str
    ) -> _Layout:
        shown = [
            member
            for member, is_given in zip(self.shapes[kind].members, given, strict=True)
            if is_given
            or (self.verbose and isinstance(member, Leaf) and member.default is not None)
        ]
        width = max((len(member.name) for member in shown), default=0)
        starts = [self._start(kind, member, indent + INDENT, width) for member in shown]
        first = list(takewhile(self._is_first, shown))
        keys = len(definition(kind).keys)
        lines = [head + " ".join(["%s"] * keys), *(f"{start}%s" for start in starts[: len(first)])]
        after = tuple(zip(shown[len(first) :], starts[len(first) :], strict=True))
        if not after:
            lines.append(indent + EXIT)
        writers = tuple(writer(member, self.secrets) for member in first)
        layout = _Layout("\n".join(lines), writers, keys, after)
        self.layouts[kind, head, given] = layout
        return layout

    def _start(self, kind: type[Element], member: Leaf | Nested, indent: str, width: int) -> str:
        if isinstance(member, Leaf) or member.many:
            return f"{indent}{member.name:<{width}}  "
        return f"{indent}{member.name}\n" if kind is Config else indent + member.name

    def _is_first(self, member: Leaf | Nested) -> bool:
        """Whether it is sure to be a field of one value, given; keys always are."""
        return isinstance(member, Leaf) and not member.many and (member.key or not self.verbose)


def writer(member: Leaf | Nested, secrets: bool) -> Callable[[Any], str]:
    """How a field's value or a head's key is written; a key of a tunnel only where ``secrets`` are asked for."""
    if isinstance(member, Nested) or member.type is TEXT:
        return quoted
    if not member.type.secret:
        return member.type.write
    return _revealed if secrets else member.type.write


def _revealed(key: Secret) -> str:
    return REMOVED if key.removed else quoted(key.reveal())
