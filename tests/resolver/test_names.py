"""Names: the last good answer stays, an address in use is kept, a name server that hangs costs nobody anything."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from ipsec_client.resolver import names
from ipsec_client.resolver.names import Names, look_up


class Server:
    """What ``getaddrinfo`` answers; ``None`` is a failure."""

    def __init__(self) -> None:
        self.answers: list[str] | None = None
        self.released = threading.Event()
        self.released.set()
        self.asked = 0

    def __call__(self, *_: object) -> list[tuple[object, ...]]:
        self.asked += 1
        self.released.wait()
        if self.answers is None:
            raise socket.gaierror(socket.EAI_AGAIN, "temporary failure")
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", (answer, 0)) for answer in self.answers]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    found = Server()
    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr(names, "PACE", 0.0)
    monkeypatch.setattr(names, "EAGER", 0.0)
    yield found
    found.released.set()


async def until(server: Server, asked: int) -> None:
    """Waits until the server was asked so often, and the last answer but one has been taken in."""
    async with asyncio.timeout(10):
        while server.asked < asked:
            await asyncio.sleep(0)


def test_a_name_gets_its_address_and_says_so_once(server: Server) -> None:
    async def scene() -> None:
        server.answers = ["192.0.2.1", "192.0.2.2"]
        changes: list[dict[str, str]] = []
        found = Names({}, lambda: changes.append(found.known))
        found.use(["gw.example", "198.51.100.7"])
        await until(server, 4)
        found.close()
        assert changes == [{"gw.example": "192.0.2.1"}]

    asyncio.run(scene())


def test_an_address_in_use_is_kept_while_it_is_among_the_answers(server: Server) -> None:
    async def scene() -> None:
        server.answers = ["192.0.2.9", "192.0.2.1"]
        found = Names({"gw.example": "192.0.2.1"}, lambda: None)
        found.use(["gw.example"])
        await until(server, 3)
        assert found.known == {"gw.example": "192.0.2.1"}
        server.answers = ["192.0.2.9"]
        await until(server, server.asked + 3)
        assert found.known == {"gw.example": "192.0.2.9"}
        found.close()

    asyncio.run(scene())


def test_a_failure_leaves_the_last_good_answer(server: Server) -> None:
    async def scene() -> None:
        found = Names({"gw.example": "192.0.2.1"}, lambda: pytest.fail("nothing is new"))
        found.use(["gw.example"])
        await until(server, 3)
        assert found.known == {"gw.example": "192.0.2.1"}
        found.close()

    asyncio.run(scene())


@pytest.mark.parametrize("answer", ["0.0.0.0", "127.0.0.1", "224.0.0.1", "::", "fe80::1%2"])
def test_what_no_host_has_is_no_answer(server: Server, answer: str) -> None:
    async def scene() -> None:
        found = Names({"gw.example": "192.0.2.1"}, lambda: pytest.fail("it has changed"))
        server.answers = [answer]
        found.use(["gw.example"])
        await until(server, 3)
        found.close()
        assert found.known == {"gw.example": "192.0.2.1"}

    asyncio.run(scene())


def test_a_name_that_is_not_used_any_more_is_not_asked_for(server: Server) -> None:
    async def scene() -> None:
        server.answers = ["192.0.2.1"]
        found = Names({}, lambda: None)
        found.use(["gw.example"])
        await until(server, 1)
        found.use([])
        await asyncio.sleep(0)
        asked = server.asked
        for _ in range(50):
            await asyncio.sleep(0)
        assert server.asked <= asked + 1  # one may have been under way

    asyncio.run(scene())


def test_a_name_server_that_hangs_is_given_up(server: Server) -> None:
    async def scene() -> None:
        server.released.clear()
        assert await look_up("gw.example", deadline=0.01) == []
        server.released.set()

    asyncio.run(scene())


def test_a_name_that_is_asked_for_is_looked_up_out_of_turn(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        monkeypatch.setattr(names, "PACE", 3600.0)
        server.answers = ["192.0.2.1"]
        changed = asyncio.Event()
        found = Names({}, changed.set)
        found.use(["gw.example"])
        async with asyncio.timeout(10):
            await changed.wait()
            changed.clear()
            server.answers = ["192.0.2.9"]
            while not changed.is_set():
                found.ask(["gw.example", "another.example"])
                await asyncio.sleep(0)
            assert found.known == {"gw.example": "192.0.2.9"}
            changed.clear()
            server.answers = ["192.0.2.5"]
            while not changed.is_set():
                found.use(["gw.example"])  # as each commit does
                await asyncio.sleep(0)
        assert found.known == {"gw.example": "192.0.2.5"}
        found.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("versions", "found"),
    [
        ((4,), ["192.0.2.1"]),
        ((6,), ["2001:db8::1"]),
        ((4, 6), ["192.0.2.1", "2001:db8::1"]),
        ((6, 4), ["2001:db8::1", "192.0.2.1"]),
    ],
)
def test_the_version_of_ip_that_serves_best_comes_first(
    versions: tuple[int, ...], found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = {socket.AF_INET6: "2001:db8::1", socket.AF_INET: "192.0.2.1"}

    def answer(_name: str, _port: None, family: int, *_: object) -> list[tuple[object, ...]]:
        kinds = [kind for kind in both if family in (kind, socket.AF_UNSPEC)]
        return [(kind, socket.SOCK_DGRAM, 17, "", (both[kind], 0)) for kind in kinds]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    assert asyncio.run(look_up("gw.example", versions=versions)) == found


def test_without_room_for_a_thread_there_is_no_answer_and_the_next_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", full)
    assert asyncio.run(look_up("gw.example")) == []
