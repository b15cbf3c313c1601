from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ipsec_client.base import sockets
from ipsec_client.base.errors import Fault
from ipsec_client.units import notify, signs
from ipsec_client.units import supervisor as supervisor_module
from ipsec_client.units.keeper import Child
from ipsec_client.units.port import CLIENT, UnitState
from ipsec_client.units.process import Process
from ipsec_client.units.supervised import Supervised, await_turn
from ipsec_client.units.supervisor import Supervisor

SLEEPER = ("/bin/sleep", "1000")
AGENT = Child("agent", SLEEPER)

LEFT_BEHIND = """
import asyncio, os, sys
from ipsec_client.units.keeper import Child
from ipsec_client.units.supervised import Supervised
from ipsec_client.units.supervisor import Supervisor

async def main():
    child = Child("agent", ("/bin/sleep", "1000"))
    supervisor = Supervisor([child], lambda name: Child("128t-ipsec@" + name, child.argv), print)
    async with supervisor.serving():
        await supervisor.start("agent")
        await asyncio.to_thread(Supervised().start, "c1")
        sys.stdout.write("ready\\n")
        sys.stdout.flush()
        await asyncio.sleep(1000)

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IPSEC_CLIENT_RUN", str(tmp_path))
    return tmp_path


def client_child(client: str) -> Child:
    return Child(CLIENT + client, SLEEPER)


def supervising(
    body: Callable[[Supervisor], Awaitable[None]],
    *,
    agent: Child = AGENT,
    client: Callable[[str], Child] = client_child,
) -> list[str]:
    told: list[str] = []

    async def main() -> None:
        supervisor = Supervisor([agent], client, told.append)
        async with supervisor.serving():
            try:
                await body(supervisor)
            finally:
                await supervisor.end()

    asyncio.run(main())
    return told


def asked(do: Callable[[str], Any], client: str = "c1") -> Awaitable[Any]:
    return asyncio.to_thread(do, client)


def test_a_client_is_started_watched_and_stopped_on_request(folder: Path) -> None:
    units = Supervised()

    async def body(_: Supervisor) -> None:
        await asked(units.start)
        state = await asked(units.state)
        assert state.running
        await asked(units.start)
        assert (await asked(units.state)).pid == state.pid
        await asked(units.stop)
        assert not (await asked(units.state)).running
        assert not Path(f"/proc/{state.pid}").exists()

    supervising(body)
    assert not (folder / "supervisor.json").exists()


def test_every_unit_is_told_of_with_what_it_uses() -> None:
    async def body(supervisor: Supervisor) -> None:
        await supervisor.start("agent")
        await asked(Supervised().start)
        await asked(Supervised().stop)
        states = await asyncio.to_thread(Supervised().states)
        assert set(states) == {"agent", CLIENT + "c1"}
        assert states["agent"].running
        assert states["agent"].memory > 4096
        stopped = states[CLIENT + "c1"]
        assert (stopped.running, stopped.cpu_seconds, stopped.memory) == (False, 0.0, 0)

    supervising(body)


ALIVE = """
import asyncio
from ipsec_client.units.notify import at_work

async def main():
    async with at_work():
        await asyncio.sleep(1000)

