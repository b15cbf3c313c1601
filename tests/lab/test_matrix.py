"""A seeded sample of the interop matrix: each algorithm in each version of IKE and place that allows it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ipsec_lab.matrix import rows

pytestmark = pytest.mark.patient


def test_each_algorithm_once_in_each_place(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ipsec_lab", "--here", "matrix", "--quick"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found = rows.read(tmp_path / "build" / "matrix" / "quick.jsonl")
    assert len(found) > 40
    assert all(row.answered == row.sent > 0 for row in found)
    assert {row.version for row in found} == {1, 2}
    for value in ("outside", "inside", "form", "esn"):
        assert len({getattr(row, value) for row in found}) > 1
    extent = json.loads((tmp_path / "build" / "matrix" / "extent.json").read_text())
    assert all(hole["reason"] for hole in extent["holes"])
    assert {row.name for row in found} < set(extent["combinations"])
