"""The kinds of command, by whom they are carried out: by nodes, by the conductor, by the session itself.

A node's question has two halves: ``answer`` makes its result where the node is, ``layout`` the text of all
nodes' results where the person is: what stands between the line of the date and the time taken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ipsec_client.commands.grammar import Arguments, Command
from ipsec_client.commands.particulars import Part
from ipsec_client.commands.port import ConfigPort, NodePort, Place
from ipsec_client.commands.session import Talk
from ipsec_client.commands.view import NodeView
from ipsec_client.wire.request import Say

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """What one node answered."""

    place: Place
    result: R


@dataclass(frozen=True, slots=True)
class Screen:
    """How to lay out: into ``width`` columns (None: as wide as it gets), names with their router if ``full``."""

    width: int | None = None
    full: bool = False

    def name(self, place: Place) -> str:
        """A node as it is shown: ``node1``, or ``node1.router1`` where the router was named (reference, 8.3)."""
        return str(place) if self.full else place.node


@dataclass(frozen=True, kw_only=True)
class NodeQuery(Command, Generic[R]):
    """A question to nodes. ``result`` is the dataclass that ``answer`` makes, which may cross to a conductor.

    ``part`` is what of the node's view is to be found out for it; ``own`` what of a view the conductor has of its own,
    to be told beside the nodes' answers.
    """

    part: Part | None = None
    own: str = ""
    result: type[R]
    answer: Callable[[NodeView, Arguments], R]
    layout: Callable[[Sequence[Answer[R]], Arguments, Screen], str]


@dataclass(frozen=True, kw_only=True)
class NodeAction(Command):
    """Something done on one node; what it says is passed through as it comes.

    ``framed``: between lines of progress (page, Commands). ``patient``: it goes on when nobody listens any more. A
    ``question`` is asked first.
    """

    act: Callable[[NodePort, Arguments, str, Say], Awaitable[None]]
    question: str = ""
    dated: bool = False
    changes: bool = True
    framed: bool = True
    patient: bool = True


@dataclass(frozen=True, kw_only=True)
class AuthorityCommand(Command):
    """Something asked or done of the authority's configuration, by the conductor alone; it speaks as it goes."""

    act: Callable[[ConfigPort, Arguments, Talk], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class SessionCommand(Command):
    """What concerns the session itself: where it stands, and what the terminal carries out."""


AnyCommand = NodeQuery[Any] | NodeAction | AuthorityCommand | SessionCommand
