"""Any configuration, made from the model's definitions: whatever can be written in each field.

A field that is new is drawn as soon as it is defined; only a new type of value may need a line here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any, TypeVar

from hypothesis import strategies as st

from ipsec_client.base.secret import REMOVED, Secret
from ipsec_client.model import values as v
from ipsec_client.model.definition import Element, Leaf, Nested, definition, walk
from ipsec_client.model.elements import Authority

E = TypeVar("E", bound=Element)

_printable = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=' "\\#'),
    max_size=12,
).filter(str.isprintable)
_durations = st.builds(
    v.Duration, st.integers(0, 10**6), st.sampled_from(("", "ms", "s", "m", "h", "d"))
)
_prefixes = st.builds(
    lambda address, length: v.Prefix(f"{address}/{length}" if length is not None else str(address)),
    st.ip_addresses(v=4),
    st.none() | st.integers(0, 32),
) | st.builds(
    lambda address, length: v.Prefix(f"{address}/{length}"),
    st.ip_addresses(v=6),
    st.integers(0, 128),
)

_by_type: dict[str, st.SearchStrategy[Any]] = {
    "string": _printable,
    "boolean": st.booleans(),
    "duration": _durations,
    "ip-address": st.ip_addresses(),
    "ip-prefix": _prefixes,
    "host": st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){0,2}", fullmatch=True)
    | st.builds(str, st.ip_addresses()),
    "password": st.just(Secret(None))
    | _printable.filter(lambda text: text not in ("", REMOVED) and '"' not in text).map(Secret),
}


def values(leaf: Leaf) -> st.SearchStrategy[Any]:
    """Any one value that may be written in the field."""
    kind = leaf.type
    if kind.name in _by_type:
        return _by_type[kind.name]
    drawn: list[st.SearchStrategy[Any]] = []
    if kind.choices:
        drawn.append(st.sampled_from(kind.choices))
    if kind.least is not None:
        drawn.append(st.integers(kind.least, kind.most))
    if kind.pattern:
        texts = st.from_regex(re.compile(kind.pattern, re.ASCII), fullmatch=True)
        drawn.append(texts.filter(lambda text: len(text) <= (kind.longest or len(text))))
    assert drawn, f"nothing is known of the values of type {kind.name}"
    return st.one_of(drawn)


def field(leaf: Leaf, largest: int = 2) -> st.SearchStrategy[Any]:
    """Whatever the field may hold, unset included."""
    if leaf.many:
        return st.lists(values(leaf), max_size=largest, unique=True).map(tuple)
    return values(leaf) if leaf.key else st.none() | values(leaf)


def elements(kind: type[E], largest: int = 2) -> st.SearchStrategy[E]:
    """Any element of that kind; lists in it have up to ``largest`` entries."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for member in definition(kind).members:
        if isinstance(member, Leaf):
            fields[member.attribute] = field(member, largest)
            continue
        below = elements(member.element, largest)
        fields[member.attribute] = (
            st.lists(below, max_size=largest, unique_by=lambda item: item.key).map(tuple)
            if member.many
            else st.none() | below
        )
    return st.builds(kind, **fields)


addresses = st.builds(IPv4Address, st.integers(0, 2**32 - 1))


# --- a configuration with something changed -------------------------------------------------------


@st.composite
def changed(draw: st.DrawFn, authority: Authority) -> Authority:
    """The authority with a few of its fields set to anything, or unset."""
    for _ in range(draw(st.integers(1, 4))):
        places = [path for path, element in walk(authority, ()) if definition(type(element)).leaves]
        path = draw(st.sampled_from(places))
        authority = _replaced(authority, path, draw)
    return authority


def _replaced(element: E, path: tuple[str, ...], draw: st.DrawFn) -> E:
    """The element with a field changed in the one below it that the path leads to."""
    if not path:
        leaves = [leaf for leaf in definition(type(element)).leaves if not leaf.key]
        if not leaves:
            return element
        leaf = draw(st.sampled_from(leaves))
        return replace(element, **{leaf.attribute: draw(field(leaf))})
    nested = definition(type(element)).by_name[path[0]]
    assert isinstance(nested, Nested)
    below = getattr(element, nested.attribute)
    if not nested.many:
        return replace(element, **{nested.attribute: _replaced(below, path[1:], draw)})
    size = 1 + len(definition(nested.element).keys)
    items = tuple(
        _replaced(item, path[size:], draw) if item.key == path[1:size] else item for item in below
    )
    return replace(element, **{nested.attribute: items})
