"""Makes the node as its plan says: compares, then takes the steps, in workers, so that the loop never waits.

Level-triggered: it may be called at any time, does nothing where nothing differs, and repairs one thing
at a time. A step that fails is told and does not keep others from being taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from ipsec_client.agent.ledger import Ledger
from ipsec_client.base.errors import Fault
from ipsec_client.base.logs import about
from ipsec_client.kernel.apply import apply
from ipsec_client.kernel.observe import observe
from ipsec_client.plan.diff import Step, diff
from ipsec_client.plan.objects import (
    Connection,
    DockerRules,
    KernelObject,
    Namespace,
    Object,
    Pluto,
)

log = logging.getLogger(__name__)


class PlutoHands(Protocol):
    """What carries out steps on pluto and its connections."""

    def given(self) -> list[Object]:
        """Pluto and the connections it was given, as far as the one that lives is the one that was given them."""

    async def apply(self, step: Step) -> None:
        """Takes a step on a Pluto or Connection; raises Fault."""


class Workshop:
    """Steps towards a plan. One pass at a time; a pass asked for during one follows it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = asyncio.Lock()
        self.failures: dict[str, str] = {}

    async def kernel(self, namespaces: Iterable[str], wanted: Iterable[Object]) -> list[Step]:
        """Brings the router and these namespaces to what is wanted; the steps taken."""
        kernel = [item for item in wanted if isinstance(item, KernelObject)]
        async with self._lock:
            return await asyncio.to_thread(self._kernel, list(namespaces), kernel)

    def _kernel(self, namespaces: list[str], wanted: list[KernelObject]) -> list[Step]:
        found = observe(namespaces, wanted, self._ledger)
        steps = [step for step in diff(found, wanted) if step.verb != "keep"]
        self.failures = {}
        for step in steps:
            try:
                waits = apply(step, self._ledger)
            except Fault as fault:
                self.failures[f"{step.object.kind} {step.object.name}"] = str(fault)
                what = (step.verb, step.object.kind, step.object.name, fault)
                log.error("cannot %s %s %s: %s", *what, extra=_about(step.object))
                continue
            waiting = f" ({waits})" if waits else ""
            log.info("%s%s", step.line(), waiting, extra=_about(step.object))
        return steps

    async def pluto(
        self,
        hands: PlutoHands,
        wanted: Iterable[Object],
        settled: Callable[[str], Awaitable[None]] | None = None,
    ) -> list[Step]:
        """Brings pluto and its connections to what is wanted, one by one; the steps taken.

        Between two tunnels that are restarted the first is waited for by ``settled``, so that what changes all
        of them takes the traffic from none. A pluto that is started is given its connections at its birth: there is
        nothing left to be taken from them one by one.
        """
        ours = [item for item in wanted if isinstance(item, Pluto | Connection)]
        async with self._lock:
            steps = [step for step in diff(hands.given(), ours) if step.verb != "keep"]
            unsettled = ""
            for step in steps:
                restarted = _restarted(step)
                if restarted and unsettled and settled:
                    await settled(unsettled)
                unsettled = restarted or unsettled
                extra = _about(step.object)
                log.info("%s", step.line(), extra=extra)
                try:
                    await hands.apply(step)
                except Fault as fault:
                    what = (step.verb, step.object.name, fault)
                    log.error("cannot %s %s: %s", *what, extra=extra)
                if isinstance(step.object, Pluto) and step.verb != "remove":
                    return steps
        return steps


def _about(item: Object) -> dict[str, dict[str, str]]:
    """What a line of the log on this object is about."""
    if isinstance(item, Connection):
        return about(client=item.client, remote=item.remote, connection=item.name)
    match item:
        case Namespace(name=client):
            return about(client=client)
        case DockerRules():
            return about()
    return about(client=item.netns)


def _restarted(step: Step) -> str:
    """The remote whose tunnel the step restarts, or nothing."""
    match step:
        case Step("restart", Connection(remote=remote)):
            return remote
    return ""
