"""What processes cost: processor time and memory, read from /proc (proc(5))."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def usage(pids: Iterable[int]) -> tuple[float, int]:
    """Processor seconds since their starts, and bytes of memory, of all together; those that have ended cost nothing.

    Memory is PSS: of what processes share, each its part. Where that may not be read it is what is resident.
    """
    seconds, memory = 0.0, 0
    for pid in pids:
        folder = Path("/proc", str(pid))
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            memory += _memory(folder)
        except OSError:
            continue
        seconds += (int(fields[11]) + int(fields[12])) / _TICKS  # utime, stime
    return seconds, memory


def _memory(folder: Path) -> int:
    try:
        for line in (folder / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return int((folder / "statm").read_text().split()[1]) * _PAGE
