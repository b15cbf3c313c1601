"""Framing on local sockets: whole lines or nothing, whoever is at the other end, and one server a path."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipsec_client.base import sockets
from ipsec_client.base.errors import Fault, HostFault, InputFault

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


async def echo(message: Any, peer: sockets.Peer, send: sockets.Send) -> None:
    await send({"echo": message, "uid": peer.uid, "pid": peer.pid})


async def told(path: Path, message: sockets.Message) -> dict[str, Any]:
    async for answer in sockets.asked(path, message, silence=10):
        return answer
    raise AssertionError("no answer")


async def raw(path: Path, data: bytes) -> list[dict[str, Any]]:
    """What comes back on a connection that sent the bytes and no more."""
    reader, writer = await asyncio.open_unix_connection(os.fspath(path))
    try:
        writer.write(data)
        writer.write_eof()
        return [json.loads(line) for line in (await reader.read()).splitlines()]
    finally:
        writer.close()


@settings(max_examples=50)
@given(st.dictionaries(st.text(), SCALARS | st.lists(SCALARS, max_size=3), max_size=3))
def test_a_message_is_one_line_and_comes_back(message: dict[str, Any]) -> None:
    line = sockets.pack(message)
    assert line.endswith(b"\n")
    assert b"\n" not in line[:-1]
    assert sockets.unpack(line) == message


@given(st.binary())
def test_no_bytes_do_more_than_be_refused(line: bytes) -> None:
    with suppress(InputFault):
        assert isinstance(sockets.unpack(line), dict)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(InputFault):
        sockets.unpack(b"[" * 100_000)


def test_the_kernel_says_who_asks(tmp_path: Path) -> None:
    async def talk() -> dict[str, Any]:
        path = tmp_path / "a.sock"
        async with sockets.serving(path, echo):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            return await told(path, {"n": 1})

    assert asyncio.run(talk()) == {"echo": {"n": 1}, "uid": os.getuid(), "pid": os.getpid()}


def test_the_mode_is_as_given_and_the_socket_goes_with_its_server(tmp_path: Path) -> None:
    async def talk() -> None:
        path = tmp_path / "below" / "a.sock"
        async with sockets.serving(path, echo, mode=0o660):
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert list(path.parent.iterdir()) == []

    asyncio.run(talk())


def test_a_socket_left_behind_is_replaced_and_a_living_one_is_not(tmp_path: Path) -> None:
    async def talk() -> None:
        path = tmp_path / "a.sock"
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(os.fspath(path))
        dead.close()
        async with sockets.serving(path, echo):
            with pytest.raises(Fault, match="another process answers"):
                sockets.listen(path)
            assert (await told(path, {}))["echo"] == {}

    asyncio.run(talk())


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    path.write_text("precious")
    with pytest.raises(Fault, match="in the way"):
        sockets.listen(path)
    assert path.read_text() == "precious"


def test_what_a_successor_serves_is_not_removed(tmp_path: Path) -> None:
    async def talk() -> None:
        path = tmp_path / "a.sock"
        async with sockets.serving(path, echo):
            path.unlink()
            successor = sockets.listen(path)
        assert path.exists()
        successor.close()

    asyncio.run(talk())


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
@given(st.lists(st.binary(max_size=40), max_size=5))
def test_noise_on_one_connection_harms_no_other(tmp_path: Path, noise: list[bytes]) -> None:
    async def talk() -> None:
        path = tmp_path / "a.sock"
        async with sockets.serving(path, echo):
            for reply in await raw(path, b"\n".join(noise)):
                assert reply.get("status") == 1 or "echo" in reply
            assert (await told(path, {"n": 2}))["echo"] == {"n": 2}

    asyncio.run(talk())


def test_a_line_over_the_limit_ends_its_connection_only(tmp_path: Path) -> None:
    async def talk() -> None:
        path = tmp_path / "a.sock"
        async with sockets.serving(path, echo, limit=1000):
            replies = await raw(path, b"x" * 5000 + b"\n{}\n")
            assert replies == [{"error": "a line on the socket is too long", "status": 1}]
            assert (await told(path, {}))["echo"] == {}

    asyncio.run(talk())


def test_a_line_in_pieces_is_put_together(tmp_path: Path) -> None:
    """A document of megabytes comes in many segments; several requests may come in one."""

    async def talk() -> None:
        path = tmp_path / "a.sock"
        big = {"text": "x" * 3_000_000}
        async with sockets.serving(path, echo):
            assert (await told(path, big))["echo"] == big
            replies = await raw(path, b'{"a":1}\n{"a":2}\n{"half":')
            assert [reply.get("echo", {}).get("a") for reply in replies[:2]] == [1, 2]

    asyncio.run(talk())


def test_a_failing_handler_tells_no_secrets(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: Any, __: sockets.Peer, ___: sockets.Send) -> None:
        raise UnforeseenError("somekey1")

    async def talk() -> list[dict[str, Any]]:
        path = tmp_path / "a.sock"
        async with sockets.serving(path, fail):
            return await raw(path, b"{}\n")

    replies = asyncio.run(talk())
    assert "somekey1" not in json.dumps(replies)
    assert replies[0]["status"] == 1
    assert "somekey1" in caplog.text


class UnforeseenError(RuntimeError):
    """An error that nobody foresaw."""


def test_the_blocking_client_reads_all_and_has_a_deadline(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    listener = sockets.listen(path)
    listener.setblocking(True)

    def serve() -> None:
        first, _ = listener.accept()
        with first:
            first.recv(1000)
            first.sendall(b'{"n":1}\n{"n"')
            first.sendall(b":2}\n")
        second, _ = listener.accept()
        with second:
            second.recv(1000)
            second.recv(1000)  # until the client gives up

    thread = threading.Thread(target=serve)
    thread.start()
    assert list(sockets.ask(path, {}, deadline=10)) == [{"n": 1}, {"n": 2}]
    with pytest.raises(HostFault, match="did not answer"):
        list(sockets.ask(path, {}, deadline=0.05))
    thread.join()
    listener.close()


def test_nobody_there_is_told_with_its_cure(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    with pytest.raises(HostFault, match=r"the agent is not running .*Start ipsec-client agent"):
        list(sockets.ask(path, {}))
    with pytest.raises(HostFault, match="not running"):
        asyncio.run(told(path, {}))


def test_silence_has_an_end(tmp_path: Path) -> None:
    async def talk() -> None:
        path = tmp_path / "a.sock"
        never = asyncio.Event()

        async def mute(_: Any, __: sockets.Peer, ___: sockets.Send) -> None:
            await never.wait()

        async with sockets.serving(path, mute):
            with pytest.raises(HostFault, match="said nothing"):
                async for _ in sockets.asked(path, {}, silence=0.05):
                    pass

    asyncio.run(talk())


def test_the_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert sockets.socket_path("agent") != tmp_path / "agent.sock"
    monkeypatch.setenv("IPSEC_CLIENT_RUN", str(tmp_path))
    assert sockets.socket_path("agent") == tmp_path / "agent.sock"
