"""The grammar of the PCLI's commands: words, abbreviations, arguments, help and completion, all from one definition.

A word may be cut short as long as the line stays unique. Arguments come in any order: keywords with a value,
choices, then what stands by its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from ipsec_client.base.errors import InputFault
from ipsec_client.config.grammar import words as words_after_first

HELP = "?"


class NotFound(InputFault):
    """A word that no command has; shown as it is, without ``% Error``."""


@dataclass(frozen=True, slots=True)
class Argument:
    """What may follow a command's words.

    ``keyword`` is a name and its value (a known name, or one of ``words``), ``choice`` one of ``words``,
    ``place`` a value by itself, ``rest`` all words that remain. ``known`` says which names complete a
    value: router, node, device, remote, export, and ``path`` for a rest that leads into the configuration.
    """

    name: str
    help: str
    kind: Literal["keyword", "choice", "place", "rest"] = "keyword"
    words: tuple[str, ...] = ()
    required: bool = False
    known: str = ""

    @property
    def heads(self) -> tuple[str, ...]:
        """The words it is known by; none for what stands by its place."""
        return (self.name,) if self.kind == "keyword" else self.words

    @property
    def usage(self) -> str:
        """It in a line of usage: optional in brackets."""
        forms = {
            "keyword": f"{self.name} <{self.name}>",
            "choice": self.words[0] if len(self.words) == 1 else f"{{{' | '.join(self.words)}}}",
            "place": f"<{self.name}>",
            "rest": f"<{self.name}>",
        }
        return forms[self.kind] if self.required else f"[{forms[self.kind]}]"


EVERY = "all"
"""In place of a router or node: each of them."""

ROUTER = Argument(
    "router", "The router whose nodes are asked; all: every one", words=(EVERY,), known="router"
)
NODE = Argument("node", "The node that is asked; all: every one", words=(EVERY,), known="node")
ONE_ROUTER = replace(ROUTER, help="The router of the node", words=())
ONE_NODE = replace(NODE, help="The node", words=())
FORCE = Argument("force", "Ask no question first", kind="choice", words=("force",))


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command: its ``words`` (and other spellings of them), what it is for, and its arguments.

    ``dated`` commands begin with the date and end with the time they took (page). What ``changes``
    something is for those who may configure; others may look.
    """

    words: tuple[str, ...]
    help: str
    spellings: tuple[tuple[str, ...], ...] = ()
    arguments: tuple[Argument, ...] = ()
    dated: bool = True
    changes: bool = False

    @property
    def all_spellings(self) -> tuple[tuple[str, ...], ...]:
        """Its words, and the other ways to write them."""
        return (self.words, *self.spellings)

    @property
    def usage(self) -> str:
        """The command as it is written, keywords first."""
        return " ".join((*self.words, *(argument.usage for argument in self.arguments)))


def known(names: Iterable[str], wanted: str | None, kind: str, node: str) -> None:
    """Raises InputFault where a name is ``wanted`` that is not among those the node has of this ``kind``."""
    found = tuple(dict.fromkeys(names))
    if wanted is not None and wanted not in found:
        listed = ", ".join(found) or "none"
        raise InputFault(f"{node} has no {kind} {wanted}", cure=f"Its {kind}s: {listed}")


C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one command line: values by name, and the ``rest``."""

    values: Mapping[str, str] = field(default_factory=dict)
    rest: tuple[str, ...] = ()

    def get(self, name: str) -> str | None:
        """The value of an argument; None where it was not written."""
        return self.values.get(name)


def split(line: str) -> list[str]:
    """The words of a line, as those of a configuration's text: double quotes keep blanks in one word."""
    return words_after_first(f"- {line}")