asyncio.run(main())
"""


def test_one_that_hangs_is_ended_and_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipsec_client.units.keeper.ONCE_MORE", 0.1)
    living = (sys.executable, "-c", ALIVE)

    async def body(supervisor: Supervisor) -> None:
        await supervisor.start("agent")
        first = (await asyncio.to_thread(Supervised().states))["agent"]
        await asyncio.sleep(4.5)  # longer than it may be silent: it is not
        states = await asyncio.to_thread(Supervised().states)
        assert states["agent"].pid == first.pid
        os.kill(first.pid, signal.SIGSTOP)
        while (await asyncio.to_thread(Supervised().states))["agent"].pid in (0, first.pid):
            await asyncio.sleep(0.05)
        last = (await asyncio.to_thread(Supervised().states))["agent"].last_exit
        assert last in ("SIGABRT", "SIGKILL")  # who is stopped hears of the second alone

    told = supervising(body, agent=Child("agent", living, watchdog=3.0, patience=0.5))
    assert told[0] == "agent: no sign of life for 3 s; it is ended"


def test_signs_of_life_of_others_count_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipsec_client.units.keeper.ONCE_MORE", 0.1)

    async def body(supervisor: Supervisor) -> None:
        monkeypatch.setenv("NOTIFY_SOCKET", str(signs.address()))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        await supervisor.start("agent")
        first = (await asyncio.to_thread(Supervised().states))["agent"].pid
        async with notify.at_work():
            while (await asyncio.to_thread(Supervised().states))["agent"].pid in (0, first):
                await asyncio.sleep(0.05)

    supervising(body, agent=Child("agent", SLEEPER, watchdog=1.0))


def test_a_client_that_cannot_start_says_why() -> None:
    def before() -> None:
        raise Fault("namespace c1 does not exist")

    async def body(_: Supervisor) -> None:
        with pytest.raises(Fault, match="128t-ipsec@c1 does not run: namespace c1 does not exist"):
            await asked(Supervised().start)

    supervising(body, client=lambda name: Child(CLIENT + name, SLEEPER, before=before))


def test_a_repeated_request_is_answered_from_memory() -> None:
    async def body(_: Supervisor) -> None:
        await asked(Supervised().start)
        request = {"format": 1, "id": "7", "kind": "unit-restart", "body": {"client": "c1"}}
        path = sockets.socket_path("supervisor")
        pids = [
            (await asyncio.to_thread(lambda: next(sockets.ask(path, request))))["data"]["pid"]
            for _ in range(2)
        ]
        assert pids[0] == pids[1] == (await asked(Supervised().state)).pid

    supervising(body)


@pytest.mark.parametrize(
    "request_",
    [
        {"format": 1, "id": "1", "kind": "unit-start", "body": {}},
        {"format": 1, "id": "1", "kind": "reboot", "body": {"client": "c1"}},
        {"format": 9, "id": "1", "kind": "unit-start", "body": {"client": "c1"}},
    ],
)
def test_what_is_not_understood_is_refused(request_: dict[str, Any]) -> None:
    async def body(_: Supervisor) -> None:
        path = sockets.socket_path("supervisor")
        reply = await asyncio.to_thread(lambda: next(sockets.ask(path, request_)))
        assert reply["status"] == 1
        assert reply["error"]

    supervising(body)


@pytest.fixture
def left(folder: Path) -> Iterator[dict[str, int]]:
    """Pids of an agent and a client whose supervisor was killed."""
    first = subprocess.Popen([sys.executable, "-c", LEFT_BEHIND], stdout=subprocess.PIPE, text=True)
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == "ready\n"
        first.kill()
    children = json.loads((folder / "supervisor.json").read_text())["children"]
    pids = {name: record["pid"] for name, record in children.items()}
    yield pids
    for pid in pids.values():
        end(pid)


def test_what_an_earlier_supervisor_left_is_adopted(left: dict[str, int]) -> None:
    async def body(supervisor: Supervisor) -> None:
        await supervisor.start("agent")
        state: UnitState = await asked(Supervised().state)
        assert state.pid == left["128t-ipsec@c1"]

    told = supervising(body)
    assert [line for line in told if "is kept" in line] == [
        f"agent: runs already (process {left['agent']}); it is kept",
        f"128t-ipsec@c1: runs already (process {left['128t-ipsec@c1']}); it is kept",
    ]
    for pid in left.values():
        assert gone(pid)


def test_an_adopted_child_that_ends_is_started_again(left: dict[str, int]) -> None:
    async def body(_: Supervisor) -> None:
        os.kill(left["128t-ipsec@c1"], signal.SIGKILL)
        async with asyncio.timeout(20):
            while (await asked(Supervised().state)).pid in (0, left["128t-ipsec@c1"]):
                await asyncio.sleep(0.005)

    supervising(body)


def test_what_is_to_run_otherwise_now_is_replaced(left: dict[str, int]) -> None:
    async def body(_: Supervisor) -> None:
        assert gone(left["agent"])

    supervising(body, agent=Child("agent", ("/bin/sleep", "999")))


def test_a_request_waits_until_all_is_adopted(
    left: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, nobody knows that the client's pluto runs already, and a second one would be started."""
    real = supervisor_module._dismiss

    async def main() -> None:
        async def dismiss(process: Process) -> None:
            request = asyncio.create_task(asyncio.to_thread(Supervised().start, "c1"))
            await asyncio.sleep(0.3)
            requests.append(request)
            await real(process)

        requests: list[asyncio.Task[None]] = []
        monkeypatch.setattr(supervisor_module, "_dismiss", dismiss)
        other = Child("agent", ("/bin/sleep", "999"))
        supervisor = Supervisor([other], client_child, told.append)
        async with supervisor.serving():
            await requests[0]
            assert (await asked(Supervised().state)).pid == left["128t-ipsec@c1"]
            await supervisor.end()

    told: list[str] = []
    asyncio.run(main())
    assert any("128t-ipsec@c1: runs already" in line for line in told)
    assert gone(left["128t-ipsec@c1"])


