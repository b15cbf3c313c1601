"""What pluto is told after a change: no more than it must be, or SAs would end for nothing; and no less."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import time
from pathlib import Path

import pytest

from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.libreswan import Libreswan
from ipsec_client.agent.shelf import Shelf
from ipsec_client.base.errors import HostFault
from ipsec_client.base.secret import Secret
from ipsec_client.health import types as h
from ipsec_client.plan.diff import Step, diff
from ipsec_client.plan.objects import Connection
from ipsec_client.pluto import log as pluto_log
from ipsec_client.pluto.status import State
from tests.agent.playing import Whack, nobody, play, pretend_pluto

OPTIONS = (("right", "192.0.2.1"), ("mtu", "1400"), ("ikelifetime", "3600s"))


def connection(remote: str, name: str = "", **changed: str) -> Connection:
    options = tuple((key, changed.get(key, value)) for key, value in OPTIONS)
    return Connection(name or f"conn-{remote}", "c1", remote, options)


class Client:
    """A Libreswan whose pluto is this process, which answers at once."""

    def __init__(self, folder: Path) -> None:
        self.events: list[h.Event] = []
        self.loaded: asyncio.Queue[h.ConnectionState] = asyncio.Queue()
        pretend_pluto(folder / "run" / "c1")
        self.shelf = Shelf(folder / "state")
        self.pluto = Libreswan("c1", nobody(), Ledger(self.shelf), self._put, lambda *_: None)
        self.whack = Whack.latest

    def _put(self, event: h.Event) -> None:
        self.events.append(event)
        if isinstance(event, h.ConnectionState):
            self.loaded.put_nowait(event)

    async def begin(self, *connections: Connection, keys: str) -> list[str]:
        self.pluto.want(connections, "setup", Secret(keys))
        for _ in connections:
            await self.loaded.get()
        return self.whack.since()

    async def change(self, *connections: Connection, keys: str) -> list[str]:
        self.pluto.want(connections, "setup", Secret(keys))
        await self.pluto.rekey()
        for step in diff(self.pluto.given()[1:], connections):
            if step.verb != "keep":
                await self.pluto.apply(step)
        return self.whack.since()

    async def close(self) -> None:
        await self.pluto.close()
        self.shelf.close()


@pytest.fixture(autouse=True)
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(tmp_path, monkeypatch)


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

    asyncio.run(tell())


@pytest.mark.parametrize("name", ["", "other"])
def test_a_change_that_cannot_be_read_touches_nothing_and_is_taken_back_without_a_trace(
    tmp_path: Path, name: str
) -> None:
    async def tell() -> None:
        client = Client(tmp_path)
        await client.begin(REM1, keys="k")
        client.whack.complaint = "unknown word"
        assert await client.change(connection("rem1", name, right="192.0.2.9"), keys="k") == []
        assert (await client.loaded.get()).loaded == h.Loaded("refused", "unknown word")
        assert client.pluto.given()[1:] == [REM1]
        assert not [event for event in client.events if isinstance(event, h.Replacing)]
        assert await client.change(REM1, keys="k") == []
        assert (await client.loaded.get()).loaded == h.Loaded("loaded")
        await client.close()

    asyncio.run(tell())


def test_the_keys_of_a_new_remote_reach_the_pluto_that_runs(tmp_path: Path) -> None:
    async def tell() -> None:
        client = Client(tmp_path)
        await client.begin(REM1, keys="k1")
        assert await client.change(REM1, REM2, keys="k1 k2") == ["secrets k1 k2", "add conn-rem2"]
        await client.close()

    asyncio.run(tell())


def test_traffic_leaves_a_tunnel_before_its_connection_is_replaced(tmp_path: Path) -> None:
    async def tell() -> None:
        client = Client(tmp_path)
        await client.begin(REM1, REM2, keys="k")
        client.events.clear()
        await client.change(connection("rem1", right="192.0.2.9"), REM2, keys="k")
        assert client.events == [
            h.Replacing("rem1"),
            h.ConnectionState("rem1", loaded=h.Loaded("loaded")),
        ]
        await client.close()

    asyncio.run(tell())


IKE = State("conn-rem1", 3, "STATE_V2_ESTABLISHED_IKE_SA", "established IKE SA")
CHILD = State("conn-rem1", 4, "STATE_V2_ESTABLISHED_CHILD_SA", "established Child SA")
TRYING = State("conn-rem1", 5, "STATE_V2_PARENT_I1", "sent IKE_SA_INIT request")
OTHERS = State("conn-rem2", 6, "STATE_V2_ESTABLISHED_IKE_SA", "established IKE SA")


@pytest.mark.parametrize(
    ("has", "orphaned"),
    [
        ([IKE, OTHERS], True),
        ([IKE, CHILD], False),  # it is there again already
        ([IKE, TRYING], False),  # pluto is at it
        ([OTHERS], False),  # the IKE SA ended too: pluto revives that
        ([], False),
    ],
)
def test_a_child_that_ended_alone_is_told_of_if_pluto_leaves_it_at_that(
    tmp_path: Path, has: list[State], orphaned: bool
) -> None:
    async def tell() -> None:
        client = Client(tmp_path)
        await client.begin(REM1, REM2, keys="k")
        client.events.clear()
        client.whack.has = has
        client.pluto.seek("rem1")
        client.pluto.seek("rem3")  # there is none
        await asyncio.gather(*client.pluto._repairs)
        assert client.events == ([h.Orphaned("rem1")] if orphaned else [])
        await client.close()

    asyncio.run(tell())


def test_how_long_a_gateway_has_left_an_established_sa_unanswered_is_told(tmp_path: Path) -> None:
    async def tell() -> None:
        client = Client(tmp_path)
        await client.begin(REM1, keys="k")
        client.events.clear()
        line = '"conn-rem1" #7: STATE_V2_ESTABLISHED_IKE_SA: retransmission; will wait {} seconds'
        for wait in ("0.5", "1", "4"):
            note = pluto_log.read(line.format(wait))
            assert note is not None
            client.pluto._hearing.tell(note, "rem1")
        assert client.events == [h.Unanswered("rem1", past) for past in (0.0, 0.5, 3.5)]
        await client.close()

    asyncio.run(tell())


def test_an_agent_that_comes_back_gives_the_keys_again_and_loads_nothing(tmp_path: Path) -> None:
    async def tell() -> None:
        client = Client(tmp_path)
        await client.begin(REM1, REM2, keys="k")
        await client.close()
        again = Client(tmp_path)
        changed = connection("rem2", mtu="1300")  # committed while nobody was there
        assert await again.begin(REM1, changed, keys="k") == ["secrets k", "rewrite conn-rem2"]
        await again.close()

    asyncio.run(tell())


@pytest.mark.parametrize("reaped", [False, True])
def test_what_a_killed_pluto_left_is_no_pluto(tmp_path: Path, reaped: bool) -> None:
    """Else the agent would do nothing but look at it, until there is another."""

    async def look() -> None:
        client = Client(tmp_path)
        with subprocess.Popen(["/bin/sleep", "1000"]) as killed:
            killed.kill()
            while not _ended(killed.pid):
                await asyncio.sleep(0.001)
            if reaped:
                killed.wait()
            (tmp_path / "run" / "c1" / "pluto.pid").write_text(str(killed.pid))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.pluto._appearance(), 0.1)
        await client.close()

    asyncio.run(look())


def test_a_pluto_that_ends_while_it_is_greeted_is_not_told_of_as_alive_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def greet() -> None:
        with subprocess.Popen(["/bin/sleep", "1000"]) as pluto:
            client = Client(tmp_path)
            (tmp_path / "run" / "c1" / "pluto.pid").write_text(str(pluto.pid))
            greeted = asyncio.Event()
            loop = asyncio.get_running_loop()

            def listen(_: Whack) -> None:
                pluto.kill()
                while h.PlutoState(False) not in client.events:
                    time.sleep(0.001)
                loop.call_soon_threadsafe(greeted.set)

            monkeypatch.setattr(Whack, "listen", listen)
            client.pluto.want([REM1], "setup", Secret("k"))
            await asyncio.wait_for(greeted.wait(), 20)
            await asyncio.sleep(0.1)
            assert client.events == [h.PlutoState(False)]
            await client.close()

    asyncio.run(greet())


def test_where_there_is_no_room_for_a_connection_pluto_is_followed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")

    def add(*_: object, **__: object) -> None:
        raise full

    async def tell() -> None:
        client = Client(tmp_path)
        with monkeypatch.context() as room:
            room.setattr(Whack, "add", add)
            client.pluto.want([REM1], "setup", Secret("k"))
            while h.PlutoState(True) not in client.events:
                await asyncio.sleep(0.001)
            with pytest.raises(HostFault, match="No space left on device"):
                await client.pluto.apply(Step("create", REM1, "not there yet"))
        assert not client.pluto._tasks[0].done()
        await client.pluto.apply(Step("create", REM1, "not there yet"))
        assert client.pluto.given()[1:] == [REM1]
        await client.close()

    asyncio.run(tell())


def _ended(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
