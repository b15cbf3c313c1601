"""The conductor's process with a real agent socket beside it, asked over its own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ipsec_client.base import sockets
from ipsec_client.base.errors import Fault, UsageFault
from ipsec_client.conductor.main import serve
from ipsec_client.faces import service, terminal
from ipsec_client.wire.request import Json, Reply, Request, Say

from .sample import addresses, text

Scene = Callable[[asyncio.Queue[Json]], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_RUN", str(tmp_path / "run"))
    monkeypatch.setenv("IPSEC_CLIENT_STATE", str(tmp_path / "state"))


@asynccontextmanager
async def agent() -> AsyncIterator[asyncio.Queue[Json]]:
    """An agent that takes every document; what it took."""
    taken: asyncio.Queue[Json] = asyncio.Queue()

    async def apply(request: Request, _: Say) -> Json:
        taken.put_nowait(request.body["document"])
        return {}

    async with service.serving(sockets.socket_path("agent"), {"apply": apply}):
        yield taken


async def ask(kind: str, **body: Json) -> tuple[str, Reply]:
    """The text and the end of an answer of the conductor."""
    shown = ""
    request = Request(os.urandom(4).hex(), kind, body)
    messages = sockets.asked(sockets.socket_path("conductor"), request.to_json(), silence=20)
    async with aclosing(messages) as replies:
        async for message in replies:
            reply = Reply.from_json(message)
            shown += reply.text
            if reply.status is not None:
                return shown, reply
    raise AssertionError("no answer")


def conducted(file: Path | None, scene: Scene, run: str = "") -> int:
    """The exit status of a conductor that is ended by SIGTERM after the scene."""

    async def conduct() -> int:
        async with agent() as taken:
            conducting = asyncio.ensure_future(serve(file, terminal.serving, run=run))
            try:
                await asyncio.wait_for(scene(taken), 30)
            finally:
                if not conducting.done():
                    os.kill(os.getpid(), signal.SIGTERM)
            return await asyncio.wait_for(conducting, 30)

    return asyncio.run(conduct())


def test_a_file_is_committed_sent_and_answered_for(tmp_path: Path) -> None:
    file = tmp_path / "page.conf"
    file.write_text(text("rem1", "rem2"))

    async def scene(taken: asyncio.Queue[Json]) -> None:
        document = await taken.get()
        assert addresses(document)["rem2"] == "169.254.129.9"
        shown, end = await ask("command", line="show config running authority router router1")
        assert end.status == 0
        assert "(removed)" in shown
        assert "somekey1" not in shown
        _, hello = await ask("hello")
        assert hello.data["daemon"] == "conductor"
        assert hello.data["prompt"].endswith("@node1.router1# ")

    assert conducted(file, scene) == 0
    assert not sockets.socket_path("conductor").exists()


def test_sighup_commits_the_file_as_it_is_now(tmp_path: Path) -> None:
    file = tmp_path / "page.conf"
    file.write_text(text("rem1", "rem2"))

    async def scene(taken: asyncio.Queue[Json]) -> None:
        before = await taken.get()
        file.write_text(text("rem2"))
        os.kill(os.getpid(), signal.SIGHUP)
        after = await taken.get()
        assert addresses(after) == {
            "client1": "169.254.129.1",
            "rem2": addresses(before)["rem2"],
        }

    assert conducted(file, scene) == 0


def test_a_refused_file_on_sighup_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "page.conf"
    file.write_text(text("rem1"))

    async def scene(taken: asyncio.Queue[Json]) -> None:
        await taken.get()
        before, _ = await ask("command", line="show config running")
        file.write_text(text("rem1").replace("\nprofile primary", "\nprofile gold"))
        os.kill(os.getpid(), signal.SIGHUP)
        after, _ = await ask("command", line="show config running")
        assert after == before
        assert taken.empty()

    assert conducted(file, scene) == 0
    assert f"{file}:" in capsys.readouterr().err


def test_a_refused_file_starts_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.conf"
    file.write_text(text("rem1").replace("\nprofile primary", "\nprofile gold"))
    assert asyncio.run(serve(file, terminal.serving)) == 1
    shown = capsys.readouterr().err
    assert shown.startswith(f"{file}:")
    assert "error: " in shown
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "state").exists()


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="cannot read"):
        asyncio.run(serve(tmp_path / "none.conf", terminal.serving))


def test_without_a_file_what_was_committed_runs_on(tmp_path: Path) -> None:
    file = tmp_path / "page.conf"
    file.write_text(text("rem1"))

    async def first(taken: asyncio.Queue[Json]) -> None:
        await taken.get()

    async def second(taken: asyncio.Queue[Json]) -> None:
        assert set(addresses(await taken.get())) == {"client1", "rem1"}

    assert conducted(file, first) == 0
    assert conducted(None, second) == 0


def test_a_second_conductor_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    file, other = tmp_path / "page.conf", tmp_path / "other.conf"
    file.write_text(text("rem1"))
    other.write_text(text("rem2"))

    async def scene(taken: asyncio.Queue[Json]) -> None:
        await taken.get()
        before, _ = await ask("command", line="show config running")
        with pytest.raises(Fault, match="another conductor is running"):
            await serve(other, terminal.serving)
        after, hello = await ask("command", line="show config running")
        assert after == before
        assert hello.status == 0

    assert conducted(file, scene) == 0


def test_within_one_run_a_restart_takes_nothing_back(tmp_path: Path) -> None:
    """As after a crash: the supervisor starts the process again, with the file that the run began with."""
    file = tmp_path / "page.conf"
    file.write_text(text("rem1"))

    async def change(taken: asyncio.Queue[Json]) -> None:
        await taken.get()
        _, done = await ask("commit", text=text("rem1", "rem2"))
        assert done.status == 0
        await taken.get()

    async def same(taken: asyncio.Queue[Json]) -> None:
        assert set(addresses(await taken.get())) == {"client1", "rem1", "rem2"}

    async def anew(taken: asyncio.Queue[Json]) -> None:
        assert set(addresses(await taken.get())) == {"client1", "rem1"}

    assert conducted(file, change, run="one") == 0
    assert conducted(file, same, run="one") == 0
    assert conducted(file, anew, run="two") == 0
