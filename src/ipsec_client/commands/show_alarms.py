"""``show alarms``: the alarms that stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipsec_client.base.clock import moment
from ipsec_client.base.table import table
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import FORCE, NODE, ROUTER, Argument, Arguments
from ipsec_client.commands.view import AlarmView, NodeView

HEADER = ("ID", "Time", "Severity", "Source", "Category", "Message")


@dataclass(frozen=True, slots=True)
class Alarms:
    """The alarms of one node, and how many more are shelved."""

    alarms: tuple[AlarmView, ...]
    shelved: int = 0


def answer(view: NodeView, arguments: Arguments) -> Alarms:
    """The node's alarms, by their number; of one ``id`` only that."""
    wanted = arguments.get("id")
    alarms = sorted(view.alarms, key=lambda alarm: alarm.number)
    if wanted is not None:
        name, _, number = wanted.rpartition(":")
        is_here = name in ("", view.node, f"{view.node}.{view.router}")
        alarms = [alarm for alarm in alarms if is_here and str(alarm.number) == number]
    return Alarms(tuple(alarms), view.shelved)


def layout(answers: Sequence[Answer[Alarms]], arguments: Arguments, screen: Screen) -> str:
    """The table of the page, if there are any, and the line about shelved ones."""
    rows = [
        (
            f"{screen.name(answer.place)}:{alarm.number}",
            moment(alarm.time),
            alarm.severity,
            alarm.source,
            alarm.category,
            alarm.message,
        )
        for answer in answers
        for alarm in answer.result.alarms
    ]
    shelved = sum(answer.result.shelved for answer in answers)
    alarms = table(HEADER, rows, width=screen.width) + "\n" if rows else ""
    return f"\n{alarms}There are {shelved} shelved alarms\n"


COMMAND = NodeQuery(
    words=("show", "alarms"),
    help="The alarms that stand",
    arguments=(
        Argument("id", "The alarm, as in its first column"),
        FORCE,
        ROUTER,
        NODE,
    ),
    own="alarms",
    result=Alarms,
    answer=answer,
    layout=layout,
)
