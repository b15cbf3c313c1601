"""Every kind of element in its place: how one comes to it, and a configuration with one such element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ipsec_client.model.definition import Element, Leaf, Nested, definition
from ipsec_client.model.elements import Config

Trail = tuple[tuple[type[Element], Nested], ...]
"""How one comes from the root to a kind of element: each kind on the way, and where it leads on."""


def trails(kind: type[Element] = Config, before: Trail = ()) -> Iterator[Trail]:
    """The way to each kind of element that there is."""
    for nested in definition(kind).nested:
        trail = (*before, (kind, nested))
        yield trail
        yield from trails(nested.element, trail)


def around(trail: Trail, element: Element) -> Config:
    """The element as the only one in a configuration: what is around it has its keys and nothing else."""
    for kind, nested in reversed(trail):
        keys = {leaf.attribute: _some(leaf) for leaf in definition(kind).keys}
        element = kind(**keys, **{nested.attribute: (element,) if nested.many else element})
    assert isinstance(element, Config)
    return element


def _some(leaf: Leaf) -> Any:
    """A value that the field takes."""
    for text in (*leaf.type.choices, "a", "1", "10.0.0.1"):
        try:
            return leaf.type.read(text)
        except ValueError:
            continue
    raise AssertionError(f"no value is known for {leaf.name}")
