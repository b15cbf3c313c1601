"""Runs a command on a machine of the running lab, in place of the operator's own shell."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ipsec_lab import control, syscalls
from ipsec_lab.router import PROGRAMS


def run_on(host: str, argv: Sequence[str]) -> int:
    """Run a command on a machine, an interactive shell if none is named; returns its exit status."""
    _, (processes, mounts, network) = control.ask("enter", host=host)
    here = Path.cwd()
    syscalls.setns(processes, syscalls.CLONE_NEWPID)
    syscalls.setns(mounts, syscalls.CLONE_NEWNS)
    syscalls.setns(network, syscalls.CLONE_NEWNET)
    with suppress(OSError):
        os.chdir(here)
    command = list(argv) or ["bash", "--norc", "-i"]
    path = f"{PROGRAMS}:{os.environ.get('PATH', os.defpath)}"
    surroundings = os.environ | {"PS1": f"{host}:\\w# ", "PATH": path}
    return subprocess.run(command, env=surroundings).returncode