def parse(words: Sequence[str], commands: Sequence[C]) -> tuple[C, Arguments]:
    """The command a line means, with its arguments; raises NotFound or InputFault telling what is wrong."""
    command, _, used = narrow(words, commands)
    if command is None:
        written = " ".join(words)
        raise InputFault(f"Command '{written}' is incomplete (use '?' for help)")
    taken = take(command, words[used:])
    if taken.waiting:
        raise InputFault(f"{taken.waiting.name} lacks its value", cure=f"Usage: {command.usage}")
    for argument in command.arguments:
        if argument.required and argument.name not in taken.arguments.values:
            raise InputFault(f"<{argument.name}> is missing", cure=f"Usage: {command.usage}")
    return command, taken.arguments


def narrow(
    words: Sequence[str], commands: Sequence[C]
) -> tuple[C | None, list[tuple[str, C]], int]:
    """The command that the words begin with, those that they may still become, and how many words it took.

    A command that may still be is given with its next word. Raises NotFound for a word that fits none,
    InputFault for one that fits several.
    """
    open_ = [(spelling, command) for command in commands for spelling in command.all_spellings]
    for place, word in enumerate(words):
        longer = [entry for entry in open_ if len(entry[0]) > place]
        fitting = [entry for entry in longer if entry[0][place].startswith(word)]
        exact = [entry for entry in fitting if entry[0][place] == word]
        if not fitting:
            _refuse_ambiguous(words[:place], open_)
            if complete := _whole(open_, place):
                return complete, [], place
            raise NotFound(f"Command '{word}' not found (use '?' for help)")
        open_ = exact or fitting
    used = len(words)
    _refuse_ambiguous(words, open_)
    further = [(spelling[used], command) for spelling, command in open_ if len(spelling) > used]
    return _whole(open_, used), further, used


def _refuse_ambiguous(words: Sequence[str], open_: Sequence[tuple[tuple[str, ...], C]]) -> None:
    """Raises InputFault for the first word that no other has told the meaning of."""
    for place, word in enumerate(words):
        named = sorted({spelling[place] for spelling, _ in open_})
        if len(named) > 1 and len({id(command) for _, command in open_}) > 1:
            raise InputFault(f"Command '{word}' is ambiguous: {', '.join(named)}")


def _whole(open_: Sequence[tuple[tuple[str, ...], C]], length: int) -> C | None:
    return next((command for spelling, command in open_ if len(spelling) == length), None)


@dataclass(frozen=True, slots=True)
class Taken:
    """Arguments read so far; ``waiting`` is a keyword whose value has not come yet."""

    arguments: Arguments
    waiting: Argument | None = None


def take(command: Command, words: Sequence[str]) -> Taken:
    """The arguments in the words after a command; raises InputFault for a word that is none of its own."""
    values: dict[str, str] = {}
    left = list(words)
    while left:
        argument = _fitting(command, left, values)
        if argument is None:
            raise InputFault(f"'{left[0]}' has no meaning here", cure=f"Usage: {command.usage}")
        if argument.name in values:
            raise InputFault(f"{argument.name} is given twice", cure=f"Usage: {command.usage}")
        if argument.kind == "rest":
            return Taken(Arguments(values, tuple(left)))
        word = left.pop(0)
        if argument.kind == "keyword":
            if not left:
                return Taken(Arguments(values), waiting=argument)
            word = left.pop(0)
        elif argument.kind == "choice":
            word = next(choice for choice in argument.words if choice.startswith(word))
        values[argument.name] = word
    return Taken(Arguments(values))


def _fitting(command: Command, left: Sequence[str], values: Mapping[str, str]) -> Argument | None:
    """The argument the next word belongs to: a whole keyword or choice first, then a cut one, then a place.

    A cut one yields to a required place when no word is left for that.
    """
    word = left[0]
    places = [
        argument
        for argument in command.arguments
        if argument.kind in ("place", "rest") and argument.name not in values
    ]
    named = {
        head: argument
        for argument in command.arguments
        for head in argument.heads
        if head.startswith(word)
    }
    if word in named:
        return named[word]
    wanted = len(left) == 1 and any(argument.required for argument in places)
    if not wanted and len({argument.name for argument in named.values()}) == 1:
        return next(iter(named.values()))
    return places[0] if places else None
