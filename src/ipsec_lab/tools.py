"""The host's programs run to their end. Argument lists only; what they print is kept, in a string or in a log."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ipsec_lab.errors import LabError


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended: its exit status (negative: the signal that ended it), what it printed."""

    status: int
    out: str
    err: str = ""


class Runner(Protocol):
    """Anything that runs programs as ``run`` does."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        given: str | None = None,
        cwd: Path | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> Done: ...


def run(
    argv: Sequence[str],
    *,
    given: str | None = None,
    cwd: Path | None = None,
    extra: Mapping[str, str] | None = None,
) -> Done:
    """Runs a program to its end. ``given`` is its standard input, ``extra`` joins its environment.

    Raises LabError when the program is not there.
    """
    try:
        done = subprocess.run(
            list(argv),
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C", **(extra or {})},
        )
    except FileNotFoundError:
        raise _absent(argv[0]) from None
    return Done(done.returncode, done.stdout, done.stderr)


def run_logged(
    argv: Sequence[str], log: Path, *, each_line: Callable[[str], None] = lambda line: None
) -> int:
    """Runs a program to its end, appends all it prints to ``log``, and hands on each line as it comes."""
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "LC_ALL": "C"},
            process_group=0,
        )
    except FileNotFoundError:
        raise _absent(argv[0]) from None
    with process, log.open("a") as file:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                file.write(line)
                each_line(line)
            return process.wait()
        except BaseException:
            # its whole group: make's compilers must not go on in a folder that is being removed
            os.killpg(process.pid, 9)
            raise


def _absent(program: str) -> LabError:
    return LabError(f"{program} is not installed", cure=f"Install the package that holds {program}")
