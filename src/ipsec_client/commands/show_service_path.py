"""``show service-path``: the ways that each service's packets may take, best first, and which of them are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipsec_client.base.table import table
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import FORCE, NODE, ROUTER, Argument, Arguments, known
from ipsec_client.commands.particulars import PathView
from ipsec_client.commands.view import NodeView

HEADER = (
    *("Service", "Service-Route", "Type", "Destination", "Next-Hop", "Interface", "Vector"),
    *("Cost", "Rate", "Capacity", "State"),
)


@dataclass(frozen=True, slots=True)
class Paths:
    """The ways on one node that were asked for."""

    paths: tuple[PathView, ...]


def answer(view: NodeView, arguments: Arguments) -> Paths:
    """All ways, or those of one ``service-name``; raises InputFault where the node has none of it."""
    name = arguments.get("service-name")
    known((path.service for path in view.paths), name, "service", view.node)
    return Paths(tuple(path for path in view.paths if name in (None, path.service)))


def layout(answers: Sequence[Answer[Paths]], _: Arguments, screen: Screen) -> str:
    """A table for each node. Rate and capacity are what SSR's own paths have; a tunnel here is not limited."""
    return "\n" + "\n".join(
        f"{screen.name(answer.place)}\n{_table(answer.result)}" for answer in answers
    )


def _table(paths: Paths) -> str:
    rows = []
    before = ""
    for path in paths.paths:
        rows.append(
            (
                path.service if path.service != before else "",
                path.route or "--",
                path.type,
                path.destination or "--",
                path.next_hop or "--",
                path.interface or "--",
                path.vector or "--",
                "--" if path.cost is None else path.cost,
                "--",
                "--",
                path.state,
            )
        )
        before = path.service
    return f"{table(HEADER, rows)}\n"


COMMAND = NodeQuery(
    words=("show", "service-path"),
    help="The ways that services' packets may take, best first, and whether they are open",
    arguments=(Argument("service-name", "The service"), FORCE, ROUTER, NODE),
    part="paths",
    result=Paths,
    answer=answer,
    layout=layout,
)
