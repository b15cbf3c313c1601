"""From a line to what is printed: the frame that every command has in common.

The date, the time taken, the target, the errors, pipes and configure mode are here; whom a command asks is
left to those who carry it out: a node itself, the conductor its nodes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ipsec_client.base.clock import Now, date_line
from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.commands import configure, guide, hints, layout, pipes
from ipsec_client.commands.catalogue import COMMANDS
from ipsec_client.commands.command import (
    Answer,
    AnyCommand,
    AuthorityCommand,
    NodeAction,
    NodeQuery,
    Screen,
    SessionCommand,
)
from ipsec_client.commands.configure import Configuring
from ipsec_client.commands.grammar import HELP, Arguments, NotFound, narrow, parse, split
from ipsec_client.commands.guide import Entry
from ipsec_client.commands.places import standing
from ipsec_client.commands.port import ConfigPort, Place, Terminal
from ipsec_client.commands.session import Cancelled, Context, Line, Outcome, Talk, Unanswered
from ipsec_client.model.elements import Authority
from ipsec_client.wire.request import Say

FLAT = "config"
"""What each line of a flat text begins with; in a text of several lines such a line leads nowhere, it only sets."""

EVERY = "all"
"""In place of a router or node: each of them."""


def shown(fault: Fault, where: str = "") -> str:
    """An error as the PCLI shows it."""
    plain = isinstance(fault, NotFound | Cancelled) and not where
    return f"{fault}\n" if plain else f"% Error: {where}{fault}\n"


class Executor(ABC):
    """A Dispatcher over the commands of this room."""

    def __init__(self, clock: Callable[[], Now], config: ConfigPort | None = None) -> None:
        self._clock = clock
        self._config_port = config

    @property
    @abstractmethod
    def daemon(self) -> str:
        """Who answers: ``agent`` or ``conductor``."""

    @property
    @abstractmethod
    def here(self) -> Place | None:
        """The node that commands mean when they name none."""

    async def execute(self, line: Line, say: Say) -> Outcome:
        """Carries out what was typed, saying what it prints, errors too."""
        texts = [
            (number, text)
            for number, text in enumerate(line.text.splitlines(), 1)
            if text.strip() and not text.lstrip().startswith("#")
        ]
        several = len(texts) > 1
        terminal = replace(line.terminal, interactive=line.terminal.interactive and not several)
        talk = Talk(say, terminal, line.answers)
        lines = _Lines(self, line, talk, several)
        try:
            return await lines.carry_out(texts)
        except Unanswered as asked:
            return Outcome(0, line.context, asked.question)

    async def command(self, words: Sequence[str], talk: Talk, request: str) -> int:
        """Carries out a command that is none of the session's own; its exit status. Raises Fault for a mistake."""
        command, arguments = parse(words, COMMANDS)
        permit(command, talk.terminal)
        started = self._clock()
        talk.now = started.wall
        if command.dated:
            await talk.say(f"{date_line(started.wall)}\n")
        try:
            status = await self._carry_out(command, arguments, talk, request)
        except Fault as fault:
            await talk.say(f"\n{shown(fault)}\n" if command.dated else shown(fault))
            status = 1
        if command.dated:
            await talk.say(f"Completed in {self._clock().mono - started.mono:.2f} seconds\n")
        return status

    @property
    def config(self) -> ConfigPort:
        """The configuration that is edited here; raises InputFault where that is another daemon's business."""
        if self._config_port is None:
            raise InputFault(
                "the configuration is the conductor's, which does not run here",
                cure="Start ipsec-client conductor, or ask where it runs",
            )
        return self._config_port

    def prompt(self, terminal: Terminal, context: Context) -> str:
        """As in ``*admin@node1.router1 (remote[name=rem1])# ``: with a star while there is something to commit."""
        changed = self._config_port is not None and self._config_port.edits(terminal.user)
        where = ""
        with suppress(InputFault):  # nobody configures where there is no configuration
            if context.path is not None:
                where = f" ({standing(self._candidate(terminal), context.path).label})"
        sign = "#" if terminal.admin else ">"
        return f"{'*' if changed else ''}{terminal.user}@{self.here or self.daemon}{where}{sign} "

    def complete(self, line: Line) -> list[Entry]:
        """The words that may stand at the end of a half-written line, each with its help; none after a mistake."""
        command, piped = pipes.parts(line.text)
        if piped:
            return _pipes_for(piped[-1])
        words, begun = _begun(command)
        try:
            found = self._hints(words, line)
        except InputFault:
            return []
        if found is not None:
            return found.words(begun)
        undone = " ".join((*_without_do(words, line.context), begun))
        return guide.complete(undone, allowed(line.terminal), self.names)

    def help(self, text: str, line: Line) -> str:
        """What ``?`` prints after a half-written line; raises InputFault after a mistake."""
        command, piped = pipes.parts(text)
        if piped:
            return layout.columns("Filters", _pipes_for(piped[-1]))
        words, begun = _begun(command)
        found = self._hints(words, line)
        if found is not None:
            return found.text(begun)
        rest = _without_do(words, line.context)
        return guide.told(rest, allowed(line.terminal), self.names, begun)

    def _hints(self, words: Sequence[str], line: Line) -> hints.Hints | None:
        """What may come next in the configuration; None where it is words or arguments of a command."""
        if self._config_port is None:
            return None
        commands = allowed(line.terminal)
        if line.context.path is not None:
            authority = self._candidate(line.terminal)
            place = standing(authority, line.context.path)
            found = hints.in_configuration(words, place, authority, commands)
            if found is not None:
                return found
            words = _without_do(words, line.context)
        command, _, used = narrow(words, commands)
        if command is None or not any(item.known == "path" for item in command.arguments):
            return None
        if command.words[-1] == "running":
            authority = self._config_port.running() or Authority()
        else:
            authority = self._candidate(line.terminal)
        return hints.after_path(
            words[used:],
            authority,
            standing=command.words != configure.COMMAND.words,
        )

    def _candidate(self, terminal: Terminal) -> Authority:
        return self.config.candidate(terminal.user)

    async def _carry_out(
        self, command: AnyCommand, arguments: Arguments, talk: Talk, request: str
    ) -> int:
        if isinstance(command, SessionCommand):
            raise InputFault(f"{command.words[0]} is not a command to be executed from here")
        if isinstance(command, AuthorityCommand):
            await command.act(self.config, arguments, talk)
            return 0
        if isinstance(command, NodeAction):
            return await self._act_framed(command, arguments, request, talk.say)
        if arguments.get("router") == EVERY and talk.terminal.interactive:
            talk.confirm(
                "WARNING: Targeting router 'all' may take a long time. Continue anyway?",
                force=arguments.get("force") is not None or "why" in command.words,
            )
        answers, faults = await self._ask(command, arguments, request)
        if faults and not answers and len(faults) == 1:
            raise faults[0]
        screen = Screen(talk.width, self._full_names(arguments))
        text = command.layout(answers, arguments, screen) if answers else ""
        await talk.say("".join(f"\n{shown(fault)}" for fault in faults) + text)
        return 1 if faults else 0

    async def _act_framed(
        self, command: NodeAction, arguments: Arguments, request: str, say: Say
    ) -> int:
        place = self._target(arguments)
        await say(f"✔ Retrieving 0/1 targets complete....\nTarget: {place}\n\n")
        await self._act(command, arguments, place, request, say)
        await say("\nSuccessfully retrieved info.\n")
        return 0

    @abstractmethod
    def names(self, kind: str) -> Iterable[str]:
        """The names known of a kind: router, node, device, remote, plugin, export, datastore."""

    @abstractmethod
    def _full_names(self, arguments: Arguments) -> bool:
        """Whether nodes are shown with their router."""

    @abstractmethod
    def _target(self, arguments: Arguments) -> Place:
        """The one node that is meant; raises InputFault where there is none or several."""

    @abstractmethod
    async def _ask(
        self, command: NodeQuery[Any], arguments: Arguments, request: str
    ) -> tuple[Sequence[Answer[Any]], Sequence[Fault]]:
        """The answers of the nodes meant, and what failed with the others."""

    @abstractmethod
    async def _act(
        self, command: NodeAction, arguments: Arguments, place: Place, request: str, say: Say
    ) -> None:
        """Does it on the node; raises Fault."""


