"""What pluto is told after a change: no more than it must be, or SAs would end for nothing; and no less."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ipsec_client.agent import libreswan
from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.libreswan import Libreswan
from ipsec_client.agent.shelf import Shelf
from ipsec_client.base.secret import Secret
from ipsec_client.dialect.render import Conn
from ipsec_client.health import types as h
from ipsec_client.plan.diff import diff
from ipsec_client.plan.objects import Connection
from ipsec_client.pluto.control import Answer
from ipsec_client.pluto.layout import Layout
from ipsec_client.units.port import Units


class Whack:
    """A pluto's control that does nothing and remembers what it was told."""

    told: list[str]

    def __init__(self, _: Layout) -> None:
        self.told = []
        latest.append(self)

    def add(self, conn: Conn) -> Answer:
        self.told.append(f"add {conn.name}")
        return Answer(())

    def rewrite(self, conn: Conn) -> None:
        self.told.append(f"rewrite {conn.name}")

    def delete(self, name: str) -> Answer:
        self.told.append(f"delete {name}")
        return Answer(())

    def listen(self) -> Answer:
        return Answer(())

    def reread_secrets(self, secrets: Secret) -> Answer:
        self.told.append(f"secrets {secrets.reveal()}")
        return Answer(())


latest: list[Whack] = []
OPTIONS = (("right", "192.0.2.1"), ("mtu", "1400"), ("ikelifetime", "3600s"))


def connection(remote: str, name: str = "", **changed: str) -> Connection:
    options = tuple((key, changed.get(key, value)) for key, value in OPTIONS)
    return Connection(name or f"conn-{remote}", "c1", remote, options)


class Client:
    """A Libreswan whose pluto is this process, which answers at once."""

    def __init__(self, folder: Path) -> None:
        self.loaded: asyncio.Queue[h.ConnectionState] = asyncio.Queue()
        run = folder / "run" / "c1"
        run.mkdir(parents=True, exist_ok=True)
        (run / "pluto.pid").write_text(str(os.getpid()))
        (run / "pluto.ctl").touch()
        self.shelf = Shelf(folder / "state")
        self.pluto = Libreswan("c1", _units(), Ledger(self.shelf), self._put, lambda *_: None)
        self.whack = latest[-1]

    def _put(self, event: h.Event) -> None:
        if isinstance(event, h.ConnectionState):
            self.loaded.put_nowait(event)

    async def begin(self, *connections: Connection, keys: str) -> list[str]:
        self.pluto.want(connections, "setup", Secret(keys))
        for _ in connections:
            await self.loaded.get()
        return self._told()

    async def change(self, *connections: Connection, keys: str) -> list[str]:
        self.pluto.want(connections, "setup", Secret(keys))
        await self.pluto.rekey()
        for step in diff(self.pluto.given()[1:], connections):
            if step.verb != "keep":
                await self.pluto.apply(step)
        return self._told()

    async def close(self) -> None:
        await self.pluto.close()
        self.shelf.close()

    def _told(self) -> list[str]:
        told, self.whack.told = self.whack.told, []
        return told


def _units() -> Units:
    class Nobody:
        def __getattr__(self, name: str) -> Callable[..., None]:
            raise AssertionError(f"pluto is not to be {name}ed")

    return Nobody()  # type: ignore[return-value]


@pytest.fixture(autouse=True)
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libreswan, "Control", Whack)
    for name in ("RUN", "LOG"):
        monkeypatch.setenv(f"IPSEC_CLIENT_{name}", str(tmp_path / name.lower()))


def story(tell: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await tell()

    asyncio.run(run())


REM1, REM2 = connection("rem1"), connection("rem2")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (REM1, []),
        (connection("rem1", mtu="1300"), ["rewrite conn-rem1"]),
        (connection("rem1", ikelifetime="7200s"), ["add conn-rem1"]),
        (connection("rem1", mtu="1300", right="192.0.2.9"), ["add conn-rem1"]),
        (connection("rem1", "other"), ["delete conn-rem1", "add other"]),
    ],
)
def test_a_change_of_one_remote_is_told_of_it_alone(
    tmp_path: Path, changed: Connection, told: list[str]
) -> None:
    async def tell() -> None:
        client = Client(tmp_path)
        assert await client.begin(REM1, REM2, keys="k") == [
            "secrets k",
            "add conn-rem1",
            "add conn-rem2",
        ]
        assert await client.change(changed, REM2, keys="k") == told
        assert await client.change(changed, REM2, keys="k") == []
        await client.close()

    story(tell)


def test_the_keys_of_a_new_remote_reach_the_pluto_that_runs(tmp_path: Path) -> None:
    async def tell() -> None:
        client = Client(tmp_path)
        await client.begin(REM1, keys="k1")
        assert await client.change(REM1, REM2, keys="k1 k2") == ["secrets k1 k2", "add conn-rem2"]
        await client.close()

    story(tell)


def test_an_agent_that_comes_back_gives_the_keys_again_and_loads_nothing(tmp_path: Path) -> None:
    async def tell() -> None:
        client = Client(tmp_path)
        await client.begin(REM1, REM2, keys="k")
        await client.close()
        again = Client(tmp_path)
        changed = connection("rem2", mtu="1300")  # committed while nobody was there
        assert await again.begin(REM1, changed, keys="k") == ["secrets k", "rewrite conn-rem2"]
        await again.close()

    story(tell)
