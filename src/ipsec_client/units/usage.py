"""What a process uses, from /proc (proc(5)): for who asks where nobody else counts."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from ipsec_client.units.port import UnitState

_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
_USER, _SYSTEM = 11, 12  # fields 14 and 15 of /proc/PID/stat, counted behind the name


def completed(state: UnitState) -> UnitState:
    """The state with what the unit itself does not know of processor and memory."""
    if not state.pid:
        return state
    cpu, memory = state.cpu_seconds, state.memory
    return replace(
        state,
        cpu_seconds=cpu_seconds(state.pid) if cpu is None else cpu,
        memory=resident(state.pid) if memory is None else memory,
    )


def cpu_seconds(pid: int) -> float | None:
    """Seconds of processor it has used, its threads together; None for one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int | None:
    """Bytes of memory that are its own, shared ones in equal parts (PSS); None where that is not told."""
    try:
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
