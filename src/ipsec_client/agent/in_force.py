"""What is in force on this node: its plan and its client at work, and the machine made like them.

Nothing here decides what is to be in force, or when to compare: that is ``node``'s, which holds one lock around it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable

from ipsec_client.agent.confirm import Confirmation
from ipsec_client.agent.hosts import hosts, versions
from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.operating import Operating
from ipsec_client.agent.record import Record
from ipsec_client.agent.release import Release
from ipsec_client.agent.runtime import Runtime
from ipsec_client.agent.shelf import Shelf
from ipsec_client.agent.side_door import SideDoor
from ipsec_client.agent.workshop import Workshop
from ipsec_client.base.clock import Now
from ipsec_client.base.errors import Fault
from ipsec_client.health import memory
from ipsec_client.health import types as h
from ipsec_client.kernel import namespaces
from ipsec_client.plan.build import Facts, Plan, build
from ipsec_client.resolver.names import Names
from ipsec_client.units.port import Units
from ipsec_client.wire.document import Document

log = logging.getLogger(__name__)

SETTLE = 0.02
"""Seconds from a change of health to what is told of it: alarms ask the kernel, and the next tunnel of those that fail
together must not wait for that.
"""


class InForce:
    """One node's. ``plan`` and ``client`` are None where nothing is in force; ``lost`` where something was, and its
    document cannot be read. ``wake`` is set when the machine should be compared; ``moved`` is called when a name has
    another address.
    """

    def __init__(
        self,
        shelf: Shelf,
        ledger: Ledger,
        units: Callable[[], Units],
        record: Record,
        confirmation: Confirmation,
        operating: Operating,
        door: SideDoor | None,
        moved: Callable[[], None],
    ) -> None:
        self.plan: Plan | None = None
        self.client: Runtime | None = None
        self.lost = False
        self.wake = asyncio.Event()
        self.release = Release(ledger)
        self.workshop = Workshop(ledger)
        self._shelf = shelf
        self._ledger = ledger
        self._units = units
        self._record = record
        self._confirmation = confirmation
        self._operating = operating
        self._side_door = door
        self._moved = moved
        self._telling: asyncio.TimerHandle | None = None
        self._names = Names(ledger.get("names") or {}, self._names_changed)

    @property
    def health(self) -> h.Client:
        """What is known of the client's tunnels; without one, of none."""
        return self.client.health if self.client else h.Client()

    @property
    def versions(self) -> tuple[tuple[str, str], ...]:
        """Which software makes the node what it is."""
        libreswan = self.release.version or "not installed"
        return (("Libreswan", libreswan), ("kernel", os.uname().release))

    async def close(self) -> None:
        """Lets go of the client, if any; tunnels, routes and pluto stay."""
        self._names.close()
        if self._telling:
            self._telling.cancel()
        if self.client:
            self._remember()
            await self.client.close()

    # --- documents ----------------------------------------------------------------------------------

    def planned(self, document: Document) -> Plan:
        """What the document means on this node; raises InputFault."""
        door = self._side_door
        facts = Facts(
            self.release.series,
            self._ledger.get("tables") or {},
            side_door=door is not None,
            parted=door.parted if door else frozenset(),
        )
        return build(document, facts, self._names.known)

    async def put(self, plan: Plan) -> None:
        """Has the plan in force, and the machine made like it."""
        self.lost = False
        await self.know(plan)
        await self.reconcile()

    async def know(self, plan: Plan) -> None:
        """Has health and pluto know the plan; the kernel follows with the next comparison."""
        self._ledger.put("tables", dict(plan.tables))
        if self.client and (plan.inside is None or plan.inside.client.name != self.client.name):
            await self._dismiss()
        self.plan = plan
        if plan.inside:
            name = plan.inside.client.name
            if self.client is None:
                self.client = self._runtime(name)
                await self._operating.greet(self.client)
                self._ledger.put("namespaces", sorted({name, *self._namespaces()}))
            await self.client.want(plan)
        self._names.use(hosts(plan), versions(plan))
        if self._side_door:
            self._side_door.open(plan)
        self.update_alarms()
        self.wake.set()

    async def leave(self) -> None:
        """Has nothing in force, and the machine made so."""
        self.plan, self.lost = None, False
        if self.client:
            await self._dismiss()
        await self.reconcile()
        if self._side_door:
            self._side_door.close()
        self._ledger.put("tables", None)

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
            self.wake.set,
        )

    async def _dismiss(self) -> None:
        """The client in force ends: its pluto first. What it leaves in the kernel goes with the next comparison."""
        assert self.client is not None
        client, self.client = self.client, None
        await self.workshop.pluto(client.pluto, ())
        await client.close()  # open sockets would keep the namespace

    # --- the machine --------------------------------------------------------------------------------

    async def reconcile(self) -> None:
        """Compares the machine with the plan, and makes it so."""
        self.wake.clear()
        if self.lost:
            return  # what is here is somebody's, and stays until its document comes again
        plan, client = self.plan, self.client
        try:
            if client and plan:  # what is not wanted any more leaves pluto before its device goes
                kept = {item.identity for item in plan.objects}
                given = [item for item in client.pluto.given() if item.identity in kept]
                await self.workshop.pluto(client.pluto, given)
            await self.workshop.kernel(self._namespaces(), plan.objects if plan else ())
            if client:
                client.watch()
                await self.workshop.pluto(
                    client.pluto, plan.objects if plan else (), client.settled
                )
                await client.renegotiate()
                await client.resync()
            else:
                self._ledger.put("namespaces", None)
        except (Fault, OSError) as error:
            log.error("the node cannot be compared with its plan: %s", error)
        self.update_alarms()

    def _namespaces(self) -> list[str]:
        """Those of the client in force and of former ones that may still be there, by the ledger."""
        return list(self._ledger.get("namespaces") or [])

    # --- what follows from what is seen -------------------------------------------------------------

    def update_alarms(self) -> None:
        """Raises and clears alarms by what is true now."""
        health = self.health
        if self._side_door:
            self._side_door.mark(self.plan, health)
        self._record.update(self.plan, health, self._confirmation.alarms)

    def _changed(self) -> None:
        """Something that people see is another than before; so may be more in a moment."""
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(SETTLE, self._tell)

    def _tell(self) -> None:
        self._telling = None
        self.update_alarms()
        self._ask_for_moved()
        self._remember()

    def _ask_for_moved(self) -> None:
        """A gateway that is down and has a name may be at another address by now."""
        if self.client and self.plan:
            down = {
                tunnel.intent.remote
                for tunnel in self.client.health.tunnels
                if tunnel.verdict.judgement == "down"
            }
            named = {item.remote.name: item.remote.host or "" for item in self.plan.tunnels}
            self._names.ask(named[remote] for remote in down & named.keys())

    def _names_changed(self) -> None:
        self._ledger.put("names", self._names.known)
        self._moved()

    def _remember(self) -> None:
        if self.client:
            kept = memory.to_memory(self.client.health, Now.read())
            self._shelf.write("health", kept, durable=False)
