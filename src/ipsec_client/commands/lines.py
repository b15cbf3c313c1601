"""The lines of one text, as it was typed or pasted: pipes, help, configure mode, and commands in their turn. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.commands import pipes
from ipsec_client.commands.catalogue import COMMANDS
from ipsec_client.commands.command import AnyCommand
from ipsec_client.commands.configure import COMMAND, Configuring
from ipsec_client.commands.grammar import HELP, NotFound, narrow, split
from ipsec_client.commands.port import ConfigPort, Terminal
from ipsec_client.commands.session import Cancelled, Context, Line, Outcome, Talk

FLAT = "config"
"""What each line of a flat text begins with; in a text of several lines such a line leads nowhere, it only sets."""


class Carrier(Protocol):
    """Who carries out what is none of the session's own."""

    @property
    def configures(self) -> bool:
        """Whether the configuration is edited here, and not by another daemon."""

    @property
    def nothing_to_configure(self) -> InputFault:
        """Why nothing of the configuration is done here."""

    @property
    def config(self) -> ConfigPort:
        """The configuration that is edited here; raises InputFault where there is none."""

    async def command(self, words: Sequence[str], talk: Talk, request: str) -> int:
        """Carries out a command; its exit status. Raises Fault for a mistake in it."""

    def help(self, text: str, line: Line) -> str:
        """What ``?`` prints after a half-written line; raises InputFault after a mistake."""


class Lines:
    """The lines of one text, carried out one after the other until one fails.

    Of a text of ``several`` lines the changes to the configuration are taken all, or none: up to the next command.
    """

    def __init__(self, executor: Carrier, line: Line, talk: Talk, several: bool) -> None:
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
        if status and self._several:  # nobody knows whether what was not reached holds a key
            return Outcome(status, self._line.context, kept="")
        return Outcome(status, self._context, kept=self._kept)

    async def _one(self, text: str) -> int:
        if not self._several and _asks(text, self._line):
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
        text = "".join(said)  # what failed is not to look like a filter that found nothing
        await self._talk.say(text if status else pipes.through(text, chain))
        return status

    async def _words(self, words: Sequence[str], talk: Talk) -> int:
        if self._context.path is not None and self._executor.configures:
            words = await self._configure(words, talk)
            if not words:
                return 0
        elif self._context.path is not None and words == ["exit"]:
            self._context = Context()
            return 0
        elif self._context.path is not None and _is_configuration(words):
            raise self._executor.nothing_to_configure
        command, _, used = narrow(words, COMMANDS)
        permit(command, talk.terminal)
        if command is COMMAND:
            is_flat = self._several and words[0] == FLAT and len(words) > 1
            await self._begin(words[used:], talk, stay=is_flat)
            return 0
        await self._hand_over()
        return await self._executor.command(words, talk, self._line.request)

    async def _configure(self, words: Sequence[str], talk: Talk) -> Sequence[str]:
        """Takes a line of configure mode; the words of a command are given back."""
        permit(COMMAND, talk.terminal)
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


def shown(fault: Fault, where: str = "") -> str:
    """An error as the PCLI shows it."""
    plain = isinstance(fault, NotFound | Cancelled) and not where
    return f"{fault}\n" if plain else f"% Error: {where}{fault}\n"


def permit(command: AnyCommand | None, terminal: Terminal) -> None:
    """Raises InputFault for a command that this user may not give, with the group that may."""
    if command is not None and command.changes and not terminal.admin:
        raise InputFault(
            f"{terminal.user} may look, and {' '.join(command.words)} changes something",
            cure="That takes root, or a member of the group 128t-admin, wheel or sudo",
        )


def _asks(text: str, line: Line) -> bool:
    """Whether a line asks for help: it ends with a ``?``, which in a script may be the end of a field's value."""
    if not text.rstrip().endswith(HELP):
        return False
    *before, last = text.split()
    if line.terminal.interactive or last == HELP:
        return True
    return line.context.path is None and not (before and COMMAND.words[0].startswith(before[0]))


def _is_configuration(words: Sequence[str]) -> bool:
    """Whether the words are those of no command: a line of configure mode, where its daemon has gone."""
    try:
        narrow(words, COMMANDS)
    except NotFound:
        return True
    return False
