"""A block that is being read: what is known of it so far."""

from __future__ import annotations

from typing import Any

from ipsec_client.config.grammar import Head
from ipsec_client.model.definition import Element, Path, definition


class Frame:
    """A block that is open. ``key`` is None until it is known, a tuple where the element has several keys."""

    __slots__ = ("block", "head", "key", "line", "path", "values")

    def __init__(self, head: Head, line: int) -> None:
        self.head = head
        self.block = head.block
        self.line = line
        self.key: Any = None
        self.path: Path | None = None  # once it was asked for
        self.values: dict[str, Any] = {}

    def words(self) -> Path:
        """The part of a path that the block's head is; the root ``config`` is none."""
        if self.head.name == "config":
            return ()
        keys = self.block.keys if self.key is not None else ()
        texts = (entry.leaf.type.write(self.values[entry.attribute]) for entry in keys)
        return (self.head.name, *texts)

    def read_key(self) -> Any:
        """Its key out of the fields read."""
        keys = self.block.keys
        if len(keys) == 1:
            return self.values[keys[0].attribute]
        return tuple(self.values[entry.attribute] for entry in keys)


def key_of(element: Element) -> Any:
    """The key of an element that was read before, as a frame has it."""
    keys = tuple(getattr(element, leaf.attribute) for leaf in definition(type(element)).keys)
    return keys[0] if len(keys) == 1 else keys
