"""A commit that undoes itself: a document in force that nobody has confirmed, and the time it has left.

The document on disk carries what it goes back to; the file ``confirm`` carries the time left and the name of the
commit that was undone last. So neither a restart of the agent nor a conductor that is out of reach, cut off by
the very commit, keeps a node from going back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from ipsec_client.agent.shelf import Shelf
from ipsec_client.alarms.book import Alarm
from ipsec_client.base.clock import Now
from ipsec_client.base.errors import InputFault
from ipsec_client.commands.layout import span
from ipsec_client.wire.document import Confirm, Document

FILE = "confirm"


class Confirmation:
    """What of the document in force is still to be confirmed. ``undone`` is the commit that was undone, if no
    document has come since.
    """

    def __init__(self, shelf: Shelf, clock: Callable[[], Now]) -> None:
        self._shelf = shelf
        self._clock = clock
        kept = shelf.read(FILE, id=str, left=int | float, undone=str)
        self._kept = kept.get("id", ""), kept.get("left", 0.0)
        self.undone: str = kept.get("undone", "")
        self._id = ""
        self._due: float | None = None

    def admitted(self, document: Document, in_force: Document | None) -> Document:
        """The document as it is to be in force: what it goes back to is filled in, and asked for again it has no
        more time than it had. Raises InputFault for one that was undone here already.
        """
        confirm = document.confirm
        if confirm is None:
            return document
        if document.id == self.undone:
            raise InputFault(
                f"commit {document.id} was undone here: nobody confirmed it in time",
                cure="Commit it anew",
            )
        previous, seconds = confirm.previous, confirm.seconds
        if previous is None and in_force is not None:
            previous = in_force.confirm.previous if in_force.confirm else in_force
        if document.id == self._id and self._due is not None:
            seconds = min(seconds, self._left(self._due))
        return replace(document, confirm=Confirm(seconds, previous))

    def enter(self, document: Document) -> None:
        """The document is in force now: from here on its time runs, or, without a deadline, nothing does."""
        self.undone = ""
        self._await(document)
        self._keep()

    def resume(self, document: Document | None) -> None:
        """The agent was restarted with this document in force: its time goes on where it was last written down."""
        if document is not None:
            self._await(document)
            name, left = self._kept
            if self._due is not None and name == document.id:
                self._due = min(self._due, self._clock().mono + max(0.0, left))
            if self._due is not None and self.undone == document.id:
                self._due = self._clock().mono  # it ended between the decision and the deed

    async def give_up(self) -> None:
        """The commit in force is undone from now on; on disk before anything is done about it."""
        self.undone, self._id, self._due = self._id, "", None
        await asyncio.wrap_future(self._keep())

    def forget(self) -> None:
        """The node is to be nothing: there is nothing to confirm."""
        self.undone, self._id, self._due = "", "", None
        self._keep()

    def look(self) -> bool:
        """Writes down the time left; whether it is over."""
        if self._due is None:
            return False
        self._keep(durable=False)
        return self._left(self._due) <= 0

    @property
    def left(self) -> float | None:
        """Seconds until the document in force is undone; None where nothing is to be confirmed."""
        return None if self._due is None else self._left(self._due)

    def named(self, document: Document) -> str:
        """The document in force as people see it: its commit, and how long that has if it is to be confirmed."""
        left = self.left
        return document.id + (
            "" if left is None else f" (undone in {span(left)} unless it is confirmed)"
        )

    @property
    def alarms(self) -> list[Alarm]:
        """One while a commit is undone and nothing has come since."""
        if not self.undone:
            return []
        message = f"Commit undone: {self.undone} was not confirmed in time"
        return [Alarm("commit undone", "major", "system", "unavailable", message)]

    def _await(self, document: Document) -> None:
        confirm = document.confirm
        self._id = document.id if confirm else ""
        self._due = self._clock().mono + confirm.seconds if confirm else None

    def _left(self, due: float) -> float:
        return max(0.0, due - self._clock().mono)

    def _keep(self, *, durable: bool = True) -> Future[None]:
        content = {"id": self._id, "left": self.left or 0.0, "undone": self.undone}
        return self._shelf.write(FILE, content, durable=durable)
