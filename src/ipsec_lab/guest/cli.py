"""``ipsec-lab exec [--memory SIZE] [--writable FOLDER]... -- COMMAND...``: runs a command where ESP is."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ipsec_lab.errors import LabError
from ipsec_lab.guest.machine import attach, ensure_machine
from ipsec_lab.progress import Progress


def run_on_machine(
    argv: Sequence[str],
    *,
    writable: Sequence[Path] = (),
    memory: str = "2G",
    attachable: bool = False,
) -> int:
    """Runs ``argv`` here or in a guest of its own, with this process's folder, environment and streams.

    Returns the exit status. The folder ``build`` of the present folder is writable besides those given.
    """
    here = Path.cwd()
    folders = [here / "build", *writable]
    with ensure_machine(Progress(), folders, memory, attachable=attachable) as machine:
        return machine.run(argv, cwd=here, env=os.environ)


def run_on_running(argv: Sequence[str]) -> int | None:
    """Runs ``argv`` in the running guest of this checkout; None if there is none."""
    machine = attach()
    return None if machine is None else machine.run(argv, cwd=Path.cwd(), env=os.environ)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what ``exec`` takes."""
    parser.add_argument("--memory", default="2G", help="the guest's memory (default: 2G)")
    parser.add_argument(
        "--writable",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="a folder, besides ./build, that is the host's own in a guest too",
    )
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="after --, what to run")


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; 1 with the reason on standard error when there is no machine to run on."""
    parser = argparse.ArgumentParser(prog="ipsec-lab exec", description=__doc__)
    arguments(parser)
    given = parser.parse_args(argv)
    try:
        return run_on_machine(given.command, writable=given.writable, memory=given.memory)
    except LabError as error:
        print(f"ipsec-lab: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
