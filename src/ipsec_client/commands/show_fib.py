"""``show fib``: by which prefix, for which tenant and by which next hops packets are forwarded, most specific first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipsec_client.base.table import table
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import FORCE, NODE, ROUTER, Argument, Arguments
from ipsec_client.commands.particulars import FibView
from ipsec_client.commands.view import NodeView

HEADER = ("IP Prefix", "Port", "Proto", "Tenant", "Service", "Next Hops")


@dataclass(frozen=True, slots=True)
class Fib:
    """The entries of one node that were asked for."""

    entries: tuple[FibView, ...]


def answer(view: NodeView, arguments: Arguments) -> Fib:
    """All entries, or those of one ``service-name``, or of one ``tenant``."""
    service, tenant = arguments.get("service-name"), arguments.get("tenant")
    return Fib(
        tuple(
            entry
            for entry in view.fib
            if service in (None, entry.service) and tenant in (None, entry.tenant)
        )
    )


def layout(answers: Sequence[Answer[Fib]], _: Arguments, screen: Screen) -> str:
    """A table for each node; further next hops have a line of their own."""
    return "\n" + "\n".join(
        f"{screen.name(answer.place)}\n{_table(answer.result)}" for answer in answers
    )


def _table(fib: Fib) -> str:
    rows: list[tuple[str, ...]] = []
    for entry in fib.entries:
        first, *further = entry.hops or ("--",)
        rows.append((entry.prefix, entry.port, entry.protocol, entry.tenant, entry.service, first))
        rows += [("", "", "", "", "", hop) for hop in further]
    return f"{table(HEADER, rows)}\nEntries: {len(fib.entries)}\n\n"


COMMAND = NodeQuery(
    words=("show", "fib"),
    help="How packets are forwarded: prefix, tenant, next hops",
    arguments=(
        Argument("service-name", "The service"),
        Argument("tenant", "The tenant"),
        FORCE,
        ROUTER,
        NODE,
    ),
    part="fib",
    result=Fib,
    answer=answer,
    layout=layout,
)
