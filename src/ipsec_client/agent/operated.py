"""A node as commands reach it: the port of node commands, over what is in force there."""

from __future__ import annotations

import asyncio

from ipsec_client.agent import capturing, pinging
from ipsec_client.agent.confirm import Confirmation
from ipsec_client.agent.display import NOTHING_SEEN, Seen, Shown, see, view
from ipsec_client.agent.in_force import InForce
from ipsec_client.agent.operating import Operating
from ipsec_client.agent.record import Record
from ipsec_client.agent.runtime import Runtime
from ipsec_client.base.clock import Now
from ipsec_client.base.errors import Fault
from ipsec_client.commands.particulars import Part
from ipsec_client.commands.port import Capture, Ping
from ipsec_client.commands.view import NodeView
from ipsec_client.plan.build import Plan
from ipsec_client.wire.request import Say


class Operated:
    """What an operator sees of a node, and may do with it apart from what is to be in force."""

    _in_force: InForce
    _record: Record
    _confirmation: Confirmation
    _operating: Operating

    def view(self) -> NodeView:
        """The node as it is now, without what only the kernel knows: devices, SAs and their counters."""
        return self._view(NOTHING_SEEN)

    def _view(self, seen: Seen) -> NodeView:
        here = self._in_force
        document = self._confirmation.named(here.plan.document) if here.plan else ""
        shown = Shown(
            here.plan, document, here.health, self._record.book, self._record.ring,
            self._record.totals, here.versions,
        )  # fmt: skip
        return view(shown, seen, Now.read())

    async def look(self, part: Part | None = None) -> NodeView:
        """The node as it is now, with a part that takes time to find out."""
        here = self._in_force
        seen = await asyncio.to_thread(see, here.plan)
        if part is None:
            return self._view(seen)
        return await self._operating.look(part, self._view(seen), here.plan, here.client)

    async def restart(self, remote: str, request: str, say: Say) -> None:
        """Restarts a remote's tunnel for an operator."""
        await self._client().restart(remote, request, say)

    async def failback(self) -> None:
        """Lets traffic go back where it is preferred."""
        self._client().failback()

    async def ping(self, order: Ping, say: Say) -> None:
        """Sends echo requests for an operator."""
        await pinging.ping(self._plan(), order, say)

    async def capture(self, order: Capture, say: Say) -> None:
        """Captures packets for an operator."""
        await capturing.capture(self._plan(), order, say)

    async def set_log_level(self, level: str) -> None:
        """Has agent and pluto log as finely from now on."""
        await self._operating.set_log_level(level, self._in_force.client)

    async def tech_support(self, prefix: str) -> str:
        """Gathers what helps to find a fault."""
        here = self._in_force
        return await self._operating.tech_support(prefix, await self.look(), here.plan, here.client)

    def _client(self) -> Runtime:
        if self._in_force.client is None:
            raise Fault("this node has no ipsec-client in force")
        return self._in_force.client

    def _plan(self) -> Plan:
        if self._in_force.plan is None:
            raise Fault("this node has no configuration yet", cure="Start ipsec-client run FILE")
        return self._in_force.plan
