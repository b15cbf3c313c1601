"""Events of links, routes and rules as they happen, and a resync when some were lost."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable

import pytest

from ipsec_client.kernel.links import KernelEvent, LinkChanged, LinkGone, Listener, MarkGone
from ipsec_client.plan.objects import Kni, Namespace, Route, Rule

from .support import ip, needs_root, put, take

pytestmark = needs_root


async def until(
    told: asyncio.Queue[KernelEvent], fits: Callable[[KernelEvent], bool]
) -> KernelEvent:
    while not fits(event := await asyncio.wait_for(told.get(), 10)):
        pass
    return event


def carrier_of(name: str, *, up: bool) -> Callable[[KernelEvent], bool]:
    return lambda event: (
        isinstance(event, LinkChanged) and event.link.name == name and event.link.carrier is up
    )


def test_a_kni_s_life_is_told(client: str) -> None:
    kni = Kni("rem1", client, "169.254.129.5/30", "169.254.129.6/30", ingress=True)
    put(Namespace(client))

    async def run() -> None:
        told: asyncio.Queue[KernelEvent] = asyncio.Queue()
        listener = Listener("", told.put_nowait, lambda: None)
        put(kni)
        ip("link", "set", "rem1", "up", netns=client)
        await until(told, carrier_of("rem1", up=True))
        ip("link", "set", "rem1", "down", netns=client)
        await until(told, carrier_of("rem1", up=False))
        take(kni)
        await until(told, lambda event: isinstance(event, LinkGone) and event.link.name == "rem1")
        listener.close()

    asyncio.run(run())


def test_a_device_inside_the_namespace_is_told(client: str) -> None:
    put(Namespace(client))

    async def run() -> None:
        told: asyncio.Queue[KernelEvent] = asyncio.Queue()
        listener = Listener(client, told.put_nowait, lambda: None)
        ip("link", "add", "ipsec1", "type", "veth", "peer", "name", "other", netns=client)
        event = await until(told, lambda event: isinstance(event, LinkChanged))
        assert isinstance(event, LinkChanged)
        assert (event.netns, event.link.kind) == (client, "veth")
        listener.close()

    asyncio.run(run())


@pytest.mark.usefixtures("router")
def test_a_route_or_rule_of_ours_that_goes_is_told_and_no_other() -> None:
    rule = Rule("", 12800, 128000, iif="rem1", to="10.0.0.0/8")
    route = Route("", 128000, "default", 4_294_967_295)
    ip("rule", "add", "pref", "12900", "to", "10.9.0.0/16", "table", "7")
    put(rule, route)

    async def run() -> None:
        told: asyncio.Queue[KernelEvent] = asyncio.Queue()
        listener = Listener("", told.put_nowait, lambda: None)
        ip("rule", "delete", "pref", "12900")
        ip("rule", "delete", "pref", "12800")
        assert await asyncio.wait_for(told.get(), 10) == MarkGone("", rule)
        ip("route", "flush", "table", "128000")
        assert await asyncio.wait_for(told.get(), 10) == MarkGone("", route)
        listener.close()

    asyncio.run(run())


@pytest.mark.usefixtures("router")
def test_lost_events_ask_for_a_new_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipsec_client.kernel.netlink.EVENT_BUFFER", 1)

    async def run() -> None:
        lost = asyncio.Event()
        listener = Listener("", lambda event: None, lost.set)
        for number in range(8):
            ip("link", "add", f"a{number}", "type", "veth", "peer", "name", f"b{number}")
        await asyncio.wait_for(lost.wait(), 10)
        listener.close()

    asyncio.run(run())


@pytest.mark.usefixtures("router")
def test_the_routes_of_others_cannot_crowd_out_an_event_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ipsec_client.kernel.netlink.EVENT_BUFFER", 1)
    foreign = [f"unreachable 10.{number}.0.0/16" for number in range(200)]
    batch = "".join(f"route {verb} {route}\n" for verb in ("add", "del") for route in foreign)
    rule = Rule("", 12800, 128000, iif="rem1")
    put(rule)

    async def run() -> None:
        told: asyncio.Queue[KernelEvent | None] = asyncio.Queue()
        listener = Listener("", told.put_nowait, lambda: told.put_nowait(None))
        subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
        take(rule)
        assert await asyncio.wait_for(told.get(), 10) == MarkGone("", rule)
        listener.close()

    asyncio.run(run())
