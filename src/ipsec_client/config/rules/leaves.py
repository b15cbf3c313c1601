"""Fields judged one by one, by their definitions: those that must be set, and those that are set in vain.

What nothing acts on is accepted, kept and printed; each is told, so that nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from ipsec_client.config.findings import Finding, error, warning
from ipsec_client.model.definition import Element, Leaf, Nested, Path, definition
from ipsec_client.model.elements import (
    DeviceInterface,
    NetworkInterface,
    Service,
    ServicePolicy,
    TenantMember,
)
from ipsec_client.model.slots import is_generated

_REASONS: dict[tuple[type[Element], str], str] = {
    (Service, "scope"): "services are not announced to other routers",
    (Service, "share-service-routes"): "services are not announced to other routers",
    (TenantMember, "address"): "packets belong to the tenant of the interface they come in by",
    (ServicePolicy, "lb-strategy"): "{} is treated as hunt: the best path takes all sessions",
    (ServicePolicy, "session-resiliency"): "sessions move to the next path whatever it says",
    (DeviceInterface, "type"): (
        "{} is used as a Linux device that must be there; nothing makes it"
    ),
    (DeviceInterface, "network-namespace"): (
        "only generated device-interfaces are put into a namespace"
    ),
    (NetworkInterface, "type"): "{} is treated as external: there are no other routers",
}
"""Why nothing acts on a field, where there is more to say; ``{}`` stands for its value."""


_Trail = tuple[tuple[Nested, Element], ...]
"""How an element was come to; a path is made of it only for a finding."""

_Found = list[tuple[_Trail, Element, Leaf]]


def leaves(element: Element, path: Path) -> list[Finding]:
    """A finding for each required field that is unset and each idle one that is set, there and below."""
    found: _Found = []
    _look(element, _asked(type(element)), [], found)
    return [_finding(item, leaf, (*path, *_steps(trail), leaf.name)) for trail, item, leaf in found]


def _steps(trail: _Trail) -> Path:
    return tuple(step for member, item in trail for step in (member.name, *item.key))


def _finding(element: Element, leaf: Leaf, path: Path) -> Finding:
    if leaf.required:
        return error(path, "is required and not set", f"Write one: {leaf.help}")
    said = _REASONS.get((type(element), leaf.name), "nothing acts on it")
    value = getattr(element, leaf.attribute)
    return warning(path, said.format(value), "It may stay; it changes nothing")


def _look(
    element: Element, asked: _Asked, above: list[tuple[Nested, Element]], found: _Found
) -> None:
    if asked.fetch and asked.fetch(element) != asked.usual:
        idle = [leaf for leaf in asked.idle if _in_vain(element, leaf)]
        found += [(tuple(above), element, leaf) for leaf in idle]
    for leaf in asked.required:
        if getattr(element, leaf.attribute) is None:
            found.append((tuple(above), element, leaf))
    for member, kind in asked.nested:
        below = getattr(element, member.attribute)
        if below:
            for item in below if member.many else (below,):
                if kind.bare and kind.fetch and kind.fetch(item) == kind.usual:
                    continue
                above.append((member, item))
                _look(item, kind, above, found)
                above.pop()


def _in_vain(element: Element, leaf: Leaf) -> bool:
    """Whether it is set to something else than what is done anyway."""
    value = getattr(element, leaf.attribute)
    if value in (None, (), leaf.default):
        return False
    return not (isinstance(element, DeviceInterface) and is_generated(element))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked at in a kind of element: ``fetch`` gives its idle fields, ``usual`` are their unset values;
    ``nested`` are the kinds below it that have fields to look at, or lead to some; a ``bare`` kind has idle
    fields and nothing else to look at.
    """

    required: tuple[Leaf, ...]
    idle: tuple[Leaf, ...]
    nested: tuple[tuple[Nested, _Asked], ...]
    fetch: Callable[[Element], Any] | None
    usual: Any
    bare: bool


_asked_of: dict[type[Element], _Asked] = {}


def _asked(kind: type[Element]) -> _Asked:
    if kind not in _asked_of:
        _asked_of[kind] = _ask(kind)
    return _asked_of[kind]


def _ask(kind: type[Element]) -> _Asked:
    known = definition(kind)
    idle = tuple(leaf for leaf in known.leaves if not leaf.effect)
    usual = tuple(known.unset[leaf.attribute] for leaf in idle)
    below = [(item, _asked(item.element)) for item in known.nested]
    required = tuple(leaf for leaf in known.leaves if leaf.required and not leaf.key)
    nested = tuple(each for each in below if each[1].required or each[1].idle or each[1].nested)
    return _Asked(
        required,
        idle,
        nested,
        attrgetter(*(leaf.attribute for leaf in idle)) if idle else None,
        usual[0] if len(usual) == 1 else usual,
        bare=not required and not nested,
    )
