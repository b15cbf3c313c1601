"""The namespace's firewall in a kernel: probes leave by a tunnel, from the monitor network, and nothing else does."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

import pytest

from ipsec_client.health.wanted import Question
from ipsec_client.kernel import namespaces
from ipsec_client.plan.client import Tunnel
from ipsec_client.probes.service import ServiceProber
from tests.plan.test_forwarding import plan
from tests.plan.test_ipv6 import WITHIN
from tests.plan.test_ipv6 import plan as six

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes namespaces: needs root")

FAR = "192.0.2.77"


def run(netns: str, *argv: str, text: str = "") -> str:
    done = subprocess.run(
        ["ip", "netns", "exec", netns, *argv],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def mac(netns: str, device: str) -> str:
    return run(netns, "ip", "-br", "link", "show", "dev", device).split()[2]


@pytest.fixture
def client() -> Iterator[tuple[str, Tunnel]]:
    """A client's namespace with the plan's firewall, a KNI's address, and in place of its tunnel device a wire."""
    inside = plan().inside
    assert inside is not None
    tunnel, name = inside.tunnels[0], f"f{os.getpid()}"
    far, source = f"{name}far", "10.128.128.6"
    for made in (name, far):
        namespaces.create(made, lambda: None)
        run(made, "ip", "link", "set", "lo", "up")
    run(name, "ip", "link", "add", tunnel.device, "type", "veth", "peer", "far", "netns", far)
    run(name, "ip", "link", "set", tunnel.device, "up")
    run(far, "ip", "link", "set", "far", "up")
    run(far, "ip", "addr", "add", f"{FAR}/32", "dev", "far")
    run(far, "ip", "route", "add", "10.128.128.0/28", "dev", "far")
    run(far, "ip", "neigh", "add", source, "lladdr", mac(name, tunnel.device), "dev", "far")
    run(name, "ip", "addr", "add", f"{tunnel.slot.namespace}/30", "dev", "lo")
    run(name, "ip", "rule", "add", "oif", tunnel.device, "lookup", str(tunnel.towards))
    run(name, "ip", "route", "add", "default", "dev", tunnel.device, "table", str(tunnel.towards))
    run(name, "ip", "neigh", "add", FAR, "lladdr", mac(far, "far"), "dev", tunnel.device)
    run(name, "ip", "link", "add", "egress", "type", "veth", "peer", "other", "netns", far)
    run(far, "ip", "link", "set", "other", "up")
    run(name, "ip", "link", "set", "egress", "up")
    run(name, "ip", "route", "add", "default", "dev", "egress")
    for setting in ("all", "default", tunnel.device):
        run(name, "sysctl", "-qw", f"net.ipv4.conf.{setting}.rp_filter=0")
    run(name, "nft", "-f", "-", text=inside.firewall().text)
    yield name, tunnel
    for made in (name, far):
        namespaces.delete(made)


def listening(netns: str, kind: int, port: int) -> socket.socket:
    there = namespaces.open_socket(f"{netns}far", socket.AF_INET, kind, 0)
    there.bind((FAR, port))
    there.settimeout(10)
    if kind == socket.SOCK_STREAM:
        there.listen()
    return there


def test_probes_come_from_the_monitor_network_and_are_answered(client: tuple[str, Tunnel]) -> None:
    netns, tunnel = client

    async def ask() -> None:
        told: asyncio.Queue[tuple[str, int, float | str]] = asyncio.Queue()

        def answered(heard: Sequence[tuple[str, int, float]]) -> None:
            for each in heard:
                told.put_nowait(each)

        def rejected(destination: str, sequence: int, reason: str) -> None:
            told.put_nowait((destination, sequence, reason))

        opener = partial(namespaces.open_socket, netns)
        source = str(tunnel.slot.namespace)
        asking = ServiceProber(opener, tunnel.device, source, answered, rejected)
        question = Question(FAR, "dns", 53, query="www.example.net")
        for sequence in range(3):
            with listening(netns, socket.SOCK_STREAM, 80) as there:
                asking.send("web", sequence, Question(FAR, "tcp", 80), FAR, 10)
                assert (await asyncio.wait_for(told.get(), 10))[:2] == ("web", sequence)
                accepted, peer = there.accept()
                accepted.close()
                assert peer[0] == "10.128.128.6"
            with listening(netns, socket.SOCK_DGRAM, 53) as there:
                asking.send("names", sequence, question, FAR, 10)
                data, peer = there.recvfrom(512)
                assert peer[0] == "10.128.128.6"
                there.sendto(data[:2] + b"\x81\x82" + data[4:], peer)
                assert (await asyncio.wait_for(told.get(), 10))[2] == "answers SERVFAIL"
            asking.send("web", sequence, Question(FAR, "tcp", 80), FAR, 10)
            assert (await asyncio.wait_for(told.get(), 10))[2] == "refuses port 80"
        asking.close()

    asyncio.run(ask())


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_nothing_else_of_the_namespaces_gets_out(client: tuple[str, Tunnel], kind: int) -> None:
    netns, tunnel = client
    with (
        listening(netns, kind, 80) as there,
        namespaces.open_socket(netns, socket.AF_INET, kind, 0) as own,
    ):
        own.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, tunnel.device.encode())
        own.settimeout(0.2)
        with suppress(OSError):  # refused by the firewall, or never answered
            own.connect((FAR, 80))
            own.send(b"x")
        there.settimeout(0.1)
        with pytest.raises(TimeoutError):
            there.accept() if kind == socket.SOCK_STREAM else there.recv(10)


