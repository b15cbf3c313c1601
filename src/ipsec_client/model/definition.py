"""How an element of the configuration is declared: once, as a frozen dataclass whose fields carry their meaning.

Parser, printer, rules, document and help all read these definitions. ``None`` is unset: neither the
default nor anything written. ``effective`` fills in the documented defaults where they are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

from ipsec_client.model.values import AnyType

Path = tuple[str, ...]
"""Where something stands, in words of the PCLI: ``("authority", "router", "r1", "node", "n1")``."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One field. ``unit`` is the unit of a bare number, ``since`` the plugin release that brought it.

    ``effect`` is what it changes on the node, in one sentence; empty where nothing acts on it.
    """

    name: str
    attribute: str
    type: AnyType
    help: str
    default: Any = None
    unit: str = ""
    since: str = ""
    effect: str = ""
    key: bool = False
    required: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Nested:
    """Elements below an element: a list with keys (``many``), or one container without."""

    name: str
    attribute: str
    element: type[Element]
    many: bool


Member = Leaf | Nested


@dataclass(frozen=True, slots=True)
class Definition:
    """All that is known of one kind of element, its members in the order they print in.

    ``leaves`` are its fields, ``keys`` those that identify it, ``nested`` the kinds of elements below it;
    ``unset`` and ``defaults`` are the values of fields that are not set, and the documented ones.
    """

    element: type[Element]
    members: tuple[Member, ...]
    by_name: dict[str, Member]
    leaves: tuple[Leaf, ...]
    keys: tuple[Leaf, ...]
    nested: tuple[Nested, ...]
    unset: dict[str, Any]
    defaults: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Element:
    """An element of the configuration. Subclasses are frozen dataclasses made of the functions below."""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from its siblings, as text; empty for a container."""
        return tuple(
            leaf.type.write(getattr(self, leaf.attribute)) for leaf in definition(type(self)).keys
        )


E = TypeVar("E", bound=Element)


def key(
    type: AnyType,  # noqa: A002 — the words of a definition
    help: str,  # noqa: A002
    *,
    effect: str,
    name: str = "",
) -> Any:
    """A field that identifies a list entry; it stands in the entry's header."""
    told = {"type": type, "help": help, "effect": effect, "name": name}
    return field(metadata={"leaf": told | {"key": True, "required": True}})


def leaf(
    type: AnyType,  # noqa: A002
    help: str,  # noqa: A002
    *,
    effect: str = "",
    default: Any = None,
    unit: str = "",
    since: str = "",
    required: bool = False,
) -> Any:
    """A field with one value; ``default`` is the documented one, which stays apart from unset."""
    told = {
        "type": type,
        "help": help,
        "effect": effect,
        "default": default,
        "unit": unit,
        "since": since,
        "required": required,
    }
    return field(default=None, metadata={"leaf": told})


def leaves(type: AnyType, help: str, *, effect: str = "", since: str = "") -> Any:  # noqa: A002
    """A field that may be written several times; a tuple, in the order written."""
    told = {"type": type, "help": help, "effect": effect, "since": since, "many": True}
    return field(default=(), metadata={"leaf": told})


def child(element: type[Element]) -> Any:
    """At most one element without a key below this one."""
    return field(default=None, metadata={"nested": {"element": element, "many": False}})


def children(element: type[Element], *, name: str = "") -> Any:
    """A list of elements below this one, in the order written."""
    return field(default=(), metadata={"nested": {"element": element, "many": True, "name": name}})


_definitions: dict[type[Element], Definition] = {}


def definition(element: type[Element]) -> Definition:
    """The definition of a kind of element; the same object each time."""
    found = _definitions.get(element)
    if found is None:
        found = _definitions[element] = _define(element)
    return found


def _define(element: type[Element]) -> Definition:
    members: list[Member] = []
    for item in fields(element):
        told = dict(item.metadata.get("leaf") or item.metadata["nested"])
        name = told.pop("name", "") or item.name.replace("_", "-")
        kind = Leaf if "leaf" in item.metadata else Nested
        members.append(kind(name=name, attribute=item.name, **told))
    leaves = tuple(member for member in members if isinstance(member, Leaf))
    return Definition(
        element,
        tuple(members),
        {member.name: member for member in members},
        leaves,
        tuple(leaf for leaf in leaves if leaf.key),
        tuple(member for member in members if isinstance(member, Nested)),
        {item.name: None if item.default is MISSING else item.default for item in fields(element)},
        {leaf.attribute: leaf.default for leaf in leaves if leaf.default is not None},
    )


def make(element: type[E], values: dict[str, Any]) -> E:
    """An element of those values, the others unset, as its constructor makes it, in a third of the time.

    A fleet's text is a quarter of a million elements, and frozen ones are slow to construct.
    """
    made = object.__new__(element)
    vars(made).update(definition(element).unset)
    vars(made).update(values)
    return made


def effective(element: E) -> E:
    """The element with the documented default in each unset field that has one; only its own fields."""
    filled = {
        name: default
        for name, default in definition(type(element)).defaults.items()
        if getattr(element, name) is None
    }
    return make(type(element), vars(element) | filled) if filled else element


def value_of(element: Element, attribute: str) -> Any:
    """One field's value; where it is unset, the documented default, if it has one."""
    held = getattr(element, attribute)
    return definition(type(element)).defaults.get(attribute) if held is None else held


def walk(element: Element, path: Path) -> Iterator[tuple[Path, Element]]:
    """The element and all below it, each with its path, in printing order."""
    yield path, element
    for nested in definition(type(element)).nested:
        below = getattr(element, nested.attribute)
        for item in below if nested.many else (below,):
            if item is not None:
                yield from walk(item, (*path, nested.name, *item.key))


def dotted(path: Path) -> str:
    """The path as an operator would type it in the PCLI."""
    return " ".join(path)
