"""Debian's judge of packages has nothing to say of ours but what they tell the reason of."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tools import package

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(shutil.which("lintian") is None, reason="lintian is not installed"),
]


def test_lintian_has_no_error_and_no_warning(tmp_path: Path) -> None:
    debs = package.build("1.2.3", tmp_path, ("deb",))
    argv = ["lintian", "--allow-root", "--tag-display-limit", "0", *map(str, debs)]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
