"""The prober of services on real sockets: a namespace with a tunnel device, and servers of all sorts behind it."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import Literal

import pytest

from ipsec_client.health.wanted import Question
from ipsec_client.kernel import namespaces
from ipsec_client.probes import dns
from ipsec_client.probes.service import SPARE, ServiceProber
from tests.probes.test_icmp import ip, make_device

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes namespaces: needs root")

HERE = {4: "10.77.0.1", 6: "fd77::1"}
Told = asyncio.Queue[tuple[str, int, float | str]]


@pytest.fixture
def client() -> Iterator[str]:
    """A client's namespace with its device, and one behind it."""
    name = f"q{os.getpid()}"
    for made in (name, f"{name}far"):
        namespaces.create(made, lambda: None)
        ip(made, "link set lo up")
    make_device(name)
    yield name
    for made in (name, f"{name}far"):
        namespaces.delete(made)


def server(client: str, kind: int, port: int, family: int = 4) -> socket.socket:
    """A socket behind the device that listens."""
    of = socket.AF_INET if family == 4 else socket.AF_INET6
    there = namespaces.open_socket(f"{client}far", of, kind, 0)
    there.bind((HERE[family], port))
    there.setblocking(False)
    if kind == socket.SOCK_STREAM:
        there.listen()
    return there


def prober(
    client: str,
    told: Told,
    device: str = "tun1",
    opener: Callable[..., socket.socket] | None = None,
    source: str = "10.77.0.2",
) -> ServiceProber:
    def answered(heard: Sequence[tuple[str, int, float]]) -> None:
        for each in heard:
            told.put_nowait(each)

    def rejected(destination: str, sequence: int, reason: str) -> None:
        told.put_nowait((destination, sequence, reason))

    opened = opener or partial(namespaces.open_socket, client)
    return ServiceProber(opened, device, source, answered, rejected)


async def next_of(told: Told) -> tuple[str, int, float | str]:
    return await asyncio.wait_for(told.get(), 10)


def case(client: str, run: Callable[[ServiceProber, Told], Awaitable[None]]) -> None:
    """Runs it with a prober, which is closed in the end."""

    async def whole() -> None:
        told: Told = asyncio.Queue()
        asking = prober(client, told)
        try:
            await run(asking, told)
        finally:
            asking.close()

    asyncio.run(whole())


@pytest.mark.parametrize("family", [4, 6])
def test_a_connection_is_an_answer_and_a_refusal_is_told(client: str, family: int) -> None:
    async def run(asking: ServiceProber, told: Told) -> None:
        question = Question(HERE[family], "tcp", 80)
        with server(client, socket.SOCK_STREAM, 80, family):
            asking.send("web", 7, question, HERE[family], 10)
            name, sequence, round_trip = await next_of(told)
            assert (name, sequence) == ("web", 7)
            assert isinstance(round_trip, float)
            assert 0 < round_trip < 10
        for sequence in range(8, 40):  # each with the socket of the one before
            asking.send("web", sequence, question, HERE[family], 10)
            assert await next_of(told) == ("web", sequence, "refuses port 80")
        with server(client, socket.SOCK_STREAM, 80, family):
            asking.send("web", 40, question, HERE[family], 10)
            assert isinstance((await next_of(told))[2], float)

    case(client, run)


def test_attempts_share_sockets_and_start_no_threads(client: str) -> None:
    opened: list[socket.socket] = []

    def opener(family: int, kind: int, protocol: int) -> socket.socket:
        opened.append(namespaces.open_socket(client, family, kind, protocol))
        return opened[-1]

    async def run() -> None:
        told: Told = asyncio.Queue()
        asking = prober(client, told, opener=opener)
        with server(client, socket.SOCK_STREAM, 80) as there:
            for sequence in range(50):
                asking.send("web", sequence, Question("", "tcp", 80), HERE[4], 10)
                assert (await next_of(told))[1] == sequence
                there.accept()[0].close()
        assert len(opened) == 1
        assert threading.active_count() == 1
        asking.close()
        assert opened[0].fileno() == -1

    asyncio.run(run())


