from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ipsec_client.base.errors import Fault
from ipsec_client.units.keeper import LONGEST_PAUSE, Child, Keeper, pause

SLEEPER = ("/bin/sleep", "1000")
DEAF = ("/bin/sh", "-c", 'trap "" TERM; echo deaf; exec sleep 1000')


class Watched:
    """A keeper whose changes can be awaited, and what it told."""

    def __init__(self, child: Child) -> None:
        self.lines: list[str] = []
        self._changes = asyncio.Event()
        self.keeper = Keeper(child, self._changes.set, self.lines.append)

    async def until(self, condition: Callable[[Keeper], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition(self.keeper):
                self._changes.clear()
                await self._changes.wait()


def keeping(child: Child, body: Callable[[Watched], Awaitable[None]]) -> Watched:
    async def main() -> Watched:
        watched = Watched(child)
        try:
            await body(watched)
        finally:
            await watched.keeper.stop()
        return watched

    return asyncio.run(main())


def test_a_killed_child_runs_again_as_another_process() -> None:
    async def body(watched: Watched) -> None:
        await watched.keeper.start()
        first = watched.keeper.state
        os.kill(first.pid, signal.SIGKILL)
        await watched.until(lambda keeper: keeper.state.pid not in (0, first.pid))
        second = watched.keeper.state
        assert (second.restarts, second.last_exit) == (1, "SIGKILL")

    watched = keeping(Child("x", SLEEPER), body)
    assert watched.lines == ["x: SIGKILL; started again at once"]


def test_a_stopped_child_is_gone_and_stays_so() -> None:
    async def body(watched: Watched) -> None:
        await watched.keeper.start()
        pid = watched.keeper.state.pid
        await watched.keeper.stop()
        assert not Path(f"/proc/{pid}").exists()
        state = watched.keeper.state
        assert (state.running, state.restarts, state.last_exit) == (False, 0, "SIGTERM")

    keeping(Child("x", SLEEPER), body)


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    child = Child("x", DEAF, out=out, patience=0.05)

    async def body(watched: Watched) -> None:
        await watched.keeper.start()
        while not out.exists() or not out.read_bytes():  # its trap is set once it has spoken
            await asyncio.sleep(0.005)
        await watched.keeper.stop()
        assert watched.keeper.state.last_exit == "SIGKILL"

    keeping(child, body)


def test_a_first_start_that_fails_is_told_and_tried_again() -> None:
    tries: list[int] = []

    def before() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise Fault("namespace c1 does not exist")

    async def body(watched: Watched) -> None:
        with pytest.raises(Fault, match="x does not run: namespace c1 does not exist"):
            await watched.keeper.start()
        await watched.until(lambda keeper: keeper.state.running)

    keeping(Child("x", SLEEPER, before=before), body)
    assert len(tries) == 2


def test_no_room_for_a_thread_is_waited_out() -> None:
    tries: list[int] = []

    def before() -> None:
        tries.append(1)
        if len(tries) == 2:
            raise RuntimeError("can't start new thread")

    async def body(watched: Watched) -> None:
        await watched.keeper.start()
        os.kill(watched.keeper.state.pid, signal.SIGKILL)
        await watched.until(lambda keeper: len(tries) == 3 and keeper.state.running)

    keeping(Child("x", SLEEPER, before=before), body)


def test_a_mistake_of_ours_in_the_preparation_holds_nobody() -> None:
    def before() -> None:
        raise ZeroDivisionError

    async def main() -> None:
        watched = Watched(Child("x", SLEEPER, before=before))
        with pytest.raises(Fault, match="x does not run"):
            await watched.keeper.start()
        with pytest.raises(ZeroDivisionError):
            await watched.keeper.stop()

    asyncio.run(main())


def test_a_stop_while_it_is_started_again_wins() -> None:
    """The stop comes during the preparation: nothing may be left running when it returns."""
    begun, go = threading.Semaphore(0), threading.Semaphore(1)

    def before() -> None:
        begun.release()
        go.acquire(timeout=10)

    async def body(watched: Watched) -> None:
        await watched.keeper.start()
        begun.acquire()
        os.kill(watched.keeper.state.pid, signal.SIGKILL)
        await asyncio.to_thread(begun.acquire)
        stop = asyncio.create_task(watched.keeper.stop())
        await asyncio.sleep(0)
        go.release()
        await stop
        assert watched.keeper.state.restarts == 1
        assert watched.keeper.state.last_exit == "SIGTERM"

    keeping(Child("x", SLEEPER, before=before), body)


def test_restart_gives_another_process_that_nobody_counts_as_a_failure() -> None:
    async def body(watched: Watched) -> None:
        await watched.keeper.start()
        first = watched.keeper.state.pid
        await watched.keeper.restart()
        assert watched.keeper.state.pid not in (0, first)
        assert watched.keeper.state.restarts == 0

    keeping(Child("x", SLEEPER), body)


def test_the_first_restart_is_at_once_and_later_ones_wait_longer() -> None:
    pauses = [pause(failures) for failures in range(1, 12)]
    assert pauses[0] == 0.0
    assert pauses[1] == 0.2
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
