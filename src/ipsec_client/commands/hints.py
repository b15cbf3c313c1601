"""What the operator is told while typing in the configuration: what may come next, and the help that ``?`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipsec_client.commands import configure, layout, places
from ipsec_client.commands.command import AnyCommand, AuthorityCommand, SessionCommand
from ipsec_client.commands.configure import VERBS, verb_in
from ipsec_client.commands.grammar import FORCE, NotFound
from ipsec_client.commands.guide import Entry, fitting, purpose
from ipsec_client.commands.places import Place, lead
from ipsec_client.commands.show_config import ALL, OPTIONS
from ipsec_client.config.paths import element_at, values_of
from ipsec_client.model.definition import Leaf, Member, Nested, definition
from ipsec_client.model.elements import Authority
from ipsec_client.model.values import TEXT

_COMPLETE = ("Options", [("<enter>", "Carry the line out")])
_FORCE = ("Options", [(FORCE.name, FORCE.help)])


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

    def text(self, begun: str, width: int | None = None) -> str:
        """The help; raises NotFound where nothing goes on from what was begun."""
        shown = [(heading, fitting(entries, begun)) for heading, entries in self.sections]
        if begun and not any(entries for _, entries in shown):
            raise NotFound(f"Command '{begun}' not found (use '?' for help)")
        parts = [self.told, *(layout.columns(*section, width) for section in shown)]
        told = "\n".join(part for part in parts if part)
        return told or layout.columns(*_COMPLETE)


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
    if verb in ("delete", "show") and rest and not _leads(rest, place):
        return None
    if verb == "show":
        return shown(rest, place, authority)
    if verb == "delete":
        found = along(rest, place, authority, standing=True)
        whole = bool(rest) and lead(rest, place).member is None
        return Hints((*found.sections, *([_FORCE] if whole else [])), found.told)
    if verb in ("clone", "move"):
        return _rearranged(verb, rest, place, authority)
    levels = [("<levels>", "How many; unset: one")] if verb == "up" and not rest else []
    return Hints((("Arguments", levels),), f"{VERBS[verb].help}\n\nUsage: {VERBS[verb].usage}\n")


def _leads(words: Sequence[str], place: Place) -> bool:
    return words[0] in OPTIONS or bool(places.matching(place.kind, words[0]))


def shown(words: Sequence[str], place: Place, authority: Authority) -> Hints:
    """What may come after words that show a part of what stands: all entries of a list too, then options."""
    path = list(words)
    while path and path[-1] in OPTIONS:
        path.pop()
    left = ("Options", [item for item in OPTIONS.items() if item[0] not in words[len(path) :]])
    if len(path) < len(words):
        return Hints((left,))
    found = along(path, place, authority, standing=True)
    target = lead(path, place)
    if isinstance(target.member, Nested) and not target.rest:
        ((title, entries),) = found.sections
        every = (ALL, f"Every {target.member.name}")
        found = Hints(((title, [*entries, every] if entries else []),), found.told)
    return Hints((*found.sections, left), found.told)


def _rearranged(verb: str, words: Sequence[str], place: Place, authority: Authority) -> Hints:
    """What may come after ``clone`` and ``move``: an entry of a list that stands, then its new name or place."""
    usage = f"{VERBS[verb].help}\n\nUsage: {VERBS[verb].usage}\n"
    if not words:
        held = element_at(authority, place.path)
        lists = [item for item in definition(place.kind).nested if item.many]
        entries = [
            (item.name, _sentence(item)) for item in lists if getattr(held, item.attribute, ())
        ]
        return Hints((("Elements", entries),), usage)
    nested = places.find(place.kind, words[0])
    if not isinstance(nested, Nested) or not nested.many:
        return Hints((), usage)
    keys = definition(nested.element).keys
    path, after = words[: 1 + len(keys)], words[1 + len(keys) :]
    if len(path) <= len(keys):
        return along(path, place, authority, standing=True)
    title = _title(nested.name)
    if verb == "clone":
        names = [(f"<{leaf.name}>", f"Of the copy: {leaf.help}") for leaf in keys[len(after) :]]
        return Hints(((title, names[:1]),), usage)
    if not after:
        return Hints(
            (("Places", [("first", "Before all others"), ("after", "After another")]),), usage
        )
    if after[0] == "after" and len(after) <= len(keys):
        return along((words[0], *after[1:]), place, authority, standing=True)
    return Hints((), usage)


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
        of_session = isinstance(command, SessionCommand) and command is not configure.COMMAND
        if (isinstance(command, AuthorityCommand) or of_session) and word not in VERBS:
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
        told = f"in {leaf.unit}, or with its unit" if leaf.unit else ""
        if leaf.type is TEXT or leaf.type.secret:
            told = "In double quotes if it holds a blank or ?"
        entries.append((f"<{leaf.type.name}>", told))
    facts = {"Usage": f"{leaf.name} <{leaf.name}>", "Default": default, "Now": ", ".join(held)}
    told = "".join(f"{name + ':':<9}{value}\n" for name, value in facts.items() if value)
    return Hints((("Values", entries),), f"{leaf.help}\n\n{told}")


def _purpose(member: Member) -> str:
    if isinstance(member, Nested):
        return _sentence(member)
    return f"{member.help} (required)" if member.required else member.help


def _sentence(nested: Nested) -> str:
    return (nested.element.__doc__ or "").strip().splitlines()[0].rstrip(".").replace("``", '"')


def _title(name: str) -> str:
    return " ".join(word.capitalize() for word in name.split("-")).replace("Ipsec", "IPsec")


def _is_key(member: Member) -> bool:
    return isinstance(member, Leaf) and member.key


def after_path(words: Sequence[str], authority: Authority, *, standing: bool) -> Hints:
    """What may come after a command's path into the configuration; of what is ``standing`` where it shows that."""
    return (shown if standing else along)(words, places.ROOT, authority)
