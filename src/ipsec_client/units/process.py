"""One running process, started by us or found again: its end is awaited through a pidfd, never polled for."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Process:
    """A process that ``pid`` and ``born`` name for good; ``since`` is the wall clock of its start.

    ``turn`` is set when it is to do its work: at once, unless it was started ahead.
    """

    pid: int
    born: int  # clock ticks from boot to its start: field 22 of /proc/PID/stat, proc(5)
    since: float
    argv: tuple[str, ...]
    handle: int = field(repr=False)
    popen: subprocess.Popen[bytes] | None = None
    turn: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @classmethod
    def started(cls, popen: subprocess.Popen[bytes], argv: tuple[str, ...]) -> Process:
        """A child of ours; it cannot be reaped, so its pid cannot be another's, before we ask."""
        handle = os.pidfd_open(popen.pid)
        return cls(popen.pid, born_at(popen.pid), time.time(), argv, handle, popen)

    @classmethod
    def found(cls, record: Mapping[str, Any]) -> Process | None:
        """The process that ``record`` was written of; None when it has ended, whoever has its pid now."""
        try:
            pid, born = int(record["pid"]), int(record["born"])
            handle = os.pidfd_open(pid)
        except (KeyError, TypeError, ValueError, OSError):
            return None
        if born_at(pid) != born:
            os.close(handle)
            return None
        argv = tuple(map(str, record.get("argv", ())))
        return cls(pid, born, float(record.get("since", 0.0)), argv, handle)

    def record(self) -> dict[str, Any]:
        """What ``found`` needs to know it again."""
        return {"pid": self.pid, "born": self.born, "since": self.since, "argv": list(self.argv)}

    async def ended(self) -> str:
        """Waits for its end and tells how it came: ``status 1``, ``SIGKILL``."""
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        loop.add_reader(self.handle, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(self.handle)
        os.close(self.handle)
        self.handle = -1
        return "ended unseen" if self.popen is None else told(self.popen.wait())

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal; nothing happens to one that has ended."""
        if self.handle >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.handle, number)


def put_before(nice: int, pid: int) -> None:
    """Gives a process a niceness, -20 (first) to 19 (only when nothing else wants to run), where we may."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, nice)


def born_at(pid: int) -> int:
    """A process's start in clock ticks since boot (proc(5)); -1 when it has ended, reaped or not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return -1
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return -1 if fields[0] in "ZX" else int(fields[19])


def told(status: int) -> str:
    """How a process ended, in words; a negative ``status`` is the signal that ended it."""
    if status >= 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