class _Lines:
    """The lines of one text, carried out one after the other until one fails.

    Of a text of ``several`` lines the changes to the configuration are taken all, or none: up to the next command.
    """

    def __init__(self, executor: Executor, line: Line, talk: Talk, several: bool) -> None:
        self._executor = executor
        self._line = line
        self._talk = talk
        self._several = several
        self._context = line.context
        self._configuring: Configuring | None = None
        self._kept: str | None = None
        self._number = 0  # of the line that is being carried out
        self._since = "this text"

    async def carry_out(self, texts: Sequence[tuple[int, str]]) -> Outcome:
        """What comes of them; raises Unanswered for a question."""
        status = 0
        try:
            for self._number, text in texts:
                status = await self._one(text)
                if status:
                    break
            await self._hand_over()
        except Fault as fault:
            status = 1
            where = f"line {self._number}: " if self._several else ""
            await self._talk.say(shown(fault, where))
            if self._configuring is not None and self._several:
                await self._talk.say(f"Nothing was taken of {self._since}\n")
        context = self._line.context if status and self._several else self._context
        return Outcome(status, context, kept=self._kept)

    async def _one(self, text: str) -> int:
        if not self._several and text.rstrip().endswith(HELP):
            await self._talk.say(self._executor.help(text.rstrip().removesuffix(HELP), self._line))
            return 0
        command, piped = (text, []) if self._several else pipes.parts(text)
        if not piped:
            return await self._words(split(command), self._talk)
        chain = pipes.filters(piped)
        said: list[str] = []

        async def gather(part: str) -> None:
            said.append(part)

        terminal = replace(self._talk.terminal, tty=False, interactive=False)
        status = await self._words(split(command), Talk(gather, terminal))
        await self._talk.say(pipes.through("".join(said), chain))
        return status

    async def _words(self, words: Sequence[str], talk: Talk) -> int:
        if self._context.path is not None:
            words = await self._configure(words, talk)
            if not words:
                return 0
        command, _, used = narrow(words, COMMANDS)
        permit(command, talk.terminal)
        if command is configure.COMMAND:
            is_flat = self._several and words[0] == FLAT and len(words) > 1
            await self._begin(words[used:], talk, stay=is_flat)
            return 0
        await self._hand_over()
        return await self._executor.command(words, talk, self._line.request)

    async def _configure(self, words: Sequence[str], talk: Talk) -> Sequence[str]:
        """Takes a line of configure mode; the words of a command are given back."""
        permit(configure.COMMAND, talk.terminal)
        configuring = self._open(talk)
        try:
            left = await configuring.take(words)
        finally:
            self._note_key()
        self._context = configuring.context
        try:
            narrow(left, COMMANDS)
        except NotFound as fault:
            raise configuring.unknown(left, fault) from None
        return left

    def _open(self, talk: Talk) -> Configuring:
        if self._configuring is None:
            self._configuring = Configuring(self._executor.config, talk, self._context)
        self._configuring.talk = talk
        return self._configuring

    async def _begin(self, words: Sequence[str], talk: Talk, *, stay: bool) -> None:
        """Enters the configuration where the words lead, or sets the field that they end with."""
        configuring = self._open(talk)
        try:
            await configuring.begin(words, stay=stay)
        finally:
            self._note_key()
        self._context = configuring.context

    async def _hand_over(self) -> None:
        if self._configuring is not None:
            await self._configuring.hand_over()
            self._configuring = None
            self._since = f"what follows line {self._number}"

    def _note_key(self) -> None:
        """A line that holds a key goes into the history without; a text of several lines not at all."""
        if self._configuring is not None and self._configuring.kept is not None:
            self._kept = "" if self._several else self._configuring.kept


def allowed(terminal: Terminal) -> tuple[AnyCommand, ...]:
    """The commands that this user may give; others he does not even see."""
    return tuple(command for command in COMMANDS if terminal.admin or not command.changes)


def permit(command: AnyCommand | None, terminal: Terminal) -> None:
    """Raises InputFault for a command that this user may not give, with the group that may."""
    if command is not None and command.changes and not terminal.admin:
        raise InputFault(
            f"{terminal.user} may look, and {' '.join(command.words)} changes something",
            cure="That takes root, or a member of the group 128t-admin, wheel or sudo",
        )


def _without_do(words: Sequence[str], context: Context) -> Sequence[str]:
    """The words of a line of configure mode without the ``do`` that they may begin with."""
    return words[1:] if context.path is not None and words[:1] == ["do"] else words


def _begun(text: str) -> tuple[list[str], str]:
    """The words of a half-written line, and the one that it ends in the middle of."""
    words = split(text)
    begun = words.pop() if words and not text[-1].isspace() else ""
    return words, begun


def _pipes_for(text: str) -> list[Entry]:
    words, begun = _begun(text)
    if words:
        return []
    return [(name, pipe.help) for name, pipe in pipes.PIPES.items() if name.startswith(begun)]