def test_nobody_gets_in_by_a_tunnel(client: tuple[str, Tunnel]) -> None:
    netns, _ = client
    with (
        namespaces.open_socket(netns, socket.AF_INET, socket.SOCK_STREAM, 0) as here,
        namespaces.open_socket(f"{netns}far", socket.AF_INET, socket.SOCK_STREAM, 0) as far,
    ):
        here.bind(("0.0.0.0", 4711))
        here.listen()
        run(
            f"{netns}far",
            "ip",
            "route",
            "add",
            "169.254.129.6",
            "via",
            "10.128.128.6",
            "dev",
            "far",
            "onlink",
        )
        far.settimeout(0.3)
        with pytest.raises(OSError):  # noqa: PT011
            far.connect(("169.254.129.6", 4711))


def test_probes_by_ipv6_come_from_the_knis_own_address() -> None:
    inside = six(*WITHIN).inside
    assert inside is not None
    tunnel, netns = inside.tunnels[0], f"s{os.getpid()}"
    assert tunnel.version == 6
    far, source, there = f"{netns}far", str(tunnel.slot.namespace_six), "2001:db8:7::77"
    for made in (netns, far):
        namespaces.create(made, lambda: None)
        run(made, "ip", "link", "set", "lo", "up")
    try:
        run(netns, "ip", "link", "add", tunnel.device, "type", "veth", "peer", "far", "netns", far)
        run(netns, "ip", "link", "set", tunnel.device, "up")
        run(far, "ip", "link", "set", "far", "up")
        run(far, "ip", "addr", "add", f"{there}/128", "dev", "far", "nodad")
        run(far, "ip", "route", "add", f"{source}/128", "dev", "far")
        run(far, "ip", "neigh", "add", source, "lladdr", mac(netns, tunnel.device), "dev", "far")
        run(netns, "ip", "addr", "add", f"{source}/128", "dev", "lo", "nodad")
        towards = str(tunnel.towards)
        run(netns, "ip", "-6", "rule", "add", "oif", tunnel.device, "lookup", towards)
        run(netns, "ip", "route", "add", "default", "dev", tunnel.device, "table", towards)
        run(netns, "ip", "-6", "route", "add", "default", "dev", tunnel.device, "table", towards)
        run(netns, "ip", "neigh", "add", there, "lladdr", mac(far, "far"), "dev", tunnel.device)
        run(netns, "nft", "-f", "-", text=inside.firewall().text)
        asyncio.run(refused_by(netns, tunnel, there, source))
    finally:
        for made in (netns, far):
            namespaces.delete(made)


async def refused_by(netns: str, tunnel: Tunnel, there: str, source: str) -> None:
    """Asks a service that is there, and is seen to come from the source; then one that is not."""
    told: asyncio.Queue[tuple[str, int, float | str]] = asyncio.Queue()
    asking = ServiceProber(
        partial(namespaces.open_socket, netns),
        tunnel.device,
        str(tunnel.slot.namespace),
        lambda heard: told.put_nowait(heard[0]),
        lambda *rejection: told.put_nowait(rejection),
    )
    with namespaces.open_socket(f"{netns}far", socket.AF_INET6, socket.SOCK_STREAM, 0) as web:
        web.bind((there, 80))
        web.listen()
        asking.send("web", 1, Question(there, "tcp", 80), there, 10)
        assert (await asyncio.wait_for(told.get(), 10))[:2] == ("web", 1)
        accepted, peer = web.accept()
        accepted.close()
        assert peer[0] == source
    asking.send("web", 2, Question(there, "tcp", 80), there, 10)
    assert await asyncio.wait_for(told.get(), 10) == ("web", 2, "refuses port 80")
    asking.close()