def test_a_full_disk_costs_the_note_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    async def body(supervisor: Supervisor) -> None:
        await supervisor.start("agent")
        first = supervisor._keepers["agent"].state.pid
        monkeypatch.setattr("ipsec_client.base.files.replace", full)
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(20):
            while supervisor._keepers["agent"].state.pid in (0, first):
                await asyncio.sleep(0.005)

    assert "cannot note what runs: No space left on device" in supervising(body)


def test_a_client_that_died_unsupervised_is_started_again(left: dict[str, int]) -> None:
    end(left["128t-ipsec@c1"])

    async def body(_: Supervisor) -> None:
        assert (await asked(Supervised().state)).running

    supervising(body)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "{",
        "[]",
        '{"format": 1}',
        '{"format": 1, "children": []}',
        '{"format": 1, "children": {"agent": 5, "x": {}}}',
        '{"format": 2, "children": {"agent": {}}}',
    ],
)
def test_a_note_that_cannot_be_read_is_no_note(folder: Path, note: str) -> None:
    (folder / "supervisor.json").write_text(note)

    async def body(supervisor: Supervisor) -> None:
        await supervisor.start("agent")

    supervising(body)


def test_a_pid_that_is_another_process_now_is_not_adopted(folder: Path) -> None:
    record = {"pid": os.getpid(), "born": 1, "since": 0.0, "argv": list(SLEEPER)}
    note = {"format": 1, "children": {"agent": record}}
    (folder / "supervisor.json").write_text(json.dumps(note))

    async def body(supervisor: Supervisor) -> None:
        await supervisor.start("agent")

    assert not [line for line in supervising(body) if "is kept" in line]


SPARED = """
import os, sys, time
from ipsec_client.units.supervised import await_turn

await_turn()
with open(sys.argv[1], "a") as file:
    print(os.getpid(), file=file)
time.sleep(1000)
"""


def test_a_spare_waits_and_takes_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that works after the first was killed had been started before that."""
    monkeypatch.setattr("ipsec_client.units.keeper.SPARE_AFTER", 0.0)
    worked = folder / "worked"
    agent = Child("agent", (sys.executable, "-c", SPARED, str(worked)), spare=True)
    spares: list[int] = []

    async def workers(count: int) -> list[int]:
        async with asyncio.timeout(20):
            while True:
                pids = worked.read_text().split() if worked.exists() else []
                if len(pids) == count:
                    return [int(pid) for pid in pids]
                await asyncio.sleep(0.005)

    async def body(supervisor: Supervisor) -> None:
        await supervisor.start("agent")
        first = (await workers(1))[0]
        async with asyncio.timeout(20):
            while not (ahead := [pid for pid in children_of(os.getpid()) if pid != first]):
                await asyncio.sleep(0.005)
        spares.extend(ahead)
        os.kill(first, signal.SIGKILL)
        assert await workers(2) == [first, *ahead]

    supervising(body, agent=agent)
    assert gone(spares[0])
    assert not children_of(os.getpid())


def test_who_was_not_started_by_the_supervisor_gets_no_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ipsec_client.units.supervisor._KNOWN_SOON", 1)

    async def body(_: Supervisor) -> None:
        with pytest.raises(Fault, match="was not started by this supervisor"):
            await asyncio.to_thread(await_turn)

    supervising(body)


def children_of(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for threads in lists for child in threads.read_text().split()]


def end(pid: int) -> None:
    while not gone(pid):
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)


def gone(pid: int) -> bool:
    """Whether the process has ended; an orphan may stay a zombie until its new parent looks."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True
