"""Has a node made as the running configuration says, again and again: a level, not an event.

The document goes out with the same request id until it is refused or replaced. An agent that has it
answers from memory; one that was restarted takes it again, which changes nothing where nothing changed.
One that is to be confirmed says each time how long that may still take; confirmed, it is asked anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import uuid4

from ipsec_client.base.errors import Fault, HostFault
from ipsec_client.commands.port import Place
from ipsec_client.conductor.deployer import Deployer
from ipsec_client.wire.document import Document, to_json
from ipsec_client.wire.request import Json, Request

log = logging.getLogger(__name__)

AGAIN = 10.0
"""Seconds after which a node is sent its document once more."""

Heard = Callable[[Place, Json], Awaitable[None]]
Refused = Callable[[Place, str], Awaitable[None]]

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 1.0  # between attempts at an agent that does not answer


class Rollout:
    """One node's document on its way. ``told`` is what became of it, for people; ``heard`` takes the node's reports,
    ``refused`` why it refuses the document: nothing, once it has it.
    """

    def __init__(
        self,
        deployer: Deployer,
        again: float = AGAIN,
        heard: Heard | None = None,
        refused: Refused | None = None,
    ) -> None:
        self._deployer = deployer
        self._again = again
        self._heard = heard
        self._refused = refused
        self._document: Document | None = None
        self._left: Callable[[], float] = float
        self._changed = asyncio.Event()
        self.told = "nothing committed"

    def want(self, document: Document, left: Callable[[], float] = float) -> None:
        """The node is to be as this document says; ``left`` tells the seconds there are to confirm it."""
        self._document, self._left = document, left
        self._changed.set()

    async def run(self) -> None:
        """Sends the document wanted, for ever."""
        wait, attempt, sent = _FIRST_WAIT, 0, None
        while True:
            if self._document is not sent:
                wait, attempt, sent = _FIRST_WAIT, 0, self._document
            self._changed.clear()
            if sent is None:
                await self._changed.wait()
                continue
            try:
                await self._send(sent, attempt)
                pause, wait = self._again, _FIRST_WAIT
                self._tell(logging.INFO, f"commit {sent.id} is in force")
                await self._judge(sent, "")
                await self._hear(Place(sent.router.name, sent.node.name))
            except HostFault as fault:
                pause, wait = wait, min(wait * 2, _LONGEST_WAIT)
                self._tell(logging.INFO, f"commit {sent.id} waits for the agent: {fault}")
            except Fault as fault:
                pause, attempt = self._again, attempt + 1
                self._tell(logging.ERROR, f"commit {sent.id} was refused: {fault}")
                await self._judge(sent, f"commit {sent.id}: {fault}")
            await self._pause(pause)

    async def _send(self, document: Document, attempt: int) -> None:
        state = ""
        if document.confirm is not None:
            state = " unconfirmed"
            confirm = replace(document.confirm, seconds=max(0.0, self._left()))
            document = replace(document, confirm=confirm)
        request = Request(
            f"apply {document.id}{state} {document.digest} {attempt}",
            "apply",
            {"document": to_json(document, secrets=True)},
        )
        place = Place(document.router.name, document.node.name)
        await self._deployer.call(place, request, _pass_over)

    async def _judge(self, sent: Document, why: str) -> None:
        if self._refused is not None and self._document is sent:
            await self._refused(Place(sent.router.name, sent.node.name), why)

    async def _hear(self, place: Place) -> None:
        """The answer to a document may be one from memory: what the node is like now is asked for by itself."""
        if self._heard is None:
            return
        try:
            report = await self._deployer.call(place, Request(uuid4().hex, "report"), _pass_over)
        except HostFault:
            raise
        except Fault:  # it has its document, and no word of itself
            report = None
        await self._heard(place, report)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return

    def _tell(self, level: int, what: str) -> None:
        if what != self.told:
            log.log(level, "%s", what)
        self.told = what


async def _pass_over(_: str) -> None:
    return None
