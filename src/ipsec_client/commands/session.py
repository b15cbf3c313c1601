"""A session line by line: where it stands, what is asked back, and what comes of a line. Pure.

The client keeps no state but the context it is given, which it sends back with its next line. A question
ends the answer to a line; the client sends the same line again with one more answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.commands.port import Terminal
from ipsec_client.model.definition import Path
from ipsec_client.wire.request import Json, Say


@dataclass(frozen=True, slots=True)
class Context:
    """Where a session stands: at home (``path`` is None), or configuring the element at ``path``.

    ``back`` are the paths at which a text that begins with ``config`` was pasted: its last ``exit``
    returns there.
    """

    path: Path | None = None
    back: tuple[Path, ...] = ()

    def to_json(self) -> Json:
        """What the client keeps; null at home."""
        if self.path is None:
            return None
        return {"path": list(self.path), "back": [list(path) for path in self.back]}

    @classmethod
    def from_json(cls, data: Json) -> Context:
        """The context that the client kept; raises InputFault for what is none."""
        match data:
            case None:
                return cls()
            case {"path": list(path), "back": list(back)}:
                if _are_words(path) and all(isinstance(item, list) for item in back):
                    return cls(tuple(path), tuple(tuple(map(str, item)) for item in back))
        raise InputFault("the session's context is not understood", cure="Begin a new session")


def _are_words(data: list[Any]) -> bool:
    return all(isinstance(word, str) for word in data)


@dataclass(frozen=True, slots=True)
class Line:
    """What was typed, or pasted: ``text`` may hold several lines. ``request`` is the id it was asked by.

    ``shown`` is that of the question which was answered last.
    """

    text: str
    terminal: Terminal = field(default_factory=Terminal)
    request: str = ""
    context: Context = field(default_factory=Context)
    answers: tuple[str, ...] = ()
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What the person is asked; the answer to a ``secret`` one is not shown while it is typed.

    ``shown`` is a fingerprint of what it is asked about: the client sends it back. ``anew``: answers given before
    count for nothing.
    """

    text: str
    secret: bool = False
    shown: str = ""
    anew: bool = False

    def to_json(self) -> Json:
        """The question as the client gets it."""
        data: dict[str, Json] = {"text": self.text, "secret": self.secret}
        return data | {"shown": self.shown, "anew": self.anew} if self.shown else data


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a line: ``kept`` is how it goes into the history where it held a key."""

    status: int
    context: Context = field(default_factory=Context)
    question: Question | None = None
    kept: str | None = None


class Unanswered(Exception):
    """A question that has no answer yet; what was said before it has been shown."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.text)
        self.question = question


class Cancelled(Fault):
    """The answer was no; nothing was changed."""


class Talk:
    """What a command says to a person and asks, in one round of a line: nothing is shown twice.

    ``now`` is when the line was typed, in seconds of the wall clock. ``shown`` is a fingerprint of what the answers
    are given to; empty as long as there is none.
    """

    def __init__(
        self, say: Say, terminal: Terminal, answers: Sequence[str] = (), shown: str = ""
    ) -> None:
        self.terminal = terminal
        self.now = 0.0
        self.shown = shown
        self._say = say
        self._answers = list(answers)
        self._anew = False

    @property
    def width(self) -> int | None:
        """Columns to lay out into; None where nobody watches."""
        return self.terminal.width if self.terminal.tty else None

    async def say(self, text: str) -> bool | None:
        """Shows the text; what stands before a question that has its answer was shown with it. False: to nobody."""
        return None if self._answers else await self._say(text)

    async def begin(self, step: str) -> None:
        """Shows, to a person, what is being done; the line that tells the end of it is written over that."""
        if self.terminal.tty:
            await self.say(f"… {step}\r")

    def ask(self, text: str, *, secret: bool = False, cure: str) -> str:
        """The person's answer. Raises InputFault with the ``cure`` where there is no person to ask."""
        if not self.terminal.interactive:
            raise InputFault("this needs an answer, which cannot be given here", cure=cure)
        if not self._answers:
            raise Unanswered(Question(text, secret, self.shown, self._anew))
        return self._answers.pop(0)

    def start_over(self) -> None:
        """The answers count for nothing any more: what they were given to has become another."""
        self._answers, self.shown, self._anew = [], "", True

    def confirm(self, text: str, *, force: bool) -> None:
        """Goes on if the answer is yes, or with ``force`` without asking; raises Cancelled if it is no."""
        if force:
            return
        answer = self.ask(f"{text} [y/N]: ", cure="Add force to do it without being asked")
        if answer.strip().lower() not in ("y", "yes"):
            raise Cancelled("Operation canceled")


class Dispatcher(Protocol):
    """Commands by their words, for a face that shows them."""

    @property
    def daemon(self) -> str:
        """Who answers: ``agent`` or ``conductor``."""

    async def execute(self, line: Line, say: Say) -> Outcome:
        """Carries out what was typed, saying what it prints, errors too.

        The line's ``request`` is the id of what was asked, for what must not be done twice.
        """

    def complete(self, line: Line) -> list[tuple[str, str]]:
        """The words that may stand at the end of a half-written line, each with its help."""

    def prompt(self, terminal: Terminal, context: Context) -> str:
        """What stands before the next line of a session."""
