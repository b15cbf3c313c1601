"""What pluto writes to its log, as evidence. A log that is full is turned over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from ipsec_client.base.errors import Fault
from ipsec_client.dialect.debugging import is_debugging
from ipsec_client.health import types as h
from ipsec_client.pluto import log, rotate
from ipsec_client.pluto.layout import Layout
from ipsec_client.pluto.negotiations import Negotiations
from ipsec_client.pluto.tail import Tail

PACE = 0.5
"""Seconds between two looks at the log."""

FIRST_WAIT = 0.5
"""Seconds that pluto waits for an answer before it sends again, then twice as long each time: before a wait of n
it has been waiting for n less this much.
"""


class Hearing:
    """The ear of one client. ``remotes`` are those of the connections that are listened for, by name; ``work`` does
    what waits for a disk, and raises HostFault where there is no room.
    """

    def __init__(
        self,
        layout: Layout,
        remotes: Callable[[], Mapping[str, str]],
        put: Callable[[h.Event], None],
        work: Callable[[Callable[[], None]], Awaitable[None]],
    ) -> None:
        self._logs = layout.log, rotate.beside(layout.log)
        self._remotes = remotes
        self._put = put
        self._work = work
        self._tail = Tail(layout.log)
        self._negotiations = Negotiations()

    async def follow(self) -> None:
        """Listens until it is cancelled."""
        while True:
            await asyncio.sleep(PACE)
            notes, full = await asyncio.to_thread(self._look)
            remotes = self._remotes()
            for note in notes:
                if note.conn in remotes:
                    self.tell(note, remotes[note.conn])
            for path in full:
                with suppress(Fault):  # there is no room; it is empty all the same
                    await self._work(partial(rotate.turn_over, path))

    def _look(self) -> tuple[list[log.Note], list[Path]]:
        """What was written since the last look, and the logs that are full. Off the loop: a pluto that traces writes
        thousands of lines at each negotiation.
        """
        lines = self._tail.read()
        notes = [note for line in lines if not is_debugging(line) and (note := log.read(line))]
        return notes, list(filter(rotate.is_full, self._logs))

    def tell(self, note: log.Note, remote: str) -> None:
        """Puts in what the note is evidence of, if it is any."""
        if note.kind == "unanswered":
            self._put(h.Unanswered(remote, float(note.detail) - FIRST_WAIT))
            return
        told = self._negotiations.heard(note)
        if told:
            self._put(h.ConnectionState(remote, negotiation=told))
