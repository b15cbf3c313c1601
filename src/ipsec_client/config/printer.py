"""The model to PCLI text, in the layout of the PCLI: four spaces a level, values aligned within each block.

Whatever is set is printed, also where it equals the default; what is unset is not. Keys are printed as
``(removed)`` unless asked for. What is printed is read back as the same model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
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
    layout = _Layout(secrets, verbose)
    return "\n".join(["config", *_spaced(layout.lines(config, INDENT)), EXIT, ""])


def _spaced(lines: list[str]) -> list[str]:
    """``config`` and ``authority`` are each followed by a blank line."""
    return ["", lines[0], "", *lines[1:]] if lines else []


def _has_default(member: Leaf | Nested) -> bool:
    return isinstance(member, Leaf) and member.default is not None


@dataclass(frozen=True, slots=True)
class _Shape:
    """One kind of element, ready to be printed: ``fetch`` gives the values of its members, in their order."""

    members: tuple[Leaf | Nested, ...]
    fetch: Callable[[Element], tuple[Any, ...]]


class _Layout:
    def __init__(self, secrets: bool, verbose: bool) -> None:
        self.secrets = secrets
        self.verbose = verbose
        self.shapes: dict[type[Element], _Shape] = {}

    def lines(self, element: Element, indent: str) -> list[str]:
        """The lines inside the element's block."""
        shape = self.shapes.get(type(element)) or self._shape(type(element))
        present: list[tuple[Leaf | Nested, Any]] = []
        width = 0
        for member, value in zip(shape.members, shape.fetch(element), strict=True):
            if value not in (None, ()) or (self.verbose and _has_default(member)):
                present.append((member, value))
                width = max(width, len(member.name))
        lines: list[str] = []
        for member, value in present:
            if isinstance(member, Nested):
                for item in value if member.many else (value,):
                    self._block(member, item, indent, width, lines)
            elif value is None:
                default = f"{member.name:<{width}}  {self._text(member, member.default)}"
                lines.append(f"{indent}# {default}")
            else:
                start = f"{indent}{member.name:<{width}}  "
                several = value if member.many else (value,)
                lines += [start + self._text(member, item) for item in several]
        return lines

    def _block(
        self, member: Nested, item: Element, indent: str, width: int, lines: list[str]
    ) -> None:
        if lines:
            lines.append("")
        keys = " ".join(item.key)
        lines.append(f"{indent}{member.name:<{width}}  {keys}" if keys else indent + member.name)
        lines += self.lines(item, indent + INDENT)
        lines.append(indent + EXIT)

    def _text(self, leaf: Leaf, value: Any) -> str:
        if isinstance(value, Secret):
            return quoted(value.reveal()) if self.secrets and not value.removed else REMOVED
        return quoted(leaf.type.write(value))

    def _shape(self, kind: type[Element]) -> _Shape:
        members = definition(kind).members
        names = [member.attribute for member in members]
        fetch = attrgetter(*names) if len(names) > 1 else lambda item: (getattr(item, names[0]),)
        shape = self.shapes[kind] = _Shape(members, fetch)
        return shape
