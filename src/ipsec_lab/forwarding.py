"""Gives packets the processor first, in a guest: its only one must play all machines of the lab at once."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def packets_first() -> None:
    """Has the kernel thread that passes packets on run before all programs.

    Once the kernel has left its packets to that thread they wait until it is scheduled, behind any program
    that just starts: 200 ms were seen, which is a gap of this machine's making.
    """
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # others end meanwhile
            if (folder / "comm").read_text().startswith("ksoftirqd/"):
                os.sched_setscheduler(int(folder.name), os.SCHED_FIFO, os.sched_param(1))
