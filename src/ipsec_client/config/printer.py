"""The model to PCLI text, in the layout of the PCLI: four spaces a level, values aligned within each block.

Whatever is set is printed, also where it equals the default; what is unset is not. Keys are printed as
``(removed)`` unless asked for. What is printed is read back as the same model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import compress, takewhile
from operator import add, attrgetter
from typing import Any

from ipsec_client.base.secret import REMOVED, Secret
from ipsec_client.config.grammar import EXIT, quoted
from ipsec_client.model.definition import Element, Leaf, Nested, definition
from ipsec_client.model.elements import Config

INDENT = "    "


def write(config: Config, *, secrets: bool = False, verbose: bool = False) -> str:
    """The configuration as text, from ``config`` down.

    ``verbose`` adds each unset field that has a default as a comment, which reads back as unset.
    """
    printing = _Printing(secrets, verbose)
    printing.inside(config, INDENT)
    lines = printing.lines
    if lines:
        lines.insert(1, "")  # a blank line follows both roots
    return "\n".join(["config", "", *lines, EXIT, ""])


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is the same for all elements of a kind. ``fetch`` gives the values of its members, in their order."""

    members: tuple[Leaf | Nested, ...]
    several: tuple[bool, ...]
    fetch: Callable[[Element], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Layout:
    """What is the same for elements of a kind, at one depth, with the same members set.

    First come fields of one value each: ``starts`` is what their lines begin with, ``writers`` make the
    rest of them. Then come the members ``after`` them, each with what its lines begin with.
    """

    starts: tuple[str, ...]
    writers: tuple[Callable[[Any], str], ...]
    after: tuple[tuple[Leaf | Nested, str], ...]
    keys: int
    indent: str


class _Printing:
    """One printing: the lines so far, and the shapes and layouts met."""

    def __init__(self, secrets: bool, verbose: bool) -> None:
        self.secrets = secrets
        self.verbose = verbose
        self.lines: list[str] = []
        self.shapes: dict[type[Element], _Shape] = {}
        self.layouts: dict[tuple[type[Element], str, tuple[bool, ...]], _Layout] = {}

    def inside(self, element: Element, indent: str) -> list[str]:
        """Adds the lines inside the element's block; gives its keys, for the block's head."""
        kind = type(element)
        shape = self.shapes.get(kind) or self._shape(kind)
        values = shape.fetch(element)
        given = tuple(
            [
                value is not None and (not several or bool(value))
                for value, several in zip(values, shape.several, strict=True)
            ]
        )
        layout = self.layouts.get((kind, indent, given)) or self._layout(kind, indent, given)
        begin = len(self.lines)
        present = zip(layout.writers, compress(values, given), strict=False)
        texts = [write(value) for write, value in present]
        self.lines += map(add, layout.starts, texts)
        for member, start in layout.after:
            value = getattr(element, member.attribute)
            if isinstance(member, Leaf):
                self._add_field(member, start, value, indent)
            elif member.many:
                for item in value:
                    self._add_block(item, start, layout.indent, begin)
            else:
                self._add_block(value, start, layout.indent, begin)
        return texts[: layout.keys]

    def _add_field(self, leaf: Leaf, start: str, value: Any, indent: str) -> None:
        write = self._writer(leaf)
        if value is None:
            self.lines.append(f"{indent}# {start.lstrip()}{write(leaf.default)}")
        else:
            self.lines += [start + write(item) for item in (value if leaf.many else (value,))]

    def _add_block(self, item: Element, start: str, indent: str, begin: int) -> None:
        head = len(self.lines)
        if head > begin:
            self.lines.append("")
            head += 1
        self.lines.append("")
        keys = self.inside(item, indent)
        self.lines[head] = start + " ".join(keys) if keys else start.rstrip()
        self.lines.append(indent[len(INDENT) :] + EXIT)

    def _shape(self, kind: type[Element]) -> _Shape:
        members = definition(kind).members
        names = [member.attribute for member in members]
        fetch = attrgetter(*names) if len(names) > 1 else lambda item: (getattr(item, names[0]),)
        shape = self.shapes[kind] = _Shape(members, tuple(item.many for item in members), fetch)
        return shape

    def _layout(self, kind: type[Element], indent: str, given: tuple[bool, ...]) -> _Layout:
        shown = [
            member
            for member, is_given in zip(self.shapes[kind].members, given, strict=True)
            if is_given
            or (self.verbose and isinstance(member, Leaf) and member.default is not None)
        ]
        width = max((len(member.name) for member in shown), default=0)
        starts = [f"{indent}{member.name:<{width}}  " for member in shown]
        first = list(takewhile(self._is_first, shown))
        layout = self.layouts[kind, indent, given] = _Layout(
            tuple(starts[: len(first)]),
            tuple(self._writer(member) for member in first),
            tuple(zip(shown[len(first) :], starts[len(first) :], strict=True)),
            sum(isinstance(member, Leaf) and member.key for member in shown),
            indent + INDENT,
        )
        return layout

    def _is_first(self, member: Leaf | Nested) -> bool:
        """Whether it is sure to be a field of one value, given; keys always are."""
        return isinstance(member, Leaf) and not member.many and (member.key or not self.verbose)

    def _writer(self, member: Leaf | Nested) -> Callable[[Any], str]:
        if isinstance(member, Nested) or member.type.plain:
            return str
        if member.type.secret:
            return self._secret
        write = member.type.write
        return lambda value: quoted(write(value))

    def _secret(self, key: Secret) -> str:
        return quoted(key.reveal()) if self.secrets and not key.removed else REMOVED
