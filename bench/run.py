"""``make bench``: what the promises cost on this machine, beside what the machine costs by itself.

Every figure is of a whole process, the median and the best of several runs, with its processor time: on a
busy machine trust that. Each row names its reference, something of the same kind that we have no part in.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.authority import REMOTES, authority

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "build" / "bench.json"
BIN = Path(sys.executable).parent
SIZES = (1, 100, 1000)

SPLIT = "import sys\nfor line in open(sys.argv[1]): line.split()"
"""The least that any reader of the file must do."""

PROMISED = {"check 1000": 1.0, "generate 1000": 1.0, "pcli -c 'show alarms'": 0.040}
"""Seconds (design, section 8)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a whole process."""

    median: float
    best: float
    processor: float


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
    walls, processors = [], []
    for _ in range(runs):
        used, began = _used(), time.perf_counter()
        done = subprocess.run(argv, stdout=subprocess.DEVNULL)
        walls.append(time.perf_counter() - began)
        processors.append(_used() - used)
        if done.returncode != status:
            raise RuntimeError(f"{' '.join(argv)} ended with status {done.returncode}")
    return Cost(statistics.median(walls), min(walls), min(processors))


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def configurations(folder: Path) -> Iterator[Row]:
    """check and generate at several sizes, beside splitting the same file's lines."""
    for size in SIZES:
        file = folder / f"{size}.conf"
        file.write_text(authority(size))
        runs = 5 if size == max(SIZES) else 11
        reference = cost([sys.executable, "-c", SPLIT, str(file)], runs)
        for verb in ("check", "generate"):
            what = f"{verb} {size}"
            found = cost([str(BIN / "ipsec-client"), verb, str(file)], runs)
            yield Row(what, found, "its lines split", reference, PROMISED.get(what))


def commands(_: Path) -> Iterator[Row]:
    """One command of the PCLI beside a bare interpreter.

    It is answered by an agent that has no configuration, so that nothing is made on this machine: the
    answer says so, and its status is 1; the way there and back is the same.
    """
    reference = cost([sys.executable, "-c", "pass"], 21)
    with agent():
        what = "pcli -c 'show alarms'"
        found = cost([str(BIN / "pcli"), "-c", "show alarms"], 21, status=1)
        yield Row(what, found, "bare interpreter", reference, PROMISED[what])


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
    yield f"{'':<24}{'median':>9}{'best':>9}{'cpu':>9}{'promise':>9}   reference, median"
    for row in rows:
        promise = f"{row.promised * 1000:.0f}" if row.promised else ""
        figures = (row.cost.median, row.cost.best, row.cost.processor)
        shown = "".join(f"{seconds * 1000:>9.0f}" for seconds in figures)
        reference = f"{row.reference}, {row.reference_cost.median * 1000:.0f}"
        yield f"{row.what:<24}{shown}{promise:>9}   {reference}"


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
        for measure in (configurations, commands):
            rows += measure(Path(folder))
    print(f"routers x {REMOTES} remotes; milliseconds of a whole process; {machine()}")
    print("\n".join(table(rows)))
    REPORT.parent.mkdir(exist_ok=True)
    report = {"machine": machine(), "remotes": REMOTES, "rows": [asdict(row) for row in rows]}
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
