"""The sockets that a client is watched by, in a namespace."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ipsec_client.agent.senses import Senses
from ipsec_client.kernel import namespaces
from tests.plan.test_forwarding import plan

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes namespaces: needs root")


@pytest.fixture
def client() -> Iterator[str]:
    name = f"s{os.getpid()}"
    namespaces.create(name, lambda: None)
    yield name
    namespaces.delete(name)


def test_a_tunnel_that_gets_another_device_is_probed_through_that_one_alone(client: str) -> None:
    """Its old one may be another tunnel's by then, whose answers would count for it."""

    async def look() -> None:
        inside = plan().inside
        assert inside is not None
        one, other = inside.tunnels[:2]
        senses = Senses(client, lambda _: None, lambda _: None, lambda: None)
        for tunnels in (
            [one, other],
            [replace(one, slot=other.slot), replace(other, slot=one.slot)],
        ):
            senses.follow(tunnels, inside.local, {})
            through = {remote: prober._device for remote, prober in senses._probers.items()}
            assert through == {item.remote.name: item.device.encode() for item in tunnels}
        kept = dict(senses._probers)
        senses.follow(tunnels, inside.local, {})
        assert senses._probers == kept
        senses.close()

    asyncio.run(look())
