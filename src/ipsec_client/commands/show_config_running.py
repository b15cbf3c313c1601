"""``show config running``: the running configuration as PCLI text, whole or below a path. Never a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.command import AuthorityQuery
from ipsec_client.commands.grammar import Argument, Arguments
from ipsec_client.config.printer import write
from ipsec_client.model.definition import Element, Leaf, Member, Nested, definition
from ipsec_client.model.elements import Authority, Config

ALL = "all"
"""In place of a key: every entry of the list (reference, 7.2)."""

_VERBOSE = "verbose"


def answer(authority: Authority, arguments: Arguments) -> str:
    """The text; raises InputFault for a path that leads nowhere."""
    path = list(arguments.rest)
    verbose = bool(path) and path[-1] == _VERBOSE
    if verbose:
        path.pop()
    if path[:1] == ["config"]:
        del path[0]
    return write(cut(Config(authority=authority), path), verbose=verbose)


def cut(element: Config, path: Sequence[str]) -> Config:
    """Only what stands at the path, within its enclosing elements, of which the keys stay."""
    found = _cut(element, path, "config")
    assert isinstance(found, Config)
    return found


def _cut(element: Element, path: Sequence[str], where: str) -> Element:
    if not path:
        return element
    member = _member(element, path[0], where)
    value = getattr(element, member.attribute)
    where = f"{where} {member.name}"
    if value is None or value == ():
        raise InputFault(f"{where} is not configured")
    if isinstance(member, Leaf):
        if len(path) > 1:
            raise InputFault(f"{where} is a field; nothing is below it")
    elif member.many:
        value = _entries(member, value, path[1:], where)
    else:
        value = _cut(value, path[1:], where)
    kept: dict[str, Any] = {
        leaf.attribute: getattr(element, leaf.attribute) for leaf in definition(type(element)).keys
    }
    return type(element)(**kept | {member.attribute: value})


def _member(element: Element, word: str, where: str) -> Member:
    known = definition(type(element)).by_name
    fitting = [name for name in known if name.startswith(word)]
    if word in known:
        return known[word]
    if len(fitting) == 1:
        return known[fitting[0]]
    if fitting:
        raise InputFault(f"{word} is ambiguous in {where}: {', '.join(fitting)}")
    raise InputFault(f"{where} has no {word}", cure=f"It has {', '.join(known)}")


def _entries(
    member: Nested, entries: Sequence[Element], path: Sequence[str], where: str
) -> tuple[Element, ...]:
    if not path:
        return tuple(entries)
    size = 1 if path[0] == ALL else len(definition(member.element).keys)
    key = tuple(path[:size])
    wanted = [item for item in entries if path[0] == ALL or item.key == key]
    if not wanted:
        raise InputFault(f"{where} {' '.join(key)} is not configured")
    below = []
    for item in wanted:
        try:
            below.append(_cut(item, path[size:], f"{where} {' '.join(item.key)}"))
        except InputFault:
            if path[0] != ALL:
                raise
    if not below:
        raise InputFault(f"{where} {ALL} {' '.join(path[size:])} is not configured")
    return tuple(below)


COMMAND = AuthorityQuery(
    words=("show", "config", "running"),
    help="The running configuration, with its generated parts and without keys",
    arguments=(
        Argument("path", "Where to begin: authority router r1; verbose adds defaults", kind="rest"),
    ),
    dated=False,
    answer=answer,
)
