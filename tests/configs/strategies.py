"""Any configuration, made from the model's definitions: whatever can be written in each field."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any, TypeVar

from hypothesis import strategies as st

from ipsec_client.base.secret import REMOVED, Secret
from ipsec_client.model import values as v
from ipsec_client.model.definition import Element, Leaf, Nested, definition

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
    "name-id": st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True),
    "device-name": st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True),
    "network-namespace": st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,11}", fullmatch=True),
    "tenant-name": st.from_regex(r"[a-z]{1,5}(\.[a-z]{1,5}){0,2}", fullmatch=True),
    "source-spec": st.from_regex(r"[a-z]{1,5}(@10\.0\.0\.0/8)?", fullmatch=True),
    "linux-interface": st.from_regex(r"[a-z][a-z0-9.]{0,10}", fullmatch=True),
    "identity": st.from_regex(r"@?[a-z][a-z0-9.@-]{0,20}", fullmatch=True),
    "option-name": st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True),
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


def _values(leaf: Leaf) -> st.SearchStrategy[Any]:
    kind = leaf.type
    if kind.name in _by_type:
        return _by_type[kind.name]
    chosen = st.sampled_from(kind.choices) if kind.choices else st.nothing()
    if kind.name == "enumeration":
        return chosen
    least, most = (int(number) for number in kind.name.split(" ")[0].split("-"))
    return st.integers(least, most) | chosen


def elements(kind: type[E], largest: int = 2) -> st.SearchStrategy[E]:
    """Any element of that kind; lists in it have up to ``largest`` entries."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for member in definition(kind).members:
        if isinstance(member, Nested):
            below = elements(member.element, largest)
            fields[member.attribute] = (
                st.lists(below, max_size=largest, unique_by=lambda item: item.key).map(tuple)
                if member.many
                else st.none() | below
            )
        elif member.many:
            several = st.lists(_values(member), max_size=largest, unique=True)
            fields[member.attribute] = several.map(tuple)
        else:
            fields[member.attribute] = (
                _values(member) if member.key else st.none() | _values(member)
            )
    return st.builds(kind, **fields)


addresses = st.builds(IPv4Address, st.integers(0, 2**32 - 1))
