"""Libreswan's own pluto under our supervisor, in a namespace: it gives signs of life, and one that hangs is replaced.

No tunnel, so no ESP.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ipsec_client.app import pluto
from ipsec_client.base.secret import Secret
from ipsec_client.kernel import namespaces
from ipsec_client.pluto import prepare
from ipsec_client.pluto.layout import PLUTO, Layout
from ipsec_client.units.port import CLIENT
from ipsec_client.units.supervisor import Supervisor

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not Path(PLUTO).exists(), reason="needs root and Libreswan"
)

WATCHDOG = 2.0
"""Seconds; pluto counts in whole ones, and gives a sign in half of them."""

SIGNS = 3
"""As many as it takes to outlive WATCHDOG: whoever gave but the first would have been ended."""


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A namespace, and folders of its own for what runs in it."""
    monkeypatch.setenv("IPSEC_CLIENT_RUN", str(tmp_path / "run"))
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path / "log"))
    for folder in ("run", "log"):
        (tmp_path / folder).mkdir()
    name = f"watched{os.getpid()}"[-12:]
    namespaces.create(name, lambda: None)
    yield name
    namespaces.delete(name)


def test_pluto_gives_signs_of_life_and_one_that_hangs_is_ended_and_started_again(
    client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pluto, "WATCHDOG", WATCHDOG)
    layout = Layout.of(client)
    prepare.give(layout, "config setup\n\tlisten-tcp=no\n", Secret(""))
    lines: list[str] = []

    async def watched() -> None:
        heard: asyncio.Queue[int] = asyncio.Queue()

        def child(name: str) -> object:
            return replace(pluto.child(name), patience=0.2)

        supervisor = Supervisor([], child, lines.append)  # type: ignore[arg-type]
        taken = supervisor._sign

        def sign(pid: int) -> None:
            heard.put_nowait(pid)
            taken(pid)

        monkeypatch.setattr(supervisor, "_sign", sign)
        async with asyncio.timeout(30), supervisor.serving():
            keeper = supervisor._client(client)
            try:
                await keeper.start()
                first = keeper.state.pid
                assert [await heard.get() for _ in range(SIGNS)] == [first] * SIGNS
                os.kill(first, signal.SIGSTOP)
                while await heard.get() == first:
                    pass
                assert keeper.state.pid not in (0, first)
                assert (keeper.state.restarts, keeper.state.last_exit) == (1, "SIGKILL")
            finally:
                await supervisor.end()

    asyncio.run(watched())
    hung = f"{CLIENT}{client}: no sign of life for 2 s; it is ended"
    assert [line for line in lines if hung in line] == lines[:1]