def test_a_socket_is_given_back_once_and_no_more_are_kept_than_are_of_use(client: str) -> None:
    """One that two attempts had would answer for the wrong one."""

    async def run(asking: ServiceProber, told: Told) -> None:
        question, patience = Question("", "tcp", 80), 0.3
        for attempts, kept in ((3, 3), (SPARE + 4, SPARE)):
            for sequence in range(attempts):
                asking.send("web", sequence, question, HERE[4], patience)
            for _ in range(attempts):
                await next_of(told)
            await asyncio.sleep(2 * patience)  # which is over: nothing happens then any more
            [spare] = asking._spare.values()
            assert len(spare) == len(set(spare)) == kept
            assert all(unused.fileno() >= 0 for unused in spare)

    case(client, run)


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", None),
        (b"HTTP/1.1 299 Fine\r\n" + b"x" * 100_000, None),
        (b"HTTP/1.1 302 Found\r\nLocation: /other\r\n\r\n", "answers 302"),
        (b"HTTP/1.1 503 No\r\n\r\n", "answers 503"),
        (b"220 mail.example ESMTP\r\n", "answers no HTTP"),
        (b"HTTP/1.1 200 " + b"x" * 10_000, "answers no HTTP"),
        (b"", "ends the connection without an answer"),
        (b"HTTP/1", "ends the connection without an answer"),
    ],
)
def test_a_page_is_judged_by_its_status_line(client: str, said: bytes, heard: str | None) -> None:
    async def run(asking: ServiceProber, told: Told) -> None:
        requests: list[bytes] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            requests.append(await reader.readuntil(b"\r\n\r\n"))
            for place in range(0, min(len(said), 64), 5):  # in pieces
                writer.write(said[place : place + 5])
                await asyncio.sleep(0)
            writer.write(said[65:])
            writer.close()

        listening = await asyncio.start_server(answer, sock=server(client, socket.SOCK_STREAM, 80))
        question = Question("", "http", 80, "/vpntest", "gateway.example.net")
        asking.send("web", 1, question, HERE[4], 10)
        name, sequence, found = await next_of(told)
        assert (name, sequence) == ("web", 1)
        assert isinstance(found, float) if heard is None else found == heard
        assert requests[0].startswith(b"GET /vpntest HTTP/1.1\r\nHost: gateway.example.net\r\n")
        listening.close()

    case(client, run)


def test_a_name_server_is_believed_only_by_its_own_answer(client: str) -> None:
    async def run(asking: ServiceProber, told: Told) -> None:
        loop = asyncio.get_running_loop()
        question = Question("", "dns", 53, query="www.example.net", query_type="A")
        with server(client, socket.SOCK_DGRAM, 53) as there:
            asking.send("names", 1, question, HERE[4], 10)
            data, source = await loop.sock_recvfrom(there, 512)
            rest = b"\x81\x80\0\1\0\1\0\0\0\0" + data[dns.HEADER.size :]
            forged = bytes((data[0] ^ 1, data[1])) + rest
            await loop.sock_sendto(there, forged, source)
            await loop.sock_sendto(there, data[:2] + b"\x81\x82" + rest[2:], source)
            assert await next_of(told) == ("names", 1, "answers SERVFAIL")
            asking.send("names", 2, question, HERE[4], 10)
            data, source = await loop.sock_recvfrom(there, 512)
            await loop.sock_sendto(there, data[:2] + rest, source)
            assert isinstance((await next_of(told))[2], float)
        asking.send("names", 3, question, HERE[4], 10)
        assert await next_of(told) == ("names", 3, "refuses port 53")

    case(client, run)


def test_a_silent_service_is_given_up_and_its_socket_used_again(client: str) -> None:
    async def run(asking: ServiceProber, told: Told) -> None:
        with server(client, socket.SOCK_STREAM, 80):  # accepts, and says nothing
            asking.send("web", 1, Question("", "http", 80, "/"), HERE[4], 0.05)
            while asking._attempts:
                await asyncio.sleep(0)
            assert told.empty()
            asking.send("web", 2, Question("", "tcp", 80), HERE[4], 10)
            assert (await next_of(told))[1] == 2
        assert sum(map(len, asking._spare.values())) == 1

    case(client, run)


def test_a_device_that_is_made_anew_is_asked_through(client: str) -> None:
    async def run(asking: ServiceProber, told: Told) -> None:
        question = Question("", "tcp", 80)
        asking.send("web", 1, question, HERE[4], 10)
        assert await next_of(told) == ("web", 1, "refuses port 80")
        ip(client, "link delete tun1")
        with pytest.raises(OSError, match="No such device"):
            asking.send("web", 2, question, HERE[4], 10)
        make_device(client)
        asking.send("web", 3, question, HERE[4], 10)
        assert await next_of(told) == ("web", 3, "refuses port 80")

    case(client, run)


def test_nothing_is_asked_through_another_device(client: str) -> None:
    async def run() -> None:
        asking = prober(client, asyncio.Queue(), "ipsec9")
        with pytest.raises(OSError, match="No such device"):
            asking.send("web", 1, Question("", "tcp", 80), HERE[4], 10)
        assert not asking._attempts

    asyncio.run(run())


@pytest.mark.parametrize("protocol", ["tcp", "dns"])
def test_each_tunnel_is_asked_through_from_an_address_of_its_own(
    client: str, protocol: Literal["tcp", "dns"]
) -> None:
    async def run() -> None:
        ip(client, "address add 10.77.0.3/24 dev tun1")
        asking = prober(client, asyncio.Queue(), source="10.77.0.3")
        kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
        with server(client, kind, 53) as there:
            for sequence in range(3):
                asking.send("far", sequence, Question("", protocol, 53, query="a"), HERE[4], 10)
                if protocol == "tcp":
                    accepted, peer = await asyncio.get_running_loop().sock_accept(there)
                    accepted.close()
                else:
                    _, peer = await asyncio.get_running_loop().sock_recvfrom(there, 512)
                assert peer[0] == "10.77.0.3"
        asking.close()

    asyncio.run(run())
