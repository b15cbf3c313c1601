"""Libreswan's own programs, and what to do where they are not installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ipsec_client.pluto.layout import ADDCONN, PROGRAMS

ALGPARSE = str(PROGRAMS / "algparse")

oracle = [
    pytest.mark.oracle,
    pytest.mark.skipif(not Path(ADDCONN).exists(), reason="Libreswan is not installed"),
]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces can be made by root only")


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end, with all it prints in ``stdout``."""
    return subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=30
    )


def accepted(version: int, kind: str, proposals: str, *, pfs: bool = False) -> bool:
    """Whether ``ipsec algparse`` takes the proposals of ``ike``, ``esp`` or ``ah``."""
    more = ["-pfs"] if pfs else []
    return run(ALGPARSE, f"-v{version}", *more, f"{kind}={proposals}").returncode == 0
