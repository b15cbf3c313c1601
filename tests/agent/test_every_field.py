"""Each field of the model changed: the node becomes another one, unless the definition says that nothing acts on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from ipsec_client.agent.intent import intended, policy
from ipsec_client.base.errors import Fault
from ipsec_client.base.secret import Secret
from ipsec_client.config.documents import document
from ipsec_client.config.examine import examine
from ipsec_client.config.findings import Finding
from ipsec_client.config.generated import generate
from ipsec_client.config.rules import check
from ipsec_client.dialect import render
from ipsec_client.model import elements as e
from ipsec_client.model.definition import Element, Leaf, Nested, Path, definition, walk
from ipsec_client.model.values import Duration, Prefix
from ipsec_client.plan.build import Facts, build
from tests.configs import FOLDER


@cache
def everything() -> e.Authority:
    """The text in which every field is written."""
    examined = examine((FOLDER / "everything.conf").read_text())
    assert not examined.refused, [str(item) for item in examined.findings]
    return examined.authority


def outcome(authority: e.Authority) -> object:
    """All that a node is made of; where it cannot be made, why. Faults count: they keep it from being as it was."""
    try:
        whole = generate(authority)
        of = document(whole, whole.router[0].name, whole.router[0].node[0].name)
        plan = build(of, Facts(), {"named.example.net": "192.0.2.1"})
        files = render.render(of, {})
        key = render.secrets(of, {}).reveal()
    except Fault as fault:
        return str(fault)
    host = (of.router.name, of.node.name)
    return host, plan.objects, plan.refused, intended(plan), policy(plan), files, key


def members(root: Element) -> Iterator[tuple[Path, Element]]:
    return walk(root, ("authority",))


FIELDS = [
    (kind, leaf)
    for kind in {type(item): None for _, item in members(everything())}
    for leaf in definition(kind).leaves
]


def others(leaf: Leaf, value: Any) -> list[Any]:
    """Values that the field could have instead."""
    if leaf.many:
        return [(), *((other,) for other in others(replace(leaf, many=False), value[0]))]
    if leaf.type.choices and not isinstance(value, int):
        return [choice for choice in leaf.type.choices if choice != value]
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, value * 2]
        case Duration():
            return [replace(value, number=value.number + 1)]
        case Secret():
            return [Secret("another-key")]
        case Prefix():
            return [Prefix("192.0.2.0/24"), Prefix("169.254.140.0/27")]
        case str():
            return [named(leaf, value)]
    return [type(value)("192.0.2.7")]


def named(leaf: Leaf, value: str) -> str:
    """Another name; one that is there already where a name of nothing would be no other choice."""
    known = {"profile": "secondary", "host": "172.16.4.9", "node-name": "node2"}
    return known.get(leaf.name) or (f"{value}9" if value[0].isdigit() else f"x{value}")


def put(root: Any, target: Element, new: Element) -> Any:
    """The tree with one element, known by identity, in another form."""
    if root is target:
        return new
    changed = {}
    for member in definition(type(root)).members:
        below = getattr(root, member.attribute)
        if isinstance(member, Nested) and below:
            put_in = (
                tuple(put(item, target, new) for item in below)
                if member.many
                else put(below, target, new)
            )
            if put_in != below:
                changed[member.attribute] = put_in
    return replace(root, **changed) if changed else root


def variants(kind: type[Element], leaf: Leaf) -> Iterator[tuple[Path, e.Authority]]:
    """The authority with the field changed, in each element of the kind that has it written."""
    base = everything()
    for path, item in members(base):
        if type(item) is kind and (value := getattr(item, leaf.attribute)) not in (None, ()):
            for other in others(leaf, value):
                new = put(base, item, replace(item, **{leaf.attribute: other}))
                yield (*path, leaf.name), new


def told(findings: list[Finding]) -> set[Path]:
    return {item.path for item in findings}


def test_no_kind_of_element_is_missing() -> None:
    kinds = {
        kind
        for kind in vars(e).values()
        if isinstance(kind, type) and issubclass(kind, Element) and kind is not Element
    }
    assert {kind for kind, _ in FIELDS} == kinds - {e.Config}


@pytest.mark.parametrize(
    ("kind", "leaf"), FIELDS, ids=[f"{kind.__name__}-{leaf.name}" for kind, leaf in FIELDS]
)
def test_a_field_changes_the_node_or_is_said_to_change_nothing(
    kind: type[Element], leaf: Leaf
) -> None:
    found = list(variants(kind, leaf))
    assert found, "it is not in everything.conf"
    before = outcome(everything())
    changes = any(outcome(authority) != before for _, authority in found)
    assert changes == (leaf.effect[:17] not in ("", e.NOTE[:17]))  # "None on the node: ..."
    if not leaf.effect:
        warned = told(check(everything()))
        assert any(path in warned for path, _ in found), "check does not tell that it is idle"
