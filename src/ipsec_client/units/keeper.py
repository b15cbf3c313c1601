"""Keeps one child running: started at once when it ends, ever later when it ends again and again."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ipsec_client.base import run
from ipsec_client.base.errors import Fault
from ipsec_client.units import signs
from ipsec_client.units.port import UnitState
from ipsec_client.units.process import Process, put_before

SETTLED = 3.0
"""Seconds of life after which an end is the first of its kind again."""

LONGEST_PAUSE = 30.0

SPARE_AFTER = 2.0
"""Seconds of life after which a child gets its spare."""

ONCE_MORE = 1.0
"""Seconds for a sign of life that may wait to be read, when we ourselves were kept from running."""

LATER = 5
"""Niceness of a spare while it starts: behind agent and pluto, yet not behind all else. One that takes long to be
ready on a busy machine is none for as long.
"""


def pause(failures: int) -> float:
    """Seconds to wait before the next start, after so many quick ends in a row; none after the first."""
    return min(LONGEST_PAUSE, 0.2 * 2 ** (failures - 2)) if failures > 1 else 0.0


@dataclass(frozen=True, slots=True)
class Child:
    """What a child is made of. ``before`` is called in a thread before each start, ``inside`` just at it.

    ``out`` takes what it prints; ``patience`` is the time in seconds it has to end after SIGTERM.

    With ``spare`` a second process is started ahead, waits for its turn (``supervised.await_turn``), and
    takes over when the first ends: so a child that starts slowly is back at once. ``nice`` is its niceness.

    With a ``watchdog`` it is ended, and started again, when it has given no sign of life for so many seconds.
    """

    name: str
    argv: tuple[str, ...]
    before: Callable[[], None] | None = None
    inside: Callable[[], None] | None = None
    out: Path | None = None
    patience: float = 5.0
    spare: bool = False
    nice: int = 0
    watchdog: float = 0.0

    def begin(self) -> Process:
        """Prepares and starts it; blocks while that takes."""
        if self.before is not None:
            self.before()
        extra = signs.surroundings(self.watchdog) if self.watchdog else None
        popen = run.spawn(self.argv, inside=self.inside, out=self.out, extra=extra)
        put_before(self.nice, popen.pid)
        return Process.started(popen, self.argv)


class Keeper:
    """One child, whether it is wanted, and what has become of it. ``tell`` is given lines for a person.

    ``changed`` is called whenever another process, or none, is the child, and when it becomes wanted.
    """

    def __init__(
        self,
        child: Child,
        changed: Callable[[], None],
        tell: Callable[[str], None],
        found: Process | None = None,
    ) -> None:
        self.child = child
        self.process: Process | None = None
        self._found = found
        self._spare: Process | None = None
        self._changed = changed
        self._tell = tell
        self._state = UnitState()
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._unwanted = asyncio.Event()
        self._tried = asyncio.Event()
        self._heard = 0.0  # monotonic, the last sign of life

    @property
    def wanted(self) -> bool:
        """Whether it is to run."""
        return self._task is not None and not self._unwanted.is_set()

    @property
    def state(self) -> UnitState:
        """The child at this instant."""
        process = self.process
        if process is None:
            return self._state
        return replace(self._state, running=True, pid=process.pid, since=process.since)

    async def start(self) -> None:
        """Has it run from now on; returns when it does, or raises the reason why the first try failed.

        It is tried again all the same, until it is stopped; meanwhile there is nothing more to do.
        """
        async with self._turn:
            if self._task is not None:
                return
            self._unwanted.clear()
            self._tried.clear()
            self._task = asyncio.create_task(self._keep())
            self._task.add_done_callback(lambda _: self._tried.set())
            self._changed()
            await self._tried.wait()
            if self.process is None:
                raise Fault(f"{self.child.name} does not run: {self._state.last_exit}")

    async def stop(self) -> None:
        """Has it run no more; returns when it has ended, by force if it does not listen."""
        async with self._turn:
            if self._task is None:
                return
            self._unwanted.set()
            demand = signal.SIGTERM
            while not self._task.done():
                if self.process is not None:
                    self.process.send(demand)
                    demand = signal.SIGKILL
                await asyncio.wait({self._task}, timeout=self.child.patience)
            self._task.result()
            self._task = None
            if self._spare is not None:
                self._spare.send(signal.SIGKILL)
                await self._spare.ended()
                self._spare = None

    async def restart(self) -> None:
        """Stops it and starts it anew."""
        await self.stop()
        await self.start()

    def sign(self, pid: int) -> None:
        """Process ``pid``, which may be any, has given a sign of life."""
        if self.process is not None and self.process.pid == pid:
            self._heard = time.monotonic()

    def process_of(self, pid: int) -> Process | None:
        """The child or its spare, if ``pid`` is one of them."""
        for process in (self.process, self._spare):
            if process is not None and process.pid == pid:
                return process
        return None

    async def _keep(self) -> None:
        failures = 0
        while not self._unwanted.is_set():
            began = time.monotonic()
            told = await self._live()
            self._state = replace(self._state, last_exit=told)
            self._tried.set()
            if self._unwanted.is_set():
                return
            failures = failures + 1 if time.monotonic() - began < SETTLED else 1
            seconds = pause(failures)
            self._tell(
                f"{self.child.name}: {told}; started again {f'in {seconds:g} s' if seconds else 'at once'}"
            )
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._unwanted.wait()
            self._state = replace(self._state, restarts=self._state.restarts + 1)

    async def _live(self) -> str:
        """One life of the child, from its start to its end; tells how that came."""
        process, self._found = self._found, None
        if process is None and self._spare is not None:
            process, self._spare = self._spare, None
            put_before(self.child.nice, process.pid)
        try:
            if process is None:
                process = await asyncio.to_thread(self.child.begin)
        except (Fault, OSError, RuntimeError) as error:  # there can be no more threads for now
            return str(error)
        self.process = process
        process.turn.set()
        self._changed()
        self._tried.set()
        if self._unwanted.is_set():  # while it was being started
            process.send(signal.SIGTERM)
        beside = {
            asyncio.create_task(self._have_spare()),
            asyncio.create_task(self._watch(process)),
        }
        try:
            return await process.ended()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
            self.process = None
            self._changed()

    async def _watch(self, process: Process) -> None:
        """Ends the process when it has given no sign of life for too long: by SIGABRT, as systemd does."""
        self._heard = time.monotonic()
        warned = False
        while self.child.watchdog:
            left = self._heard + self.child.watchdog - time.monotonic()
            if left <= 0 and warned:
                break
            warned = left <= 0
            await asyncio.sleep(ONCE_MORE if warned else left)
        else:
            return
        self._tell(f"{self.child.name}: no sign of life for {self.child.watchdog:g} s; it is ended")
        process.send(signal.SIGABRT)
        await asyncio.sleep(self.child.patience)
        process.send(signal.SIGKILL)

    async def _have_spare(self) -> None:
        """Keeps a spare ready until cancelled; then it is left for the next life."""
        while self.child.spare:
            await asyncio.sleep(SPARE_AFTER)
            with suppress(Fault, OSError, RuntimeError):
                self._spare = await self._begun_whole()
                put_before(LATER, self._spare.pid)
                await self._spare.ended()
                self._spare = None

    async def _begun_whole(self) -> Process:
        """A spare just started. Cancelled in the midst of that, the process is there all the same, and is kept."""
        beginning = asyncio.ensure_future(asyncio.to_thread(self.child.begin))
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            with suppress(Fault, OSError):
                self._spare = await beginning
            raise
