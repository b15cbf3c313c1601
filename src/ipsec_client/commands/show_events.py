"""``show events``: what happened on a node, newest first; with ``alarm`` only alarms raised and cleared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipsec_client.base.errors import InputFault
from ipsec_client.base.table import table
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import FORCE, NODE, ROUTER, Argument, Arguments
from ipsec_client.commands.layout import instant
from ipsec_client.commands.times import FROM, TO, between
from ipsec_client.commands.view import EventView, NodeView

ROWS = 50
"""How many rows are shown unless said otherwise (reference, 7.1)."""

HEADER = ("Router", "Node", "Event Type", "Time", "Severity", "Source", "Category", "Message")


@dataclass(frozen=True, slots=True)
class Events:
    """The latest events of one node, newest first."""

    events: tuple[EventView, ...]


def answer(view: NodeView, arguments: Arguments) -> Events:
    """The events wanted; raises InputFault for a number of rows, or a point in time, that is none."""
    kind = arguments.get("kind")
    found = ((event.time, event) for event in view.events if kind in (None, event.kind))
    events = between(found, arguments, view.now)
    events.sort(key=lambda event: event.number, reverse=True)
    return Events(tuple(events[: rows_wanted(arguments)]))


def layout(answers: Sequence[Answer[Events]], arguments: Arguments, screen: Screen) -> str:
    """One row for each event; the columns are those of ``show events alarm`` (reference, 8.5)."""
    found = [(event, answer.place) for answer in answers for event in answer.result.events]
    found.sort(key=lambda item: item[0].time, reverse=True)
    rows = [
        (
            place.router,
            place.node,
            event.type,
            instant(event.time),
            event.severity,
            event.source,
            event.category,
            event.message,
        )
        for event, place in found[: rows_wanted(arguments)]
    ]
    if not rows:
        return "\nThere are no events\n\n"
    return f"\n{table(HEADER, rows, width=screen.width)}\n"


def rows_wanted(arguments: Arguments) -> int:
    """How many rows are to be shown; raises InputFault for a number of rows that is none."""
    rows = arguments.get("rows")
    if rows is None:
        return ROWS
    if not rows.isdecimal() or len(rows) > 9 or int(rows) < 1:
        raise InputFault(f"rows {rows} is not a number above 0")
    return int(rows)


COMMAND = NodeQuery(
    words=("show", "events"),
    help="What happened, newest first",
    arguments=(
        Argument("kind", "Only alarms raised and cleared", kind="choice", words=("alarm",)),
        FROM,
        TO,
        Argument("rows", f"How many to show; unset: {ROWS}"),
        FORCE,
        ROUTER,
        NODE,
    ),
    own="events",
    result=Events,
    answer=answer,
    layout=layout,
)
