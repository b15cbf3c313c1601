from __future__ import annotations

import mmap
import os
import time
from pathlib import Path

import pytest

from ipsec_client.units.usage import usage


def test_processor_time_and_memory_are_the_processes_own() -> None:
    before = usage([os.getpid()])
    while time.process_time() < before[0] + 0.1:
        pass
    size = 64 << 20
    with mmap.mmap(-1, size) as held:  # new pages, whatever the process has freed before
        held.write(b"x" * size)
        after = usage([os.getpid()])
    assert after[0] >= before[0] + 0.05
    assert after[1] >= before[1] + size // 2
    once, twice = usage([os.getpid()]), usage([os.getpid(), os.getpid()])
    assert twice[1] > once[1] * 1.5


def test_one_that_has_ended_costs_nothing() -> None:
    assert usage([2**22 + 1]) == (0.0, 0)


def test_without_pss_it_is_what_is_resident(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_text

    def refused(path: Path) -> str:
        if path.name == "smaps_rollup":
            raise PermissionError(path)
        return read(path)

    monkeypatch.setattr(Path, "read_text", refused)
    resident = int(read(Path("/proc/self/statm")).split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert abs(usage([os.getpid()])[1] - resident) < (8 << 20)
