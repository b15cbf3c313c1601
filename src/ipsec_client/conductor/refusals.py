"""What nodes refuse of the commit that runs: alarms of the conductor's own, and their events, kept like a node's."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

from ipsec_client.alarms import book
from ipsec_client.base.clock import Now
from ipsec_client.base.errors import InputFault
from ipsec_client.commands.data import decode, encode
from ipsec_client.commands.port import Place
from ipsec_client.commands.show_events import Events
from ipsec_client.commands.view import AlarmView, EventView, NodeView

NAME = "conductor"
"""What stands in the place of a node's name where the conductor tells something of its own."""

_EVENTS = 1000  # that are kept


class Refusals:
    """An alarm for the node that refuses its document. ``kept`` is what ``to_text`` made in a conductor before."""

    def __init__(self, clock: Callable[[], Now], kept: str | None = None) -> None:
        self._clock = clock
        self._book, self._events = book.Book(), Events(())
        with suppress(ValueError, TypeError, InputFault):
            data = dict(json.loads(kept or "{}"))
            self._book = book.from_memory(data.get("alarms"))
            self._events = decode(Events, data)

    def tell(self, place: Place, why: str) -> bool:
        """Why the node refuses what is running, nothing where it has it; whether that is to be kept."""
        message = f"{place.node} refuses {why}"
        alarm = book.Alarm(str(place), "major", "system", place.router, message)
        levels = {alarm.key: alarm} if why else {}
        before = self._book
        self._book, changes = book.update(before, levels, self._clock())
        events = list(self._events.events)
        for each in changes:
            number = events[-1].number + 1 if events else 1
            told = each.alarm
            events.append(
                EventView(
                    number, each.time, "alarm", each.type,
                    told.severity, told.source, told.category, told.message,
                )
            )  # fmt: skip
        self._events = Events(tuple(events[-_EVENTS:]))
        return self._book is not before

    def to_text(self) -> str:
        """All of it, to be kept."""
        return json.dumps({"alarms": book.to_memory(self._book), **encode(self._events)})

    def view(self, router: str) -> NodeView:
        """What there is to tell of a router's nodes, as if a node of its own told it."""
        alarms = (
            AlarmView(
                item.number, item.time, item.alarm.severity,
                item.alarm.source, item.alarm.category, item.alarm.message,
            )
            for item in self._book.standing
        )  # fmt: skip
        return NodeView(
            router,
            NAME,
            self._clock().wall,
            alarms=tuple(each for each in alarms if each.source == router),
            events=tuple(each for each in self._events.events if each.source == router),
        )
