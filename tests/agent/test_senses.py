"""The sockets that a client is watched by, in a namespace."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ipsec_client.agent import senses
from ipsec_client.agent.senses import Senses
from ipsec_client.base.errors import HostFault
from ipsec_client.health import types as h
from ipsec_client.health.wanted import Question
from ipsec_client.kernel import namespaces
from ipsec_client.kernel.xfrm import SaWatch
from ipsec_client.model.elements import MonitorDestination, TunnelMonitor
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


@pytest.mark.parametrize("protocol", ["icmp", "http"])
def test_a_name_without_an_address_is_not_looked_up_by_asking(client: str, protocol: str) -> None:
    """Where it is asked for, a name server that hangs would stop everything."""

    async def look() -> None:
        inside = plan().inside
        assert inside is not None
        named = MonitorDestination(address="web", host="web.example", protocol=protocol)
        monitor = TunnelMonitor(destination=(named,))
        tunnel = replace(
            inside.tunnels[0], remote=replace(inside.tunnels[0].remote, tunnel_monitor=monitor)
        )
        senses = Senses(client, lambda _: None, lambda _: None, lambda: None)
        question = Question("web.example", protocol, 80)  # type: ignore[arg-type]
        probe = h.Probe(tunnel.remote.name, "web", 1, question, 1.0)
        senses.follow([tunnel], inside.local, {})
        assert senses.probe(probe) == "web.example has no address yet"
        senses.follow([tunnel], inside.local, {"web.example": "192.0.2.1"})
        assert "No such device" in senses.probe(probe)
        senses.close()

    asyncio.run(look())


def test_what_cannot_be_opened_leaves_nothing_open(
    client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again at each comparison of the node: what stayed open would add up."""

    def refused(*_: object) -> None:
        raise HostFault("not now")

    async def look() -> None:
        gc.collect()
        before = set(Path("/proc/self/fd").iterdir())
        with pytest.raises(HostFault) as caught:
            Senses(client, lambda _: None, lambda _: None, lambda: None)
        left = set(Path("/proc/self/fd").iterdir()) - before
        assert not left, caught  # whose traceback holds what was begun

    for where, name in ((senses, "Counters"), (SaWatch, "_dump")):
        with monkeypatch.context() as patch:
            patch.setattr(where, name, refused)
            asyncio.run(look())
