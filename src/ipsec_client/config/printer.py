"""The model to PCLI text, in the layout of the PCLI: four spaces a level, values aligned within each block.

Whatever is set is printed, also where it equals the default; what is unset is not. Keys are printed as
``(removed)`` unless asked for. What is printed is read back as the same model.
"""

from __future__ import annotations

from collections.abc import Callable
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
    layout.inside(config, INDENT)
    lines = layout.lines
    if lines:
        lines.insert(1, "")  # a blank line follows both roots
    return "\n".join(["config", "", *lines, EXIT, ""])


def _has_default(member: Leaf | Nested) -> bool:
    return isinstance(member, Leaf) and member.default is not None


Fetch = Callable[[Element], tuple[Any, ...]]


class _Layout:
    """One printing: the lines so far, and what is the same for all elements of a kind."""

    def __init__(self, secrets: bool, verbose: bool) -> None:
        self.secrets = secrets
        self.verbose = verbose
        self.lines: list[str] = []
        self.shapes: dict[type[Element], tuple[tuple[Leaf | Nested, ...], Fetch]] = {}
        self.starts: dict[tuple[str, tuple[str, ...]], list[str]] = {}

    def inside(self, element: Element, indent: str) -> list[str]:
        """Adds the lines inside the element's block; gives its keys, for the block's head."""
        members, fetch = self.shapes.get(type(element)) or self._shape(type(element))
        present: list[tuple[Leaf | Nested, Any]] = [
            (member, value)
            for member, value in zip(members, fetch(element), strict=True)
            if (value is not None and (value or not member.many))
            or (self.verbose and value is None and _has_default(member))
        ]
        names = tuple([member.name for member, _ in present])
        starts = self.starts.get((indent, names)) or self._align(indent, names)
        keys: list[str] = []
        begin = len(self.lines)
        for (member, value), start in zip(present, starts, strict=True):
            if isinstance(member, Nested):
                for item in value if member.many else (value,):
                    if len(self.lines) > begin:
                        self.lines.append("")
                    self._block(item, start, indent)
            elif value is None:
                text = self._text(member, member.default)
                self.lines.append(f"{indent}# {start.lstrip()}{text}")
            elif member.many:
                self.lines += [start + self._text(member, item) for item in value]
            else:
                text = self._text(member, value)
                self.lines.append(start + text)
                if member.key:
                    keys.append(text)
        return keys

    def _block(self, item: Element, start: str, indent: str) -> None:
        head = len(self.lines)
        self.lines.append("")
        keys = self.inside(item, indent + INDENT)
        self.lines[head] = start + " ".join(keys) if keys else start.rstrip()
        self.lines.append(indent + EXIT)

    def _text(self, leaf: Leaf, value: Any) -> str:
        if leaf.type.plain:
            return str(value)
        if isinstance(value, Secret):
            return quoted(value.reveal()) if self.secrets and not value.removed else REMOVED
        return quoted(leaf.type.write(value))

    def _align(self, indent: str, names: tuple[str, ...]) -> list[str]:
        """What the lines of a block begin with, up to their values."""
        width = max(map(len, names), default=0)
        starts = self.starts[indent, names] = [f"{indent}{name:<{width}}  " for name in names]
        return starts

    def _shape(self, kind: type[Element]) -> tuple[tuple[Leaf | Nested, ...], Fetch]:
        members = definition(kind).members
        names = [member.attribute for member in members]
        fetch: Fetch = (
            attrgetter(*names) if len(names) > 1 else lambda item: (getattr(item, names[0]),)
        )
        self.shapes[kind] = members, fetch
        return members, fetch
