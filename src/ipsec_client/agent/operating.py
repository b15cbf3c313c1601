"""What an operator asks of a node besides its tunnels: parts of the view that take time, log level, tech support."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal, get_args

from ipsec_client.agent import support
from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.runtime import Runtime
from ipsec_client.agent.statistics import statistics
from ipsec_client.agent.ways import Ways
from ipsec_client.base import logs
from ipsec_client.base.clock import Now
from ipsec_client.base.errors import HostFault
from ipsec_client.commands.particulars import FindingView, MetricView, Part, ServiceView
from ipsec_client.commands.view import NodeView
from ipsec_client.kernel.counters import Device, devices
from ipsec_client.kernel.facts import Fact
from ipsec_client.model.access import remote_address
from ipsec_client.plan.build import Plan
from ipsec_client.units.port import AGENT, Units, UnitState
from ipsec_client.units.usage import usage

log = logging.getLogger(__name__)

Examine = Callable[[bool], Iterable[Fact]]
"""What the doctor finds on this machine, where names are in use or not; it blocks, and starts programs."""


LEVEL = "log-level"
"""The ledger's entry of the level that was set."""


class Operating:
    """One node's. ``examine`` is the doctor's."""

    def __init__(self, ledger: Ledger, units: Callable[[], Units], examine: Examine) -> None:
        self._ledger = ledger
        self._units = units
        self._examine = examine

    # --- the log ----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Logs as finely as was set before, if anything was."""
        if level := self._level:
            logs.set_level(level)

    async def greet(self, client: Runtime) -> None:
        """A client comes into force: its pluto is to log as finely too."""
        if level := self._level:
            await client.pluto.debug(level)

    async def set_log_level(self, level: str, client: Runtime | None) -> None:
        """Agent and pluto log as finely from now on, over restarts; raises Fault where pluto does not answer."""
        log.warning("the log level is %s from now on", level)
        logs.set_level(level)
        self._ledger.put(LEVEL, level)
        if client:
            await client.pluto.debug(level)

    @property
    def _level(self) -> str:
        kept = self._ledger.get(LEVEL)
        return kept if isinstance(kept, str) and kept in logs.LEVELS else ""

    # --- tech support -----------------------------------------------------------------------------

    async def tech_support(
        self, prefix: str, view: NodeView, plan: Plan | None, client: Runtime | None
    ) -> str:
        """Gathers what helps to find a fault; the path of the archive. Raises HostFault where there is no room."""
        for part in get_args(Part):
            view = await self.look(part, view, plan, client)
        documents = [plan.document] if plan else []
        if plan and plan.document.confirm and plan.document.confirm.previous:
            documents.append(plan.document.confirm.previous)
        name = client.name if client else ""
        texts = [
            *support.of_commands(view),
            *(item for document in documents[:1] for item in support.of_document(document)),
            *support.of_files(name),
            *support.of_machine(name),
            *support.of_units(name),
        ]
        if client:
            status = await client.pluto.status()
            texts.append(("pluto/status.txt", lambda: status))
        keys = tuple(support.keys_of(documents))
        return str(await asyncio.to_thread(support.save, prefix, texts, keys))

    # --- parts of the view ------------------------------------------------------------------------

    async def look(
        self, part: Part, view: NodeView, plan: Plan | None, client: Runtime | None
    ) -> NodeView:
        """The view with that part."""
        if part == "services":
            found = await asyncio.to_thread(lambda: list(_services(self._units)))
            return replace(view, services=tuple(found))
        if part == "findings":
            remotes = [tunnel.remote for tunnel in plan.tunnels] if plan else []
            named = any(remote_address(remote) is None for remote in remotes)
            facts = await asyncio.to_thread(lambda: list(self._examine(named)))
            return replace(view, findings=tuple(map(_finding, facts)))
        if plan is None:
            return view
        if part == "statistics":
            inner = await asyncio.to_thread(_inside, client.name) if client else {}
            return replace(view, statistics=tuple(_statistics(view, plan, client, inner)))
        return await asyncio.to_thread(_with_ways, part, view, plan)


def _services(units: Callable[[], Units]) -> Iterator[ServiceView]:
    """Our daemons; the agent itself is known to run, whoever started it. Blocks, and may start a program."""
    try:
        states = units().states()
    except HostFault:  # nobody keeps them
        states = {}
    if not states.get(AGENT, UnitState()).running:
        seconds, memory = usage([os.getpid()])
        own = UnitState(running=True, pid=os.getpid(), cpu_seconds=seconds, memory=memory)
        states = {AGENT: own} | states
    for name, state in states.items():
        yield ServiceView(
            f"{name}.service",
            "active" if state.running else "inactive",
            state.since or None,
            state.restarts,
            state.last_exit,
            state.cpu_seconds if state.running else None,
            state.memory if state.running else None,
            state.pid,
        )


def _with_ways(part: Literal["networks", "paths", "fib"], view: NodeView, plan: Plan) -> NodeView:
    """The view with what tells where packets go; asks the kernel."""
    ways = Ways(plan, devices(""), {item.remote: item.verdict for item in view.tunnels})
    match part:
        case "networks":
            return replace(view, networks=tuple(ways.networks()))
        case "paths":
            return replace(view, paths=tuple(ways.paths()))
        case "fib":
            return replace(view, fib=tuple(ways.fib()))


def _finding(fact: Fact) -> FindingView:
    return FindingView(fact.name, fact.good, fact.found, fact.cure)


def _statistics(
    view: NodeView, plan: Plan, client: Runtime | None, inner: Mapping[str, Device]
) -> Iterator[MetricView]:
    if client is None:
        return
    now = Now.read()
    names = {tunnel.remote.name: tunnel.device for tunnel in plan.tunnels}
    for tunnel in view.tunnels:
        state = client.health.tunnel(tunnel.remote)
        device = inner.get(names.get(tunnel.remote, ""))
        yield from statistics(tunnel, device, state, client.tally, now)


def _inside(netns: str) -> dict[str, Device]:
    try:
        return devices(netns)
    except HostFault:
        return {}  # the namespace is not there yet
