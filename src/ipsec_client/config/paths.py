"""Where things stand: paths of the PCLI to elements and fields, looked up and read. What is wrong raises InputFault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.config import recovery
from ipsec_client.config.findings import shown
from ipsec_client.model.definition import Element, Leaf, Nested, Path, definition, dotted
from ipsec_client.model.elements import Authority, Config


def kind_at(path: Path) -> type[Element]:
    """The kind of element that a path leads to; ``Config`` for the empty one."""
    kind: type[Element] = Config
    for nested, _ in steps(path):
        kind = nested.element
    return kind


class Finder:
    """Looks up places in one authority; what it met on the way it knows the next time."""

    def __init__(self, authority: Authority) -> None:
        self._root = Config(authority=authority)
        self._below: dict[Path, dict[Path, Element]] = {}

    def element(self, path: Path) -> Element | None:
        """The element at a path, if it is there."""
        found: Element = self._root
        at = 0
        for nested, key in steps(path):
            to = at + 1 + len(key)
            entries = self._below.get(path[: at + 1])
            if entries is None:
                entries = self._below[path[: at + 1]] = dict(by_key(nested, vars(found)))
            entry = entries.get(key)
            if entry is None:
                return None
            found, at = entry, to
        return found

    def values(self, path: Path, leaf: str) -> tuple[str | Secret, ...] | None:
        """A field's values as an edit would set them, none if it is unset; None where the element is not there."""
        element = self.element(path)
        if element is None:
            return None
        return tuple(values_of(leaf_of(type(element), leaf, path), element))


def element_at(authority: Authority, path: Path) -> Element | None:
    """The element at a path, if it is there; for many look-ups there is ``Finder``."""
    return Finder(authority).element(path)


def steps(path: Path) -> Iterator[tuple[Nested, Path]]:
    """The elements that a path leads through, each with its key. Names are not abbreviated here."""
    kind: type[Element] = Config
    at = 0
    while at < len(path):
        nested = definition(kind).by_name.get(path[at])
        if not isinstance(nested, Nested):
            raise fault(path[:at], f"{shown(path[at])}is no element here")
        size = len(definition(nested.element).keys) if nested.many else 0
        key = path[at + 1 : at + 1 + size]
        if len(key) < size:
            raise fault(path, "which one is not said")
        yield nested, key
        kind = nested.element
        at += 1 + size


def around(path: Path) -> Iterator[Path]:
    """The paths of the elements that a path leads through, the outermost first, its own last."""
    at = 0
    for _, key in steps(path):
        at += 1 + len(key)
        yield path[:at]


def by_key(nested: Nested, values: Mapping[str, Any]) -> Iterator[tuple[Path, Element]]:
    """The elements of a list, or the one of a container, by their keys."""
    below = values[nested.attribute]
    if not nested.many:
        return iter(() if below is None else (((), below),))
    keys = definition(nested.element).keys
    if len(keys) == 1 and keys[0].type.plain:  # a fleet's routers, in a tenth of the time
        name = keys[0].attribute
        return (((getattr(item, name),), item) for item in below)
    return ((item.key, item) for item in below)


def values_of(leaf: Leaf, element: Element) -> Iterator[str | Secret]:
    held = getattr(element, leaf.attribute)
    for value in held if leaf.many else () if held is None else (held,):
        yield value if leaf.type.secret else leaf.type.write(value)


def read_value(leaf: Leaf, value: str | Secret, where: Path) -> Any:
    if isinstance(value, Secret):
        if not leaf.type.secret:
            raise fault(where, "holds no key")
        return value
    try:
        return leaf.type.read(value)
    except ValueError as reason:
        said = str(reason) if leaf.type.secret else f"{shown(value)}{reason}"
        raise fault(where, said, recovery.near(value, leaf.type.choices)) from None


def read_key(keys: Sequence[Leaf], texts: Sequence[str], where: Path) -> list[Any]:
    return [
        read_value(leaf, text, (*where, leaf.name)) for leaf, text in zip(keys, texts, strict=True)
    ]


def leaf_of(kind: type[Element], name: str, path: Path) -> Leaf:
    leaf = definition(kind).by_name.get(name)
    if not isinstance(leaf, Leaf):
        raise fault(path, f"{shown(name)}is no field here")
    return leaf


def known_values(leaf: Leaf) -> str:
    return f"It is one of {', '.join(leaf.type.choices)}" if leaf.type.choices else leaf.help


def fault(path: Path, what: str, cure: str = "") -> InputFault:
    return InputFault(f"{dotted(path) or 'config'}: {what}", cure=cure)
