"""Commits to be confirmed, with a real agent over its socket: killed in between, its conductor gone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ipsec_client.base import sockets
from ipsec_client.base.clock import Now
from ipsec_client.base.errors import HostFault
from ipsec_client.conductor import commits
from ipsec_client.conductor.conductor import Conductor
from ipsec_client.conductor.datastore.store import Datastore
from ipsec_client.conductor.deployer import Local
from ipsec_client.model.elements import Authority, Node, Router
from ipsec_client.wire.document import Confirm, Document, to_json
from ipsec_client.wire.request import Reply, Request

AGENT = """
import sys
from ipsec_client.agent import node
from ipsec_client.app.main import main

class Still:
    def __init__(self, ledger):
        self.failures = {}

    async def kernel(self, namespaces, wanted):
        return []

node.Workshop = Still
sys.exit(main(["agent"]))
"""
"""The agent, but for its hands: the machine that the test runs on stays as it is."""

ONE = Document("1", Authority(router=(Router(name="r", node=(Node(name="n"),)),)))
LEFT = 1.0
"""Seconds; it is killed as soon as it has answered."""


@contextmanager
def agent(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", AGENT], cwd=folder)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def _ask(request: Request) -> Any:
    async for message in sockets.asked(sockets.socket_path("agent"), request.to_json()):
        reply = Reply.from_json(message)
        if reply.status is not None:
            return reply.result()
    raise HostFault("it ended")


def ask(kind: str, **body: Any) -> Any:
    """What the agent answers, as soon as it is there."""
    request = Request(os.urandom(8).hex(), kind, body)
    deadline = time.monotonic() + 30
    while True:
        try:
            return asyncio.run(_ask(request))
        except HostFault:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def report(*, until: str) -> dict[str, Any]:
    """The report in which this document is in force."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found: dict[str, Any] = ask("report")
        if found["document"] == until:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{until} is not in force: {found}")


TEXT = """
authority
 tenant t
 exit
 service s
  address 10.1.0.0/16
  access-policy t
  exit
 exit
 router r
  node n
  exit
 exit
exit
"""


async def _committed_and_gone(folder: Path) -> str:
    """A conductor commits, and once more to be confirmed; it has no more part in that than to send it."""
    store = Datastore(folder / "conductor")
    conductor = Conductor(store, Local(), Now.read)
    rollout = asyncio.ensure_future(conductor._commits._rollout.run())
    first = await conductor.commit_text(conductor.prepare(TEXT), "root")
    await _report(lambda found: found["document"] == str(first.version))
    authority = conductor.prepare(TEXT.replace("10.1", "10.2")).authority
    place = conductor.here
    assert place is not None
    second = await conductor._commits.keep(authority, "root", place, seconds=LEFT - commits._GRACE)
    await _report(lambda found: str(second.version) in (found["document"], found["undone"]))
    rollout.cancel()
    await conductor.close()
    return str(first.version)


async def _report(good: Callable[[dict[str, Any]], bool]) -> None:
    async with asyncio.timeout(30):
        while not good(await _ask(Request(os.urandom(8).hex(), "report"))):
            await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUN", "LOG", "STATE"):
        monkeypatch.setenv(f"IPSEC_CLIENT_{name}", str(tmp_path / name.lower()))


def test_what_a_conductor_cannot_take_back_any_more_the_node_does(tmp_path: Path) -> None:
    with agent(tmp_path):
        ask("report")
        first = asyncio.run(_committed_and_gone(tmp_path))
        report(until=first)
        assert ask("report")["undone"] is not None


def test_an_agent_that_was_killed_goes_back_by_itself_and_tells(
    tmp_path: Path,
) -> None:
    unconfirmed = replace(ONE, id="2", confirm=Confirm(LEFT, ONE))
    with agent(tmp_path) as process:
        assert ask("apply", document=to_json(ONE))["document"] == "1"
        assert ask("apply", document=to_json(unconfirmed))["confirm"] == pytest.approx(LEFT, abs=1)
        process.send_signal(signal.SIGKILL)
    with agent(tmp_path):
        undone = report(until="1")
        assert undone["undone"] == "2"
        assert undone["confirm"] is None
        assert "Commit undone: 2 was not confirmed in time" in ask("report")["alarms"]
        assert ask("apply", document=to_json(replace(ONE, id="2")))["undone"] is None
        assert ask("report")["alarms"] == []
