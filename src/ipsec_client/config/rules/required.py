"""Fields that must be set: those the definitions call required."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.findings import Finding, error
from ipsec_client.model.definition import Element, Leaf, Nested, Path, definition


def required(element: Element, path: Path) -> Iterator[Finding]:
    """A finding for each required field that is unset, in the element and below it."""
    leaves, nested = _asked(type(element))
    for leaf in leaves:
        if getattr(element, leaf.attribute) is None:
            yield error((*path, leaf.name), "is required and not set", f"{leaf.help}: write one")
    for member in nested:
        below = getattr(element, member.attribute)
        if below is None:
            continue
        for item in below if member.many else (below,):
            yield from required(item, (*path, member.name, *item.key))


_Asked = tuple[tuple[Leaf, ...], tuple[Nested, ...]]
_asked_of: dict[type[Element], _Asked] = {}


def _asked(kind: type[Element]) -> _Asked:
    """The required fields of a kind of element, and the kinds below it that have any or lead to some."""
    if kind not in _asked_of:
        leaves = tuple(leaf for leaf in definition(kind).leaves if leaf.required and not leaf.key)
        nested = tuple(item for item in definition(kind).nested if any(_asked(item.element)))
        _asked_of[kind] = leaves, nested
    return _asked_of[kind]
