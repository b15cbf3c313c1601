"""The agent of one node: takes documents in, has them in force and kept so at its pace, and answers for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress

from ipsec_client.agent import side_door, whole
from ipsec_client.agent.confirm import Confirmation
from ipsec_client.agent.in_force import InForce
from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.operated import Operated
from ipsec_client.agent.operating import Examine, Operating
from ipsec_client.agent.record import Record
from ipsec_client.agent.shelf import Shelf
from ipsec_client.agent.side_door import SideDoor
from ipsec_client.base.clock import Now
from ipsec_client.base.errors import Fault, HostFault
from ipsec_client.units.port import Units
from ipsec_client.wire.document import from_json
from ipsec_client.wire.request import Json, Request, Say

log = logging.getLogger(__name__)

PACE = 10.0
"""Seconds between two comparisons of the node with its plan when nothing asks for one."""

SETTLE = 0.02
"""Seconds that further kernel events are waited for before the node is compared."""

ALARM_PACE = 1.0
"""Seconds between two looks at what only time changes: grace times, links that are not ours."""


class Agent(Operated):
    """A node. ``begin`` brings back what was in force; from then on documents and the kernel drive it."""

    def __init__(
        self,
        shelf: Shelf,
        units: Callable[[], Units],
        clock: Callable[[], Now] = Now.read,
        examine: Examine = lambda _: (),
        door: SideDoor | None = None,
    ) -> None:
        self._shelf = shelf
        self._side_door = door
        self._clock = clock
        ledger = Ledger(shelf)
        self._record = Record(shelf, clock)
        self._confirmation = Confirmation(shelf, clock)
        self._operating = Operating(ledger, units, examine)
        self._in_force = InForce(
            shelf,
            ledger,
            units,
            self._record,
            self._confirmation,
            self._operating,
            door,
            moved=lambda: self._spawn(self._plan_again()),
        )
        self._applying = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    # --- life ---------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Takes up the document in force before, if any, and keeps the node as it says from now on."""
        self._operating.begin()
        here = self._in_force
        if not here.release.version:  # what was known is looked at when all else runs
            await here.release.learn()
        document = self._shelf.document(here.planned)
        here.lost = document is None and self._shelf.lost_document
        self._confirmation.resume(document)
        if document:
            await here.know(here.planned(document))
        for what in self._shelf.passed_over:
            self._record.tell("damaged", f"{what} is passed over", severity="minor")
        self._spawn(self._keep())
        self._spawn(self._look_round())

    async def close(self) -> None:
        """Ends the agent alone: tunnels, routes and pluto stay."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._in_force.close()
        self._shelf.close()

    def compare(self) -> None:
        """The node is compared with its plan at once, not only at its next turn."""
        self._in_force.wake.set()

    # --- requests -----------------------------------------------------------------------------------

    async def apply(self, request: Request, _: Say) -> Json:
        """A document is to be in force: planned, kept, made so, in this order. Answers with the report.

        One that cannot be planned raises InputFault, and the one before stays in force.
        """
        document = from_json(request.body.get("document"))
        here = self._in_force
        async with self._applying:
            before = here.plan.document if here.plan else None
            document = self._confirmation.admitted(document, before)
            plan = here.planned(document)
            if document.confirm and document.confirm.previous:
                here.planned(document.confirm.previous)  # a way back that leads nowhere is none
            await asyncio.to_thread(self._shelf.keep_document, document)
            self._confirmation.enter(document)
            named = self._confirmation.named(document)
            self._record.tell("applied", f"Document {named} is in force", source="conductor")
            await here.put(plan)
        return self.report()

    async def teardown(self, _: Request, __: Say) -> Json:
        """Removes everything that bears our mark, pluto included; the node is nothing afterwards."""
        async with self._applying:
            self._confirmation.forget()
            await asyncio.to_thread(self._shelf.forget_document)
            await self._in_force.leave()
        return {}

    async def answer_report(self, _: Request, __: Say) -> Json:
        """The node's report."""
        return self.report()

    async def hook(self, request: Request, _: Say) -> Json:
        """A network script of a Session Smart Router asks: what it is to print; raises Fault."""
        door, here, body = self._side_door, self._in_force, request.body
        if door is None:
            raise Fault("this agent has no side door", cure="Start it with --side-door")
        hook, kni = str(body.get("hook")), str(body.get("interface"))
        if hook == "state":
            return side_door.state(here.plan, await self.look(), kni)
        if hook == "info":
            return side_door.info(self.view())
        async with self._applying:
            if here.plan is None:
                raise Fault("this node has no document yet", cure="ipsec-client apply FILE")
            if door.steps(here.plan, hook, kni, body):
                await here.put(here.planned(here.plan.document))
            elif hook in side_door.MOVING:
                await here.reconcile()
            if hook in side_door.MOVING:
                side_door.check_in_place(here.plan.inside, kni)
                if here.client and kni == here.client.name:
                    await here.client.pluto.listen()
        return {}

    def report(self) -> dict[str, Json]:
        """What has become of the node: levels, repeatable."""
        here = self._in_force
        plan = here.plan
        return {
            "format": 1,
            "document": plan.document.id if plan else None,
            "digest": plan.document.digest if plan else None,
            "confirm": self._confirmation.left,
            "undone": self._confirmation.undone or None,
            "tunnels": {
                tunnel.intent.remote: {
                    "verdict": tunnel.verdict.judgement,
                    "reason": tunnel.verdict.reason,
                    "carrying": tunnel.carrying.state,
                    "loaded": tunnel.loaded.state,
                    "negotiation": tunnel.negotiation.state,
                }
                for tunnel in here.health.tunnels
            },
            "alarms": [raised.alarm.message for raised in self._record.book.standing],
            "failures": dict(here.workshop.failures),
            "facts": dict(here.versions),
        }

    # --- documents ----------------------------------------------------------------------------------

    async def _undo(self) -> None:
        """Goes back to what was before a commit that nobody confirmed in time."""
        here = self._in_force
        async with self._applying:
            document = here.plan.document if here.plan else None
            if document is None or document.confirm is None or not self._confirmation.look():
                return  # it was confirmed, or followed by another, at the last moment
            await self._confirmation.give_up()
            what = f"Commit {document.id} is undone: it was not confirmed in time"
            self._record.tell("undone", what, severity="major")
            previous = document.confirm.previous
            if previous is None:
                await asyncio.to_thread(self._shelf.forget_document)
                await here.leave()
                return
            try:
                await asyncio.to_thread(self._shelf.keep_document, previous)
            except HostFault as fault:  # what is on disk undoes itself at the next start
                log.error("%s", fault)
            await here.put(here.planned(previous))

    # --- keeping it so --------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Compares the node with its plan when something asks for it, and at a slow pace anyway."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(PACE):
                    await self._in_force.wake.wait()
                await asyncio.sleep(SETTLE)
            async with self._applying:
                await self._in_force.reconcile()

    async def _look_round(self) -> None:
        while True:
            await asyncio.sleep(ALARM_PACE)
            await self._look()

    async def _look(self) -> None:
        if self._confirmation.look():
            await self._undo()
        release = self._in_force.release
        if await release.learn():
            log.warning("this node has Libreswan %s now", release.version or "no more")
            await self._plan_again()
        self._record.totals.save(self._clock().mono)
        self._in_force.update_alarms()

    async def _plan_again(self) -> None:
        """The same document, with the addresses that its names have now."""
        here = self._in_force
        async with self._applying:
            if here.plan:
                await here.know(here.planned(here.plan.document))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(whole.ended)
