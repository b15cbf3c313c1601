"""``make bench``: what the promises cost on this machine, beside what the machine costs by itself.

Every figure is the median and the best of several runs, with its processor time: on a busy machine trust that.
Each row names its reference, something of the same kind that we have no part in.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.authority import REMOTES, parts

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "build" / "bench.json"
BIN = Path(sys.executable).parent
SIZES = {1: 11, 100: 11, 1000: 7, 10_000: 3}
"""Routers, and how often each size is measured."""

SPLIT = "import sys\nfor line in open(sys.argv[1]): line.split()"
"""The least that any reader of the file must do."""

CHANGED = "1 router of 10000 changed"
SHOW = "pcli -c 'show alarms'"
PROMISED = {
    "check 1000": 1.0,
    "check 10000": 10.0,
    "generate 1000": 1.0,
    "generate 10000": 10.0,
    CHANGED: 0.050,
    SHOW: 0.040,
    "60 probes, a second": 0.005,
    "2000 probes, a second": 0.050,
}
"""Seconds (design, section 8); of probes, the seconds of a core that a second of them costs. And 1 024 MiB."""

PROBES = {"60 probes, a second": (0.2, 3), "2000 probes, a second": (0.05, 25)}
"""Interval in seconds and destinations of each of four tunnels."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds, and the MiB that a process had at its largest; 0 where it was not asked for."""

    median: float
    best: float
    processor: float
    memory: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, its reference's, and the promise about it, if there is one."""

    what: str
    cost: Cost
    reference: str
    reference_cost: Cost
    promised: float | None


def cost(argv: Sequence[str], runs: int, status: int = 0) -> Cost:
    """What a command costs; raises RuntimeError if it ends otherwise than with ``status``."""
    walls, used = [], []
    for _ in range(runs):
        began = time.perf_counter()
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        _, ended, usage = os.wait4(process.pid, 0)
        walls.append(time.perf_counter() - began)
        process.returncode = os.waitstatus_to_exitcode(ended)
        if process.returncode != status:
            raise RuntimeError(f"{' '.join(argv)} ended with status {process.returncode}")
        used.append(usage)
    processor = min(usage.ru_utime + usage.ru_stime for usage in used)
    memory = max(usage.ru_maxrss for usage in used) / 1024
    return Cost(statistics.median(walls), min(walls), processor, memory)


def told(*argv: str) -> dict[str, Any]:
    """What a program of ours that measures itself tells."""
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def configurations(folder: Path) -> Iterator[Row]:
    """check and generate at several sizes, beside splitting the same file's lines."""
    for size, runs in SIZES.items():
        file = folder / f"{size}.conf"
        with file.open("w") as opened:
            opened.writelines(parts(size))
        reference = cost([sys.executable, "-c", SPLIT, str(file)], runs)
        for verb in ("check", "generate"):
            what = f"{verb} {size}"
            found = cost([str(BIN / "ipsec-client"), verb, str(file)], runs)
            yield Row(what, found, "its lines split", reference, PROMISED.get(what))


def change(_: Path) -> Iterator[Row]:
    """One router of many changed, within a process that holds them all, beside a bare interpreter."""
    found = told(sys.executable, "-m", "bench.change", "10000", "20")
    walls = found["walls"]
    figures = Cost(statistics.median(walls), min(walls), min(found["processors"]))
    reference = cost([sys.executable, "-c", "pass"], 21)
    yield Row(CHANGED, figures, "bare interpreter", reference, PROMISED[CHANGED])


def commands(_: Path) -> Iterator[Row]:
    """One command of the PCLI beside a bare interpreter.

    It is answered by an agent that has no configuration, so that nothing is made on this machine: the
    answer says so, and its status is 1; the way there and back is the same.
    """
    reference = cost([sys.executable, "-c", "pass"], 21)
    with agent():
        found = cost([str(BIN / "pcli"), "-c", "show alarms"], 21, status=1)
        yield Row(SHOW, found, "bare interpreter", reference, PROMISED[SHOW])


def probes(_: Path) -> Iterator[Row]:
    """The seconds of a core that a second of watching costs, beside sending and receiving as much by hand.

    In a network namespace of its own; where this user may make none it is left out.
    """
    own = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    refused = subprocess.run([*own, "true"], capture_output=True, text=True).stderr
    if refused:
        print(f"probes are not measured: {refused.strip()}", file=sys.stderr)
        return
    for what, (interval, destinations) in PROBES.items():
        argv = (*own, sys.executable, "-m", "bench.probes", str(interval), str(destinations), "10")
        found = told(*argv)
        by_hand = [found["rate"] * seconds for seconds in found["bare"]]
        figures, reference = (
            Cost(statistics.median(several), min(several), min(several))
            for several in (found["shares"], by_hand)
        )
        yield Row(what, figures, "as many by hand", reference, PROMISED[what])


@contextmanager
def agent() -> Iterator[None]:
    """An agent with folders of its own and no document: it makes nothing on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("RUN", "LOG", "STATE"):
            os.environ[f"IPSEC_CLIENT_{name}"] = f"{folder}/{name.lower()}"
        process = subprocess.Popen(
            [str(BIN / "ipsec-client"), "agent"], stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            _await(lambda: Path(folder, "run", "agent.sock").exists())
            yield
        finally:
            process.terminate()
            process.wait()


def _await(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError("the agent does not answer")
        time.sleep(0.01)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The rows for a person; times in milliseconds."""
    yield f"{'':<26}{'median':>9}{'best':>9}{'cpu':>9}{'promise':>9}{'MiB':>7}   reference, cpu"
    for row in rows:
        promise = f"{row.promised * 1000:.0f}" if row.promised else ""
        figures = (row.cost.median, row.cost.best, row.cost.processor)
        shown = "".join(f"{_milliseconds(seconds):>9}" for seconds in figures)
        memory = f"{row.cost.memory:.0f}" if row.cost.memory else ""
        reference = f"{row.reference}, {_milliseconds(row.reference_cost.processor)}"
        yield f"{row.what:<26}{shown}{promise:>9}{memory:>7}   {reference}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}" if seconds >= 0.0995 else f"{seconds * 1000:.1f}"


def machine() -> Mapping[str, object]:
    """Where the figures are from."""
    return {
        "python": platform.python_version(),
        "kernel": platform.release(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def main() -> int:
    """Measures, prints the table, and writes the report."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for measure in (configurations, change, commands, probes):
            rows += measure(Path(folder))
    print(f"routers x {REMOTES} remotes; milliseconds; {machine()}")
    print("\n".join(table(rows)))
    REPORT.parent.mkdir(exist_ok=True)
    report = {"machine": machine(), "remotes": REMOTES, "rows": [asdict(row) for row in rows]}
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
