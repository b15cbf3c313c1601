"""From a line to what is printed: the frame that every command has in common.

The date, the time taken, the target and the errors are said here, and what may follow while a line is typed; whom
a command asks is left to those who carry it out: a node itself, the conductor its nodes.
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
from ipsec_client.commands.grammar import EVERY, Arguments, narrow, parse, split
from ipsec_client.commands.guide import Entry
from ipsec_client.commands.lines import Lines, permit, shown
from ipsec_client.commands.places import standing
from ipsec_client.commands.port import ConfigPort, Place, Terminal
from ipsec_client.commands.session import Context, Line, Outcome, Talk, Unanswered
from ipsec_client.model.elements import Authority
from ipsec_client.wire.request import Say


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
        talk = Talk(say, terminal, line.answers, line.shown)
        lines = Lines(self, line, talk, several)
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
    def configures(self) -> bool:
        """Whether the configuration is edited here, and not by another daemon."""
        return self._config_port is not None

    @property
    def nothing_to_configure(self) -> InputFault:
        """Why nothing of the configuration is done here."""
        return InputFault(
            "the configuration is the conductor's, which does not run here",
            cure="Start ipsec-client conductor, or ask where it runs",
        )

    @property
    def config(self) -> ConfigPort:
        """The configuration that is edited here; raises InputFault where that is another daemon's business."""
        if self._config_port is None:
            raise self.nothing_to_configure
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
        rest = _without_do(words, line.context)
        return guide.complete(rest, allowed(line.terminal), self.names, begun)

    def help(self, text: str, line: Line) -> str:
        """What ``?`` prints after a half-written line; raises InputFault after a mistake."""
        command, piped = pipes.parts(text)
        width = line.terminal.width if line.terminal.tty else None
        if piped:
            return _filter_told(piped[-1], width)
        words, begun = _begun(command)
        found = self._hints(words, line)
        if found is not None:
            return found.text(begun, width)
        rest = _without_do(words, line.context)
        return guide.told(rest, allowed(line.terminal), self.names, begun, width)

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
            raise InputFault(
                f"'{' '.join(command.words)}' is the terminal's own",
                cure="Write it whole in a session, with nothing after it",
            )
        if isinstance(command, AuthorityCommand):
            await command.act(self.config, arguments, talk)
            return 0
        if isinstance(command, NodeAction):
            if command.question:
                talk.confirm(command.question, force=arguments.get("force") is not None)
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
        if not command.framed:
            await self._act(command, arguments, place, request, say)
            return 0
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


def allowed(terminal: Terminal) -> tuple[AnyCommand, ...]:
    """The commands that this user may give; others he does not even see."""
    return tuple(command for command in COMMANDS if terminal.admin or not command.changes)


def _without_do(words: Sequence[str], context: Context) -> Sequence[str]:
    """The words of a line of configure mode without the ``do`` that they may begin with."""
    return words[1:] if context.path is not None and words[:1] == ["do"] else words


def _begun(text: str) -> tuple[list[str], str]:
    """The words of a half-written line, and the one that it ends in the middle of."""
    words = split(text)
    begun = words.pop() if words and not text[-1].isspace() else ""
    return words, begun


def _filter_told(text: str, width: int | None) -> str:
    """The help after a ``|``: the filters there are, or how the one that is written is used."""
    if entries := _pipes_for(text):
        return layout.columns("Filters", entries, width)
    pipe = pipes.named(split(text)[0])
    return f"{pipe.help}\n\nUsage: | {pipe.usage}\n"


def _pipes_for(text: str) -> list[Entry]:
    words, begun = _begun(text)
    if words:
        return []
    return [(name, pipe.help) for name, pipe in pipes.PIPES.items() if name.startswith(begun)]
