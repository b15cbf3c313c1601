"""``show config running`` and ``candidate``: a configuration as PCLI text, whole or below a path. Never a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.commands import places
from ipsec_client.commands.command import AuthorityCommand
from ipsec_client.commands.grammar import Argument, Arguments
from ipsec_client.commands.places import ROOT, Place
from ipsec_client.commands.port import ConfigPort
from ipsec_client.commands.session import Talk
from ipsec_client.config import flat
from ipsec_client.config.printer import write
from ipsec_client.model.definition import Element, Leaf, Nested, definition
from ipsec_client.model.elements import Authority, Config

ALL = "all"
"""In place of a key: every entry of the list (reference, 7.2)."""

OPTIONS = {
    "verbose": "With the defaults of fields that are not set, as comments",
    "flat": "Each line complete, from config on",
}
"""What may stand after the path."""


def present(authority: Authority, words: Sequence[str], start: Place = ROOT) -> str | None:
    """The configuration at the words' path, which begins at a place; None where the first leads nowhere.

    Raises InputFault for a path that leads astray later, or to nothing that is configured.
    """
    path = list(words)
    options = set()
    while path and path[-1] in OPTIONS:
        options.add(path.pop())
    if path and not places.matching(start.kind, path[0]):
        return None
    shown = cut(Config(authority=authority), [*start.path, *path])
    printed = flat.write if "flat" in options else write
    return printed(shown, verbose="verbose" in options)


def cut(element: Config, path: Sequence[str]) -> Config:
    """Only what stands at the path, within its enclosing elements, of which the keys stay."""
    found = _cut(element, path, "config")
    assert isinstance(found, Config)
    return found


def _cut(element: Element, path: Sequence[str], where: str) -> Element:
    if not path:
        return element
    member = places.find(type(element), path[0], where)
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


def _told(authority: Authority, arguments: Arguments) -> str:
    words = arguments.rest[1:] if arguments.rest[:1] == ("config",) else arguments.rest
    told = present(authority, words)
    if told is None:
        raise places.unknown(words[0], ("authority", *OPTIONS))
    return told


async def _running(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    running = port.running()
    if running is None:
        raise Fault("nothing has been committed yet", cure="configure, then commit")
    await talk.say(_told(running, arguments))


async def _candidate(port: ConfigPort, arguments: Arguments, talk: Talk) -> None:
    await talk.say(_told(port.candidate(talk.terminal.user), arguments))


_PATH = Argument(
    "path",
    "Where to begin: authority router r1; then verbose adds defaults, flat makes each line complete",
    kind="rest",
    known="path",
)
RUNNING = AuthorityCommand(
    words=("show", "config", "running"),
    help="The running configuration, with its generated parts and without keys",
    arguments=(_PATH,),
    dated=False,
    act=_running,
)
CANDIDATE = AuthorityCommand(
    words=("show", "config", "candidate"),
    help="The configuration that a commit would make the running one, without keys",
    arguments=(_PATH,),
    dated=False,
    act=_candidate,
)
