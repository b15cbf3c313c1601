"""``show system services``: our daemons on a node: whether they run, for how long, at what cost (PLUGIN-1591)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipsec_client.base.table import table
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import FORCE, NODE, ROUTER, Arguments
from ipsec_client.commands.layout import size, span
from ipsec_client.commands.particulars import ServiceView
from ipsec_client.commands.view import NodeView

HEADER = ("Node", "Service", "Active State", "Uptime", "Restarts", "Last Exit", "CPU", "Memory")


@dataclass(frozen=True, slots=True)
class Services:
    """The daemons of one node at the instant ``now``."""

    now: float
    services: tuple[ServiceView, ...]


def answer(view: NodeView, _: Arguments) -> Services:
    """The node's daemons."""
    return Services(view.now, view.services)


def layout(answers: Sequence[Answer[Services]], _: Arguments, screen: Screen) -> str:
    """A row for each daemon; ``--`` for what nobody knows."""
    rows = [
        (
            screen.name(answer.place),
            service.name,
            service.state,
            "--" if service.since is None else span(answer.result.now - service.since),
            "--" if service.restarts is None else service.restarts,
            service.last_exit or "--",
            "--" if service.cpu_seconds is None else f"{service.cpu_seconds:.2f} s",
            "--" if service.memory is None else size(service.memory),
        )
        for answer in answers
        for service in answer.result.services
    ]
    return f"\n{table(HEADER, rows, width=screen.width)}\n"


COMMAND = NodeQuery(
    words=("show", "system", "services"),
    help="The daemons: whether they run, how often they were restarted, what they use",
    arguments=(FORCE, ROUTER, NODE),
    part="services",
    result=Services,
    answer=answer,
    layout=layout,
)
