"""Configure mode: lines that lead to elements, set and delete fields, and show where one is.

A line is a part of a text as it is printed (``remote rem1``, ``host 172.16.4.3``, ``exit``), so that pasting
a text is walking through it; beside those stand the words of VERBS. Elements come into being when they are
entered. What several lines of one text change is handed over in one piece, or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import REMOVED, Secret
from ipsec_client.commands import places
from ipsec_client.commands.command import SessionCommand
from ipsec_client.commands.grammar import Argument, NotFound
from ipsec_client.commands.pending import Pending
from ipsec_client.commands.places import ROOT, Place, lead
from ipsec_client.commands.port import ConfigPort
from ipsec_client.commands.session import Context, Talk
from ipsec_client.commands.show_config import present
from ipsec_client.config.edit import Edit
from ipsec_client.config.paths import Finder, fault, read_value, values_of
from ipsec_client.model.definition import Element, Leaf, Nested, Path, definition, walk
from ipsec_client.model.elements import Authority
from ipsec_client.model.values import TEXT

FORCE = "force"

COMMAND = SessionCommand(
    words=("configure",),
    help="Change the configuration: enter it, or one of its elements, or set one field",
    arguments=(
        Argument("path", "An element or field: authority router r1", kind="rest", known="path"),
    ),
    dated=False,
    changes=True,
)


@dataclass(frozen=True, slots=True)
class Verb:
    """A word of configure mode that is no element and no field."""

    name: str
    usage: str
    help: str


VERBS = {
    verb.name: verb
    for verb in (
        Verb("clone", "clone <element> <name> <new name>", "Make a copy of an element"),
        Verb("delete", "delete <element or field> [<value>] [force]", "Delete an element, a field or a value"),
        Verb("do", "do <command>", "Execute a top-level command"),
        Verb("exit", "exit", "Leave this element; from the outermost, leave the configuration"),
        Verb("move", "move <element> <name> {first | after <name>}", "Change the order of elements"),
        Verb("show", "show [<path>] [verbose] [flat]", "The candidate configuration, from here on"),
        Verb("top", "top", "Go to the outermost element"),
        Verb("up", "up [<levels>]", "Go to the element around this one"),
        Verb("where", "where", "Tell where this is, as a command that leads here"),
    )
}  # fmt: skip
"""The words of configure mode, beside elements and fields."""


class Configuring:
    """One round of lines in configure mode: where it stands, and what it changed that is not handed over yet.

    ``kept`` is the last line without the key that it held, if it held one.
    """

    def __init__(self, port: ConfigPort, talk: Talk, context: Context) -> None:
        self._port = port
        self._user = talk.terminal.user
        self.talk = talk
        self._pending = Pending(port.candidate(self._user))
        self._running: Finder | None = None
        self._back = context.back
        self.kept: str | None = None
        self.place: Place | None = None
        if context.path is not None:
            self.place = places.standing(self._pending.authority, context.path)

    @property
    def context(self) -> Context:
        """Where the session stands after these lines."""
        return Context(self.place.path, self._back) if self.place else Context()

    async def hand_over(self) -> None:
        """Makes the changes part of the user's candidate; raises InputFault, with none taken, if one cannot be."""
        if edits := self._pending.take():
            await self._port.edit(self._user, edits)

    async def begin(self, words: Sequence[str], *, stay: bool = False) -> None:
        """Enters what the words lead to from the outermost element, or, told to ``stay``, only makes it.

        A field is only set, and nobody moves.
        """
        place = self.place
        await self.go(lead(words))
        if stay:
            self.place = place

    def unknown(self, words: Sequence[str], fault: NotFound) -> NotFound:
        """The error for words that no command has: with what could be meant where this is."""
        place = self.place or ROOT
        word = words[1] if words[1:] and verb_in(words, place) else words[0]
        if f"'{word}'" not in fault.what:
            return fault
        return places.unknown(word, (*definition(place.kind).by_name, *VERBS))

    async def take(self, words: Sequence[str]) -> tuple[str, ...]:
        """Carries out a line; the words of a command that is none of configure mode are given back."""
        assert self.place is not None
        verb = verb_in(words, self.place)
        rest = tuple(words[1:])
        if verb == "do":
            return rest
        if verb is not None and (answer := await self._walk(verb, rest)) is not None:
            return answer
        if verb == "delete":
            return () if self._delete(rest) else tuple(words)
        if verb == "show":
            return () if await self._show(rest) else tuple(words)
        if verb == "clone":
            self._clone(rest)
        elif verb == "move":
            self._move(rest)
        elif places.matching(self.place.kind, words[0]):
            await self.go(lead(words, self.place))
        elif words == ["config"]:
            self._back, self.place = (*self._back, self.place.path), ROOT
        else:
            return tuple(words)
        return ()

    async def go(self, target: Place) -> None:
        """Enters an element, or sets a field."""
        match target.member:
            case None:
                await self._enter(target)
                self.place = target
            case Leaf() as leaf:
                await self._set(target, leaf)
            case Nested() as nested:
                raise lacking_key(self._pending.authority, target, nested)

    async def _walk(self, verb: str, rest: tuple[str, ...]) -> tuple[str, ...] | None:
        """The words that only go somewhere, or say where one is; None for another one."""
        assert self.place is not None
        if verb == "up":
            for _ in range(_levels(rest)):
                self.place = places.above(self.place)
        elif verb not in ("exit", "top", "where"):
            return None
        elif rest:
            raise InputFault(f"'{rest[0]}' has no meaning here", cure=f"Usage: {VERBS[verb].usage}")
        elif verb == "top":
            self.place = ROOT
        elif verb == "where":
            await self.talk.say(" ".join(("configure", *self.place.path)) + "\n")
        elif self.place != ROOT:
            self.place = places.above(self.place)
        elif self._back:
            self.place, self._back = (
                places.standing(self._pending.authority, self._back[-1]),
                self._back[:-1],
            )
        else:
            self.place = None
        return ()

    async def _enter(self, target: Place) -> None:
        if self._create(target.path) and self.talk.terminal.interactive:
            leaves = definition(target.kind).leaves
            due = [leaf.name for leaf in leaves if leaf.required and not leaf.key]
            needs = f"; it needs {', '.join(due)}" if due else ""
            await self.talk.say(f"{target.label} is new{needs}\n")

    async def _set(self, target: Place, leaf: Leaf) -> None:
        where = (*target.path, leaf.name)
        self._keep_out("" if self.place else COMMAND.words[0], target, leaf)
        if not target.rest and not leaf.type.secret:
            return await self._tell(target, leaf)
        if len(target.rest) > 1 and leaf.type is not TEXT:
            raise fault(
                where,
                "is followed by several words",
                "Write one value, in double quotes if it holds blanks",
            )
        text = " ".join(target.rest) if target.rest else self._asked(leaf)
        value = read_value(leaf, text, where)
        if leaf.key:
            _compare_key(target, leaf, leaf.type.write(value))
            self._create(target.path)
        elif text == REMOVED and leaf.type.secret:
            self._keep_key(target, leaf)
        else:
            held = value if leaf.type.secret else text
            self._pending.add(Edit("set", target.path, leaf.name, held))
        return None

    def _keep_out(self, verb: str, target: Place, leaf: Leaf) -> None:
        """A line that may hold a key is remembered without."""
        if leaf.type.secret:
            base = len(self.place.path) if self.place else 0
            self.kept = " ".join(filter(None, (verb, *target.path[base:], leaf.name)))

    def _keep_key(self, target: Place, leaf: Leaf) -> None:
        """A key written as it is shown is the candidate's own, or that of the running configuration."""
        if _key(self._pending.before(target.path), leaf) is not None:
            return
        if self._running is None:
            self._running = Finder(self._port.running() or Authority())
        key = _key(self._running.element(target.path), leaf)
        if key is None:
            where = (*target.path, leaf.name)
            raise fault(where, "was removed from this text, and none is stored", "Write the key")
        self._pending.add(Edit("set", target.path, leaf.name, key))

    def _create(self, path: Path) -> bool:
        """Brings the element into being; False where it stands already."""
        if not path or self._pending.stands(path):
            return False
        self._pending.add(Edit("set", path))
        return True

    def _asked(self, leaf: Leaf) -> str:
        """A key, typed twice and not shown."""
        name = leaf.name.replace("-", " ").capitalize()
        cure = f"Write it: {leaf.name} <{leaf.name}>"
        first = self.talk.ask(f"{name}: ", secret=True, cure=cure)
        if self.talk.ask("Once more: ", secret=True, cure=cure) != first:
            raise InputFault("the two differ", cure="Nothing was changed; try again")
        return first

    async def _tell(self, target: Place, leaf: Leaf) -> None:
        """What a field is now, for a line that names it without a value."""
        around = self._pending.element(target.path)
        held = [str(value) for value in values_of(leaf, around)] if around else []
        default = "" if leaf.default is None else f"; default {leaf.type.write(leaf.default)}"
        told = "".join(f"{leaf.name}  {value}\n" for value in held)
        await self.talk.say(told or f"{leaf.name} is not set{default}\n")

    async def _show(self, rest: tuple[str, ...]) -> bool:
        """Shows the candidate from here on; False where the words lead to no part of it."""
        assert self.place is not None
        told = present(self._pending.authority, rest, self.place)
        if told is not None:
            await self.talk.say(told)
        return told is not None

    def _delete(self, rest: tuple[str, ...]) -> bool:
        """Deletes what the words lead to; False where they lead to no part of this element."""
        assert self.place is not None
        if not rest or not places.matching(self.place.kind, rest[0]):
            if rest:
                return False
            raise InputFault(
                "what is to be deleted is missing", cure=f"Usage: {VERBS['delete'].usage}"
            )
        target, force = forced(rest, self.place)
        if isinstance(target.member, Nested):
            raise lacking_key(self._pending.authority, target, target.member)
        if isinstance(target.member, Leaf):
            self._keep_out("delete", target, target.member)
            value = " ".join(target.rest) or None
            self._pending.add(Edit("delete", target.path, target.member.name, value))
        elif target.path == self.place.path or not self._pending.stands(target.path):
            raise fault(target.path, "is not configured")
        else:
            name, bracket, keys = target.label.partition("[")
            item = f"{bracket}{keys}" or name
            self.talk.confirm(f'Are you sure you want to delete item "{item}"', force=force)
            self._pending.add(Edit("delete", target.path))
        return True

    def _clone(self, rest: tuple[str, ...]) -> None:
        target, nested, new = self._existing(rest, "clone")
        size = len(definition(nested.element).keys)
        if len(new) != size:
            raise InputFault("the copy needs a name", cure=f"Usage: {VERBS['clone'].usage}")
        copy = lead((nested.name, *new), places.above(target))
        if self._pending.stands(copy.path):
            raise fault(copy.path, "is there already", "Choose another name")
        source = self._pending.element(target.path)
        assert source is not None
        for path, item in walk(source, copy.path):
            for edit in _edits_for(path, item):
                self._pending.add(edit)

    def _move(self, rest: tuple[str, ...]) -> None:
        target, _, where = self._existing(rest, "move")
        match where:
            case ("first",):
                after = None
            case ("after", *key) if key:
                after = " ".join(key)
            case _:
                raise InputFault("where to is missing", cure=f"Usage: {VERBS['move'].usage}")
        self._pending.add(Edit("move", target.path, value=after))

    def _existing(self, rest: tuple[str, ...], verb: str) -> tuple[Place, Nested, tuple[str, ...]]:
        """The entry of a list that the words begin with, and the words after it."""
        assert self.place is not None
        usage = f"Usage: {VERBS[verb].usage}"
        if not rest:
            raise InputFault("the element is missing", cure=usage)
        nested = places.find(self.place.kind, rest[0])
        if not isinstance(nested, Nested) or not nested.many:
            raise InputFault(
                f"{nested.name} is there once; only entries of lists can be {verb}d", cure=usage
            )
        size = 1 + len(definition(nested.element).keys)
        target = lead(rest[:size], self.place)
        if target.member is not None:
            raise lacking_key(self._pending.authority, target, nested)
        if not self._pending.stands(target.path):
            raise fault(target.path, "is not configured")
        return target, nested, rest[size:]


