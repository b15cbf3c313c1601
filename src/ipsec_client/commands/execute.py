"""From a line to what is printed: the frame that every command has in common.

The date, the time taken, the target and the errors are said here; whom a command asks is left to those
who carry it out: a node itself, the conductor its nodes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ipsec_client.base.clock import Now, date_line
from ipsec_client.base.errors import Fault
from ipsec_client.commands import guide
from ipsec_client.commands.catalogue import COMMANDS
from ipsec_client.commands.command import (
    Answer,
    AnyCommand,
    AuthorityQuery,
    NodeAction,
    NodeQuery,
    Screen,
)
from ipsec_client.commands.grammar import HELP, Arguments, NotFound, parse, split
from ipsec_client.commands.port import Place, Terminal
from ipsec_client.wire.request import Say

EVERY = "all"
"""In place of a router or node: each of them."""


def shown(fault: Fault) -> str:
    """An error as the PCLI shows it."""
    return f"{fault}\n" if isinstance(fault, NotFound) else f"% Error: {fault}\n"


class Executor(ABC):
    """A Dispatcher over the commands of this room."""

    def __init__(self, clock: Callable[[], Now]) -> None:
        self._clock = clock

    @property
    @abstractmethod
    def daemon(self) -> str:
        """Who answers: ``agent`` or ``conductor``."""

    @property
    @abstractmethod
    def here(self) -> Place | None:
        """The node that commands mean when they name none."""

    async def execute(self, line: str, terminal: Terminal, request: str, say: Say) -> int:
        """Carries out a line, saying what it prints, errors too; its exit status."""
        words = split(line)
        try:
            if not words:
                return 0
            if words[-1].endswith(HELP):
                begun = words[-1].removesuffix(HELP)
                await say(guide.told(words[:-1], COMMANDS, self.names, begun))
                return 0
            command, arguments = parse(words, COMMANDS)
        except Fault as fault:
            await say(shown(fault))
            return 1
        started = self._clock()
        if command.dated:
            await say(f"{date_line(started.wall)}\n")
        try:
            status = await self._carry_out(command, arguments, terminal, request, say)
        except Fault as fault:
            await say(f"\n{shown(fault)}\n" if command.dated else shown(fault))
            status = 1
        if command.dated:
            await say(f"Completed in {self._clock().mono - started.mono:.2f} seconds\n")
        return status

    def complete(self, line: str) -> list[tuple[str, str]]:
        """The words that may stand at the end of a half-written line, each with its help."""
        return guide.complete(line, COMMANDS, self.names)

    async def _carry_out(
        self,
        command: AnyCommand,
        arguments: Arguments,
        terminal: Terminal,
        request: str,
        say: Say,
    ) -> int:
        if isinstance(command, AuthorityQuery):
            await say(self._tell(command, arguments))
            return 0
        if isinstance(command, NodeAction):
            return await self._act_framed(command, arguments, request, say)
        answers, faults = await self._ask(command, arguments, request)
        if faults and not answers and len(faults) == 1:
            raise faults[0]
        screen = Screen(terminal.width if terminal.tty else None, self._full_names(arguments))
        text = command.layout(answers, arguments, screen) if answers else ""
        await say("".join(f"\n{shown(fault)}" for fault in faults) + text)
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
        """The names known of a kind: router, node, device, remote, plugin."""

    @abstractmethod
    def _full_names(self, arguments: Arguments) -> bool:
        """Whether nodes are shown with their router."""

    @abstractmethod
    def _target(self, arguments: Arguments) -> Place:
        """The one node that is meant; raises InputFault where there is none or several."""

    @abstractmethod
    def _tell(self, command: AuthorityQuery, arguments: Arguments) -> str:
        """The answer to a question to the authority."""

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
