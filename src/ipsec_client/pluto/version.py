"""Which Libreswan this machine has."""

from __future__ import annotations

import re
from pathlib import Path

from ipsec_client.base import run
from ipsec_client.pluto.layout import PLUTO

Mark = tuple[int, int, int]
"""What tells one build of pluto from another without running it: inode, size and time of its change."""


def version() -> str | None:
    """Its release, as ``4.10``; None where there is none.

    Pluto itself is asked: ``ipsec --version`` is a script that does not know what lies behind it.
    """
    if mark() is None:
        return None
    found = re.search(r"Libreswan v?(\d+\.\d+\S*)", run.run([PLUTO, "--version"]).out)
    return found[1] if found else None


def mark() -> Mark | None:
    """The mark of the pluto that would be started now; None where there is none."""
    try:
        seen = Path(PLUTO).stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_size, seen.st_mtime_ns
