"""Runs the project's checks and closes with one line that counts them all; exit status 1 if any failed.

``check`` needs no root and no network: format, lint, types, rooms, pure tests. ``all`` adds the tests that
run Libreswan's own programs and YANG's validator, and what needs a kernel with ESP: ``ipsec-lab`` finds or
starts one, and installs the packages for all. The last part boots a machine with systemd and our packages.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
BIN = Path(sys.executable).parent

TOOLS: tuple[tuple[str, ...], ...] = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("mypy",),
    ("lint-imports",),
)

WITH_ESP = (str(BIN / "ipsec-lab"), "exec", "--")
"""Runs what follows where the kernel has ESP: here, or in a guest over this machine's files."""


@dataclass(frozen=True, slots=True)
class Count:
    """How one part ended."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def tool(*argv: str) -> Count:
    """One static check: quiet when good, its own words when not."""
    done = subprocess.run([BIN / argv[0], *argv[1:]], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
        return Count(failed=1)
    return Count(passed=1)


def machine_for_the_lab() -> Count:
    """Packages and a kernel with ESP; the first time that takes minutes, and is shown."""
    status = subprocess.call([*WITH_ESP, "true"], cwd=ROOT)
    return Count(failed=1) if status else Count(passed=1)


def suite(
    name: str,
    pytest_arguments: Sequence[str],
    before: Sequence[str] = (),
    out: IO[str] | None = None,
) -> Count:
    """One run of pytest, behind the command ``before`` if there is one; what it prints goes to ``out``."""
    report = BUILD / f"{name}-tests.xml"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    pytest = [str(BIN / "python"), "-m", "pytest", "-q", f"--junit-xml={report}"]
    status = subprocess.call(
        [*before, *pytest, *pytest_arguments], cwd=ROOT, stdout=out, stderr=out
    )
    count = counted(report.read_text() if report.exists() else "")
    good = status == 0 and count.passed > 0
    return count if good or count.failed else count + Count(failed=1)


def counted(report: str) -> Count:
    """The totals of a JUnit report; nothing if it was not written."""
    total = Count()
    for part in ET.fromstring(report).iter("testsuite") if report else ():
        failed = int(part.get("failures", 0)) + int(part.get("errors", 0))
        skipped = int(part.get("skipped", 0))
        total += Count(int(part.get("tests", 0)) - failed - skipped, failed, skipped)
    return total


def run(parts: str) -> Count:
    """Runs the parts, all of them whatever the first ones gave."""
    total = Count()
    for argv in TOOLS:
        total += told(" ".join(argv), partial(tool, *argv))
    host = ["-n", "auto", "--ignore=tests/lab", "--ignore=tests/system", "tests"]
    if parts == "check":
        pure = ["-m", "not oracle and not lab", *host]
        return total + told("pure tests", partial(suite, "pure", pure))
    total += told("a machine for the lab", machine_for_the_lab)
    total += told("pure and oracle tests", partial(suite, "host", host))
    return total + labs()


def told(name: str, step: Callable[[], Count]) -> Count:
    """One part, with a line before and after it."""
    print(f"== {name}", flush=True)
    began = time.monotonic()
    count = step()
    print(f"== {name}: {count} in {time.monotonic() - began:.1f} s", flush=True)
    return count


def labs() -> Count:
    """What runs in the lab: on a second processor beside what is held to milliseconds, what is patient.

    Each guest has a processor of its own; what is printed by those beside is shown when they have ended.
    """
    # the kernel's own tests are whole only where it has ESP
    timed = ["tests/kernel", "tests/lab", "-m", "not patient"]
    if (os.cpu_count() or 1) < 2:
        first = told("tests with ESP", partial(suite, "esp", timed, WITH_ESP))
        return first + told("patient tests", lambda: patient(None))
    with ThreadPoolExecutor(1) as pool, (BUILD / "patient.log").open("w+") as log:
        beside = pool.submit(lambda: patient(log))
        total = told("tests with ESP", partial(suite, "esp", timed, WITH_ESP))
        total += told("patient tests, beside them", beside.result)
        log.seek(0)
        shutil.copyfileobj(log, sys.stdout)
    return total


def patient(out: IO[str] | None) -> Count:
    """The lab's patient tests, then a machine that boots systemd with our packages."""
    with_esp = suite("patient", ["tests/lab", "-m", "patient"], WITH_ESP, out)
    return with_esp + suite("system", ["tests/system"], out=out)


def main() -> int:
    """Reads the command line and runs, with every signal's default whoever started us: tests send some."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", choices=("check", "all"))
    total = run(parser.parse_args().parts)
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
