"""A node whose agent is real and whose time is told by hand; only its machine is played."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from ipsec_client.agent.node import Agent
from ipsec_client.agent.shelf import Shelf
from ipsec_client.base.clock import Now
from ipsec_client.model.elements import Authority, Node, Router, Service
from ipsec_client.model.values import Prefix
from ipsec_client.plan.diff import Step
from ipsec_client.plan.objects import Object
from ipsec_client.units.port import Units
from ipsec_client.wire.document import Confirm, Document, to_json
from ipsec_client.wire.request import Request


class Still:
    """A workshop that makes nothing, and remembers what was wanted last."""

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}
        self.wanted: Sequence[Object] = ()
        self.passes = 0

    async def kernel(self, _: Iterable[str], wanted: Iterable[Object]) -> list[Step]:
        self.wanted = list(wanted)
        self.passes += 1
        return []


def none() -> Units:
    raise AssertionError("no client, no pluto")


class World:
    """A node whose time is told by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = Now(100.0, 1_600_000_000.0)
        self.restart()

    def restart(self, boot: float = 0.0) -> None:
        """As a killed agent comes back; ``boot`` is where the monotonic clock begins anew, if it does."""
        if boot:
            self.now = Now(boot, self.now.wall)
        self.agent = Agent(Shelf(self.folder), none, lambda: self.now)
        self.workshop = Still()
        self.agent._in_force.workshop = self.workshop  # type: ignore[assignment]
        self.agent._in_force.release.learn = _same  # type: ignore[method-assign]

    async def begin(self) -> None:
        await self.agent.begin()
        await self.agent._in_force.reconcile()

    async def close(self) -> None:
        await self.agent.close()

    async def apply(self, document: Document) -> None:
        request = Request("1", "apply", {"document": to_json(document, secrets=True)})
        await self.agent.apply(request, pass_over)

    async def after(self, seconds: float) -> str | None:
        """What is in force so much later."""
        self.now = Now(self.now.mono + seconds, self.now.wall + seconds)
        await self.agent._look()
        await asyncio.wrap_future(self.agent._shelf.write("barrier", {}))
        in_force: str | None = self.agent.report()["document"]
        return in_force

    @property
    def alarms(self) -> list[str]:
        return list(self.agent.report()["alarms"])

    @property
    def events(self) -> list[str]:
        return [event.message for event in self.agent.view().events if event.kind == "config"]


async def pass_over(_: str) -> None:
    """What is said is of no interest."""


def document(
    name: str, *, seconds: float | None = None, previous: Document | None = None
) -> Document:
    service = Service(name="s", address=(Prefix(f"10.{name}.0.0/16"),))
    router = Router(name="r", node=(Node(name="n"),))
    confirm = None if seconds is None else Confirm(seconds, previous)
    return Document(name, Authority(service=(service,), router=(router,)), confirm)


async def _same() -> bool:
    """In place of what would start a program: Libreswan is the one that it was."""
    return False
