"""The agent of one node: takes documents in, keeps the node as they say, watches, and answers for it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress

from ipsec_client.agent import side_door, whole
from ipsec_client.agent.confirm import Confirmation
from ipsec_client.agent.display import Shown, view
from ipsec_client.agent.hosts import hosts, versions
from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.operating import Examine, Operated, Operating
from ipsec_client.agent.record import Record
from ipsec_client.agent.release import Release
from ipsec_client.agent.runtime import Runtime
from ipsec_client.agent.shelf import Shelf
from ipsec_client.agent.side_door import SideDoor
from ipsec_client.agent.workshop import Workshop
from ipsec_client.base.clock import Now
from ipsec_client.base.errors import Fault, HostFault
from ipsec_client.commands.view import NodeView
from ipsec_client.health import memory
from ipsec_client.health import types as h
from ipsec_client.kernel import namespaces
from ipsec_client.plan.build import Facts, Plan, build
from ipsec_client.resolver.names import Names
from ipsec_client.units.port import Units
from ipsec_client.wire.document import Document, from_json
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
        self._units = units
        self._clock = clock
        self._ledger = Ledger(shelf)
        self._release = Release(self._ledger)
        self._workshop = Workshop(self._ledger)
        self._record = Record(shelf, clock)
        self._confirmation = Confirmation(shelf, clock)
        self._lost = False  # there was a document, and it cannot be read
        self._names = Names(self._ledger.get("names") or {}, self._names_changed)
        self._plan: Plan | None = None
        self._client: Runtime | None = None
        self._applying = asyncio.Lock()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._operating = Operating(self._ledger, units, examine)

    # --- life ---------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Takes up the document in force before, if any, and keeps the node as it says from now on."""
        self._operating.begin()
        if not self._release.version:  # what was known is looked at when all else runs
            await self._release.learn()
        document = self._shelf.document(self._planned)
        self._lost = document is None and self._shelf.lost_document
        self._confirmation.resume(document)
        if document:
            await self._force(self._planned(document))
        for what in self._shelf.passed_over:
            self._record.tell("damaged", f"{what} is passed over", severity="minor")
        self._spawn(self._keep())
        self._spawn(self._look_round())

    async def close(self) -> None:
        """Ends the agent alone: tunnels, routes and pluto stay."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._names.close()
        if self._client:
            self._remember()
            await self._client.close()
        self._shelf.close()

    def compare(self) -> None:
        """The node is compared with its plan at once, not only at its next turn."""
        self._wake.set()

    # --- requests -----------------------------------------------------------------------------------

    async def apply(self, request: Request, _: Say) -> Json:
        """A document is to be in force: planned, kept, made so, in this order. Answers with the report.

        One that cannot be planned raises InputFault, and the one before stays in force.
        """
        document = from_json(request.body.get("document"))
        async with self._applying:
            before = self._plan.document if self._plan else None
            document = self._confirmation.admitted(document, before)
            plan = self._planned(document)
            if document.confirm and document.confirm.previous:
                self._planned(document.confirm.previous)  # a way back that leads nowhere is none
            await asyncio.to_thread(self._shelf.keep_document, document)
            self._confirmation.enter(document)
            named = self._confirmation.named(document)
            self._record.tell("applied", f"Document {named} is in force", source="conductor")
            await self._put_in_force(plan)
        return self.report()

    async def teardown(self, _: Request, __: Say) -> Json:
        """Removes everything that bears our mark, pluto included; the node is nothing afterwards."""
        async with self._applying:
            self._confirmation.forget()
            await asyncio.to_thread(self._shelf.forget_document)
            await self._leave()
        return {}

    async def answer_report(self, _: Request, __: Say) -> Json:
        """The node's report."""
        return self.report()

    async def hook(self, request: Request, _: Say) -> Json:
        """A network script of a Session Smart Router asks: what it is to print; raises Fault."""
        door, body = self._side_door, request.body
        if door is None:
            raise Fault("this agent has no side door", cure="Start it with --side-door")
        hook, kni = str(body.get("hook")), str(body.get("interface"))
        if hook == "state":
            return side_door.state(self._plan, self.view(), kni)
        if hook == "info":
            return side_door.info(self.view())
        async with self._applying:
            if self._plan is None:
                raise Fault("this node has no document yet", cure="ipsec-client apply FILE")
            if door.steps(self._plan, hook, kni, body):
                await self._put_in_force(self._planned(self._plan.document))
            elif hook in side_door.MOVING:
                await self._reconcile()
            if hook in side_door.MOVING:
                side_door.check_in_place(self._plan.inside, kni)
                if self._client and kni == self._client.name:
                    await self._client.pluto.listen()
        return {}

    def report(self) -> dict[str, Json]:
        """What has become of the node: levels, repeatable."""
        health = self._client.health if self._client else h.Client()
        plan = self._plan
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
                for tunnel in health.tunnels
            },
            "alarms": [raised.alarm.message for raised in self._record.book.standing],
            "failures": dict(self._workshop.failures),
            "facts": dict(self._versions()),
        }

    # --- the port of node commands ------------------------------------------------------------------

    def view(self) -> NodeView:
        """The node as it is now."""
        health = self._client.health if self._client else h.Client()
        document = self._confirmation.named(self._plan.document) if self._plan else ""
        shown = Shown(
            self._plan, document, health, self._record.book, self._record.ring,
            self._record.totals, self._versions(),
        )  # fmt: skip
        return view(shown, Now.read())

    async def restart(self, remote: str, request: str, say: Say) -> None:
        """Restarts a remote's tunnel for an operator."""
        if self._client is None:
            raise Fault("this node has no ipsec-client in force")
        await self._client.restart(remote, request, say)

    async def failback(self) -> None:
        """Lets traffic go back where it is preferred."""
        if self._client is None:
            raise Fault("this node has no ipsec-client in force")
        self._client.failback()

    # --- documents ----------------------------------------------------------------------------------

    def _planned(self, document: Document) -> Plan:
        door = self._side_door
        facts = Facts(
            self._release.series,
            self._ledger.get("tables") or {},
            side_door=door is not None,
            parted=door.parted if door else frozenset(),
        )
        return build(document, facts, self._names.known)

    async def _put_in_force(self, plan: Plan) -> None:
        self._lost = False
        await self._force(plan)
        await self._reconcile()

    async def _undo(self) -> None:
        """Goes back to what was before a commit that nobody confirmed in time."""
        async with self._applying:
            document = self._plan.document if self._plan else None
            if document is None or document.confirm is None or not self._confirmation.look():
                return  # it was confirmed, or followed by another, at the last moment
            await self._confirmation.give_up()
            what = f"Commit {document.id} is undone: it was not confirmed in time"
            self._record.tell("undone", what, severity="major")
            previous = document.confirm.previous
            if previous is None:
                await asyncio.to_thread(self._shelf.forget_document)
                await self._leave()
                return
            try:
                await asyncio.to_thread(self._shelf.keep_document, previous)
            except HostFault as fault:  # what is on disk undoes itself at the next start
                log.error("%s", fault)
            await self._put_in_force(self._planned(previous))

    async def _force(self, plan: Plan) -> None:
        """Has health and pluto know the plan; the kernel follows with the next comparison."""
        self._ledger.put("tables", dict(plan.tables))
        if self._client and (plan.inside is None or plan.inside.client.name != self._client.name):
            await self._dismiss()
        self._plan = plan
        if plan.inside:
            name = plan.inside.client.name
            if self._client is None:
                self._client = self._runtime(name)
                await self._operating.greet(self._client)
                self._ledger.put("namespaces", sorted({name, *self._namespaces()}))
            await self._client.want(plan)
        self._names.use(hosts(plan), versions(plan))
        if self._side_door:
            self._side_door.open(plan)
        self._update_alarms()
        self._wake.set()

    def _runtime(self, name: str) -> Runtime:
        kept = self._shelf.read("health")
        state = memory.from_memory(kept, Now.read(), cold=not namespaces.exists(name))
        return Runtime(
            name,
            state,
            self._units(),
            self._ledger,
            self._record.ring,
            self._record.totals,
            self._changed,
            self._wake.set,
        )

    async def _dismiss(self) -> None:
        """The client in force ends: its pluto first. What it leaves in the kernel goes with the next comparison."""
        assert self._client is not None
        client, self._client = self._client, None
        await self._workshop.pluto(client.pluto, ())
        await client.close()  # open sockets would keep the namespace

    async def _leave(self) -> None:
        self._plan, self._lost = None, False
        if self._client:
            await self._dismiss()
        await self._reconcile()
        if self._side_door:
            self._side_door.close()
        self._ledger.put("tables", None)

    def _namespaces(self) -> list[str]:
        """Those of the client in force and of former ones that may still be there, by the ledger."""
        return list(self._ledger.get("namespaces") or [])

    # --- keeping it so --------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Compares the node with its plan when something asks for it, and at a slow pace anyway."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(PACE):
                    await self._wake.wait()
                await asyncio.sleep(SETTLE)
            async with self._applying:
                await self._reconcile()

    async def _reconcile(self) -> None:
        self._wake.clear()
        if self._lost:
            return  # what is here is somebody's, and stays until its document comes again
        plan, client = self._plan, self._client
        try:
            if client and plan:  # what is not wanted any more leaves pluto before its device goes
                kept = {item.identity for item in plan.objects}
                given = [item for item in client.pluto.given() if item.identity in kept]
                await self._workshop.pluto(client.pluto, given)
            await self._workshop.kernel(self._namespaces(), plan.objects if plan else ())
            if client:
                client.watch()
                await self._workshop.pluto(
                    client.pluto, plan.objects if plan else (), client.settled
                )
                await client.renegotiate()
                await client.resync()
            else:
                self._ledger.put("namespaces", None)
        except (Fault, OSError) as error:
            log.error("the node cannot be compared with its plan: %s", error)
        self._update_alarms()

    def _versions(self) -> tuple[tuple[str, str], ...]:
        libreswan = self._release.version or "not installed"
        return (("Libreswan", libreswan), ("kernel", os.uname().release))

    async def _look_round(self) -> None:
        while True:
            await asyncio.sleep(ALARM_PACE)
            await self._look()

    async def _look(self) -> None:
        if self._confirmation.look():
            await self._undo()
        if await self._release.learn():
            log.warning("this node has Libreswan %s now", self._release.version or "no more")
            await self._plan_again()
        self._record.totals.save(self._clock().mono)
        self._update_alarms()

    def _names_changed(self) -> None:
        self._ledger.put("names", self._names.known)
        self._spawn(self._plan_again())

    async def _plan_again(self) -> None:
        """The same document, with the addresses that its names have now."""
        async with self._applying:
            if self._plan:
                await self._force(self._planned(self._plan.document))

    def _changed(self) -> None:
        """Something that people see is another than before."""
        self._update_alarms()
        self._ask_for_moved()
        self._remember()

    def _ask_for_moved(self) -> None:
        """A gateway that is down and has a name may be at another address by now."""
        if self._client and self._plan:
            down = {
                tunnel.intent.remote
                for tunnel in self._client.health.tunnels
                if tunnel.verdict.judgement == "down"
            }
            hosts = {item.remote.name: item.remote.host or "" for item in self._plan.tunnels}
            self._names.ask(hosts[remote] for remote in down & hosts.keys())

    def _update_alarms(self) -> None:
        health = self._client.health if self._client else h.Client()
        if self._side_door:
            self._side_door.mark(self._plan, health)
        self._record.update(self._plan, health, self._confirmation.alarms)

    def _remember(self) -> None:
        if self._client:
            kept = memory.to_memory(self._client.health, Now.read())
            self._shelf.write("health", kept, durable=False)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(whole.ended)