def verb_in(words: Sequence[str], place: Place) -> str | None:
    """The word of VERBS that a line begins with; an element or a field of that name goes before it."""
    word = words[0]
    if word in definition(place.kind).by_name:
        return None
    if word in VERBS:
        return word
    verbs = [name for name in VERBS if name.startswith(word)]
    members = [member.name for member in places.matching(place.kind, word)]
    if len(verbs) + len(members) > 1 and (verbs or len(members) > 1):
        raise InputFault(f"Command '{word}' is ambiguous: {', '.join((*members, *verbs))}")
    return verbs[0] if verbs else None


def forced(words: Sequence[str], place: Place) -> tuple[Place, bool]:
    """Where the words of a delete lead, and whether ``force`` is among them: before the key or at the end."""
    for at in (1, len(words) - 1):
        if 0 < at < len(words) and words[at] == FORCE:
            try:
                target = lead((*words[:at], *words[at + 1 :]), place)
            except NotFound:
                continue
            if target.member is None or isinstance(target.member, Leaf):
                return target, True
    return lead(words, place), False


def lacking_key(authority: Authority, target: Place, nested: Nested) -> InputFault:
    """The error for a list whose entry was not named, with the entries there are."""
    keys = " ".join(f"<{leaf.name}>" for leaf in definition(nested.element).keys)
    names = [" ".join(item.key) for item in places.entries(authority, target.path, nested)]
    there = f"There are {', '.join(names)}" if names else "There is none yet"
    return InputFault(
        f"{nested.name} lacks its {keys}", cure=f"{there}; a new one is made by its name"
    )


