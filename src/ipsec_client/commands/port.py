"""The two things that commands are carried out on, and the one thing that faces reach them through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ipsec_client.commands.view import NodeView
from ipsec_client.model.elements import Authority
from ipsec_client.wire.request import Json, Request, Say


@dataclass(frozen=True, slots=True)
class Place:
    """One node of one router."""

    router: str
    node: str

    def __str__(self) -> str:
        """As in ``Target: node1.router1``."""
        return f"{self.node}.{self.router}"


class NodePort(Protocol):
    """What the agent lets its commands see and do."""

    def view(self) -> NodeView:
        """The node as it is now."""

    async def restart(self, remote: str, request: str, say: Say) -> None:
        """Terminates and initiates a remote's tunnel, saying what Libreswan prints; it need not be up after.

        A ``request`` carried out already is not done again. Raises Fault for what cannot be restarted.
        """


class AuthorityPort(Protocol):
    """What the conductor lets its commands see and do."""

    @property
    def here(self) -> Place | None:
        """The node of this machine, if the configuration has it."""

    def running(self) -> Authority | None:
        """The running configuration with its generated parts; None before the first commit."""

    async def call(self, place: Place, request: Request, say: Say) -> Json:
        """Has a node answer a request; raises Fault when it cannot be reached or refuses."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where text goes: ``width`` in columns, ``tty`` where a person watches; ``user`` by the kernel's word."""

    width: int = 80
    tty: bool = False
    user: str = ""


class Dispatcher(Protocol):
    """Commands by their words, for a face that shows them."""

    @property
    def daemon(self) -> str:
        """Who answers: ``agent`` or ``conductor``."""

    @property
    def here(self) -> Place | None:
        """The node that commands mean when they name none."""

    async def execute(self, line: str, terminal: Terminal, request: str, say: Say) -> int:
        """Carries out a line of the PCLI, saying what it prints, errors too; its exit status (0 or 1).

        ``request`` is the id of what was asked, for what must not be done twice.
        """

    def complete(self, line: str) -> list[tuple[str, str]]:
        """The words that may stand at the end of a half-written line, each with its help."""
