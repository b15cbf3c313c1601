"""What tests of commits play with: the configuration's places, and a conductor for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from ipsec_client.conductor.conductor import Conductor
from ipsec_client.conductor.datastore.store import Datastore
from ipsec_client.config.edit import Edit
from ipsec_client.model.elements import Authority
from ipsec_client.wire.request import Request

from .sample import Clock, FakeAgent

R1 = ("authority", "router", "router1")
PRIMARY = (*R1, "ipsec-profile", "primary")
REM1, REM2 = (
    (*R1, "node", "node1", "ipsec-client", "client1", "remote", name) for name in ("rem1", "rem2")
)


def host(address: str, remote: tuple[str, ...] = REM1) -> Edit:
    return Edit("set", remote, "host", address)


@asynccontextmanager
async def conducting(
    folder: Path, clock: Clock | None = None, agent: FakeAgent | None = None, first: str = ""
) -> AsyncIterator[Conductor]:
    """A conductor that runs a text, or what was there."""
    found = Conductor(Datastore(folder), agent or FakeAgent(), clock or Clock())
    if first:
        await found.commit_text(found.prepare(first), "root")
    try:
        yield found
    finally:
        await found.close()


def run(scene: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(scene(), 30)

    asyncio.run(bounded())


def hosts(authority: Authority | None) -> list[str | None]:
    assert authority is not None
    [client] = authority.router[0].node[0].ipsec_client
    return [remote.host for remote in client.remote]


def addresses_in(authority: Authority | None) -> set[tuple[str, str]]:
    assert authority is not None
    [node] = authority.router[0].node
    return {
        (device.name, str(device.network_interface[0].address[0].ip_address))
        for device in node.device_interface
    }


async def heard(conductor: Conductor, agent: FakeAgent, number: int = 1) -> list[Request]:
    """The next documents that are sent."""
    rollout = asyncio.ensure_future(conductor.run())
    found = [await agent.heard.get() for _ in range(number)]
    rollout.cancel()
    return found
