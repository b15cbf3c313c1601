"""What the operator is told while typing in the configuration: what may come next, and the help that ``?`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipsec_client.base.errors import InputFault
from ipsec_client.commands import layout, places
from ipsec_client.commands.command import AnyCommand, AuthorityCommand
from ipsec_client.commands.configure import VERBS, verb_in
from ipsec_client.commands.grammar import NotFound
from ipsec_client.commands.guide import Entry, purpose
from ipsec_client.commands.places import Place, lead
from ipsec_client.commands.show_config import OPTIONS
from ipsec_client.config.paths import element_at, values_of
from ipsec_client.model.definition import Leaf, Member, Nested, definition
from ipsec_client.model.elements import Authority

_OPTIONS = ("Options", list(OPTIONS.items()))


@dataclass(frozen=True, slots=True)
class Hints:
    """What may come next, under headings; ``told`` explains the field that a value is awaited of."""

    sections: tuple[tuple[str, list[Entry]], ...]
    told: str = ""

    def words(self, begun: str) -> list[Entry]:
        """The words that complete what was begun."""
        return [
            entry
            for _, entries in self.sections
            for entry in entries
            if entry[0].startswith(begun) and entry[0][:1] != "<"
        ]

    def text(self, begun: str) -> str:
        """The help; raises NotFound where nothing goes on from what was begun."""
        shown = [
            (heading, [entry for entry in entries if entry[0].startswith(begun)])
            for heading, entries in self.sections
        ]
        if begun and not any(entries for _, entries in shown):
            raise NotFound(f"Command '{begun}' not found (use '?' for help)")
        parts = [layout.columns(heading, entries) for heading, entries in shown]
        if self.told and not begun:
            parts.insert(0, self.told)
        return "\n".join(part for part in parts if part)


def in_configuration(
    words: Sequence[str], place: Place, authority: Authority, commands: Sequence[AnyCommand]
) -> Hints | None:
    """What may come after the words of a line in configure mode; None where they begin another command."""
    if not words:
        own = along((), place, authority).sections
        return Hints((*own, ("General Commands", _general(commands))))
    verb = verb_in(words, place)
    if verb == "do":
        return None
    if verb is None:
        known = places.matching(place.kind, words[0])
        return along(words, place, authority) if known else None
    rest = words[1:]
    if verb in ("delete", "show", "clone", "move"):
        if rest and not places.matching(place.kind, rest[0]):
            return None
        found = along(rest, place, authority, standing=True)
        return Hints((*found.sections, *([_OPTIONS] if verb == "show" else [])), found.told)
    return Hints(())


def along(
    words: Sequence[str], place: Place, authority: Authority, *, standing: bool = False
) -> Hints:
    """What may come after words that lead into the configuration; of what is ``standing`` only."""
    target = lead(words, place)
    match target.member:
        case Nested() as nested:
            return _keys(target, nested, authority, standing)
        case Leaf() as leaf:
            return Hints(()) if target.rest else _values(target, leaf, authority, standing)
    members = definition(target.kind).members
    held = element_at(authority, target.path) if target.path else None
    if standing and held is not None:
        members = tuple(item for item in members if getattr(held, item.attribute) not in (None, ()))
    entries = [(item.name, _purpose(item)) for item in members if not _is_key(item)]
    return Hints(((f"{_title(target.label.partition('[')[0])} Attributes", entries),))


def _general(commands: Sequence[AnyCommand]) -> list[Entry]:
    """The words of configure mode, and those of commands that concern the configuration."""
    entries = {name: verb.help for name, verb in VERBS.items()}
    for command in commands:
        word = command.words[0]
        if isinstance(command, AuthorityCommand) and word not in VERBS:
            beside = [item for item in commands if item.words[0] == word]
            entries[word] = purpose(word, 0, beside)
    return sorted(entries.items())


def _keys(target: Place, nested: Nested, authority: Authority, standing: bool) -> Hints:
    """The entries of a list that go on from the keys given, and how a new one is named."""
    keys = definition(nested.element).keys
    at = len(target.rest)
    there = dict.fromkeys(
        item.key[at]
        for item in places.entries(authority, target.path, nested)
        if item.key[:at] == target.rest
    )
    entries = [(name, f"This {nested.name}") for name in there]
    if not standing:
        fresh = [
            name for name in places.named(authority, target.path, keys[at]) if name not in there
        ]
        fresh += [word for word in keys[at].type.choices if word not in there]
        entries += [(name, f"A new {nested.name}") for name in fresh]
        entries.append((f"<{keys[at].name}>", f"A new {nested.name}: {keys[at].help}"))
    return Hints(((_title(nested.name), entries),), f"{_sentence(nested)}\n")


def _values(target: Place, leaf: Leaf, authority: Authority, standing: bool) -> Hints:
    """The values a field may have, as far as they can be told, and what is known of it."""
    around = element_at(authority, target.path)
    held = [str(value) for value in values_of(leaf, around)] if around else []
    known = held if standing else [*leaf.type.choices, *places.named(authority, target.path, leaf)]
    if leaf.type.name == "boolean" and not standing:
        known = ["true", "false"]
    default = "" if leaf.default is None else leaf.type.write(leaf.default)
    entries = [(word, "The default" if word == default else "") for word in known]
    if not standing and leaf.type.name not in ("boolean", "enumeration"):
        entries.append(
            (f"<{leaf.type.name}>", f"in {leaf.unit}, or with its unit" if leaf.unit else "")
        )
    facts = {"Usage": f"{leaf.name} <{leaf.name}>", "Default": default, "Now": ", ".join(held)}
    told = "".join(f"{name + ':':<9}{value}\n" for name, value in facts.items() if value)
    return Hints((("Values", entries),), f"{leaf.help}\n\n{told}")


def _purpose(member: Member) -> str:
    if isinstance(member, Nested):
        return _sentence(member)
    return f"{member.help} (required)" if member.required else member.help


def _sentence(nested: Nested) -> str:
    return (nested.element.__doc__ or "").strip().splitlines()[0].rstrip(".")


def _title(name: str) -> str:
    return " ".join(word.capitalize() for word in name.split("-")).replace("Ipsec", "IPsec")


def _is_key(member: Member) -> bool:
    return isinstance(member, Leaf) and member.key


def after_path(words: Sequence[str], authority: Authority, *, standing: bool) -> Hints:
    """What may come after a command's path into the configuration; nothing after a mistake in it."""
    try:
        found = along(words, places.ROOT, authority, standing=standing)
    except InputFault:
        return Hints(())
    return Hints((*found.sections, _OPTIONS), found.told) if standing else found
