"""``make fuzz``: coverage-guided fuzzing of all that reads what others wrote, ten minutes or as long as is said.

Each target (``tools.fuzz_targets``) has an equal share of the time, begins with what tests have, and goes on
with what earlier runs found (``build/fuzz/<target>/corpus``). A crash is kept with its input and the target
goes on. The fuzzer, atheris, has an environment of its own: it is not built for every machine that tests run on.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tools.fuzz_targets import ROOT, TARGETS, seeds, words

BUILD = ROOT / "build" / "fuzz"
LOCK = ROOT / "tools" / "fuzz.lock"
LONGEST_INPUT = 16384
MOST_CRASHES = 5
"""A target with so many crashes is left alone for this time."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a target: inputs tried, and the files with those it broke on."""

    target: str
    runs: int
    seconds: float
    crashes: tuple[Path, ...]

    def __str__(self) -> str:
        told = f"{self.target:<10} {self.runs:>9} runs {self.seconds:>5.0f} s {len(self.crashes):>3} crashes"
        return "\n".join([told, *(f"           {path.relative_to(ROOT)}" for path in self.crashes)])


def environment() -> Path:
    """The Python that has atheris, made at the first call."""
    python = BUILD / "venv" / "bin" / "python"
    stamp = BUILD / "venv" / "made-of"
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", BUILD / "venv"], check=True)
        options = ("-qq", "--disable-pip-version-check", "--only-binary=:all:", "--require-hashes")
        subprocess.run([python, "-m", "pip", "install", *options, "-r", LOCK], check=True)
        stamp.write_text(wanted)
    return python


def fuzz(target: str, seconds: int) -> Ran:
    """Fuzzes one target for that long, again after each crash."""
    folder = BUILD / target
    corpus, crashes = folder / "corpus", folder / "crashes"
    for made in (corpus, crashes):
        made.mkdir(parents=True, exist_ok=True)
    for seed in seeds(target):
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    before = set(crashes.iterdir())
    began = time.monotonic()
    runs = 0
    while (left := seconds - (time.monotonic() - began)) >= 1:
        done = _run(target, corpus, crashes, int(left))
        runs += counted(done)
        if len(set(crashes.iterdir()) - before) >= MOST_CRASHES:
            break
    (folder / "log").write_text(done)
    found = tuple(sorted(set(crashes.iterdir()) - before))
    return Ran(target, runs, time.monotonic() - began, found)


def _run(target: str, corpus: Path, crashes: Path, seconds: int) -> str:
    """One run of libFuzzer, which ends at its time or at a crash; what it printed."""
    options = {
        "max_total_time": seconds,
        "max_len": LONGEST_INPUT,
        "timeout": 10,
        "rss_limit_mb": 2048,
        "dict": BUILD / "words",
        "artifact_prefix": f"{crashes}/",
        "print_final_stats": 1,
    }
    done = subprocess.run(
        [
            environment(), "-m", "tools.fuzz_run", target, corpus,
            *(f"-{name}={value}" for name, value in options.items()),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.stdout.decode(errors="replace")


def counted(printed: str) -> int:
    """How many inputs libFuzzer tried; it says so at each end, and at a crash in its last line before."""
    numbers = re.findall(r"(?m)^stat::number_of_executed_units: (\d+)|^#(\d+)\t", printed)
    return int(numbers[-1][0] or numbers[-1][1]) if numbers else 0


def main() -> int:
    """Fuzzes, and prints what was tried and what broke; 1 if anything did, or nothing ran."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="for all targets together")
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], help="all if none is named")
    asked = parser.parse_args()
    names = asked.targets or list(TARGETS)
    BUILD.mkdir(parents=True, exist_ok=True)
    quoted = {word.replace("\\", "\\\\").replace('"', '\\"') for word in words()}
    (BUILD / "words").write_text("".join(f'"{word}"\n' for word in sorted(quoted)))
    each = int(asked.minutes * 60 / len(names))
    total = crashes = 0
    idle = False
    for name in names:
        ran = fuzz(name, each)
        print(ran, flush=True)
        total += ran.runs
        crashes += len(ran.crashes)
        idle = idle or not ran.runs
    print(f"{total} runs, {crashes} crashes")
    return 1 if crashes or idle else 0


if __name__ == "__main__":
    sys.exit(main())
