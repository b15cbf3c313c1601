"""Fields that must be set: those the definitions call required."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipsec_client.config.findings import Finding, error
from ipsec_client.model.definition import Element, Leaf, Nested, Path, definition


class _Trail(NamedTuple):
    """How an element was come to; a path is made of it only for a finding."""

    around: _Trail | None
    member: Nested
    element: Element

    def steps(self) -> Path:
        """Its part of the path."""
        before = self.around.steps() if self.around else ()
        return (*before, self.member.name, *self.element.key)


def required(element: Element, path: Path) -> Iterator[Finding]:
    """A finding for each required field that is unset, in the element at ``path`` and below it."""
    lacking: list[tuple[_Trail | None, Leaf]] = []
    _look(element, None, lacking)
    for trail, leaf in lacking:
        steps = trail.steps() if trail else ()
        said = "is required and not set"
        yield error((*path, *steps, leaf.name), said, f"Write one: {leaf.help}")


def _look(
    element: Element, trail: _Trail | None, lacking: list[tuple[_Trail | None, Leaf]]
) -> None:
    leaves, nested = _asked(type(element))
    lacking += [(trail, leaf) for leaf in leaves if getattr(element, leaf.attribute) is None]
    for member in nested:
        below = getattr(element, member.attribute)
        if below is not None:
            for item in below if member.many else (below,):
                _look(item, _Trail(trail, member, item), lacking)


_Asked = tuple[tuple[Leaf, ...], tuple[Nested, ...]]
_asked_of: dict[type[Element], _Asked] = {}


def _asked(kind: type[Element]) -> _Asked:
    """The required fields of a kind of element, and the kinds below it that have any or lead to some."""
    if kind not in _asked_of:
        leaves = tuple(leaf for leaf in definition(kind).leaves if leaf.required and not leaf.key)
        nested = tuple(item for item in definition(kind).nested if any(_asked(item.element)))
        _asked_of[kind] = leaves, nested
    return _asked_of[kind]