def _edits_for(path: tuple[str, ...], item: Element) -> list[Edit]:
    """The edits that make one element at a path as it is, without what is below it."""
    found = [Edit("set", path)]
    for leaf in definition(type(item)).leaves:
        if not leaf.key:
            found += [Edit("set", path, leaf.name, value) for value in values_of(leaf, item)]
    return found


def _key(around: Element | None, leaf: Leaf) -> Secret | None:
    """The key of a field that holds one."""
    held = getattr(around, leaf.attribute) if around else None
    return held if isinstance(held, Secret) and not held.removed else None


def _compare_key(target: Place, leaf: Leaf, text: str) -> None:
    """A key that is repeated inside its element must be that of the element."""
    keys = definition(target.kind).keys
    held = target.path[len(target.path) - len(keys) + keys.index(leaf)]
    if text != held:
        raise fault(
            (*target.path, leaf.name),
            "tells it from others and stays",
            "Clone it under the new name, and delete it",
        )


def _levels(rest: tuple[str, ...]) -> int:
    if rest and (len(rest) > 1 or not rest[0].isdecimal() or len(rest[0]) > 3):
        raise InputFault(f"'{rest[0]}' is no number of levels", cure=f"Usage: {VERBS['up'].usage}")
    return int(rest[0]) if rest else 1
