"""`ipsec-lab failover`: failures again and again under a stream, and what the stream felt; one row a run, kept at once.

Each run begins with all tunnels up, the first one carrying, and nothing remembered of former failures: the restart of
a tunnel by an operator forgets its flaps and holds. A run's figures come from the capture at the host that sends.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ipsec_lab import judge, pcap, router, topology
from ipsec_lab.capture import Capture
from ipsec_lab.causes import GATEWAY_SILENT, KNI_FORCED_DOWN, PEER_DELETES
from ipsec_lab.document import read
from ipsec_lab.errors import LabError
from ipsec_lab.lab import FOLDER as RUN
from ipsec_lab.lab import Lab, built
from ipsec_lab.progress import Progress
from ipsec_lab.story import DEMO
from ipsec_lab.waiting import wait_until

ROWS = Path("build/failover/rows.jsonl")
"""Every run that was ever made, oldest first; `--resume` goes on from there."""

_STEADY = 1.0
"""Seconds of the stream before it happens."""
_LATE_ANSWERS = 0.5
_BACK = 60.0
"""Seconds that a tunnel may take to carry again."""
_MONITOR = "destination  8.8.8.8\n"
_FAST = "interval 50ms\ntimeout 250ms\nmax-retries 5\n"


@dataclass(frozen=True)
class Failure:
    """Something that happens to the remote that carries, or beside it.

    ``runs`` is how often it is measured, ``after`` how many seconds of the stream follow it; ``longest_ms`` and
    ``lost`` are promised bounds of each single run (design, section 8). ``fast``: the monitors are the fast ones.
    """

    name: str
    runs: int
    after: float
    happen: Callable[[Lab], None]
    longest_ms: float | None = None
    lost: int | None = None
    fast: bool = False


@dataclass(frozen=True)
class Row:
    """One run."""

    what: str
    sent: int
    lost: int
    longest_gap_ms: float
    sender_pause_ms: float


def _cause(name: str) -> Callable[[Lab], None]:
    return lambda lab: lab.causes.break_(name, _first(lab))


def _first(lab: Lab) -> str:
    return lab.site.remotes[0].name


def _sa_vanishes(lab: Lab) -> None:
    host = str(lab.site.remotes[0].host)
    # its status tells nothing: once one is gone pluto deletes others beside it
    lab.router.client().run(["ip", "xfrm", "state", "deleteall", "dst", host])


def _pluto_killed(lab: Lab) -> None:
    lab.router.host.must(["pkill", "-KILL", "-f", "libexec/ipsec/pluto"])


def _agent_killed(lab: Lab) -> None:
    lab.router.host.must(["kill", "-KILL", lab.router.agent()])


def _neighbour_changed(lab: Lab) -> None:
    """The other remote gets another lifetime, which replaces its connection."""
    seconds = 7200 + len(_rows()) % 1000
    profile = f"name                 {lab.site.remotes[1].profile['name']}\n"
    changed = f"{profile}connection-lifetime {seconds}s\n"
    lab.router.commit(lab.configuration.replace(profile, changed, 1))


def _neighbour_removed_and_added(lab: Lab) -> None:
    """The other remote goes, with its route, and comes back once its KNI is gone."""
    other = lab.site.remotes[1].name
    lab.router.commit(without(lab.configuration, other))
    kni = ["ip", "link", "show", other]
    if not wait_until(lambda: lab.router.host.run(kni).returncode != 0, deadline=_BACK, pause=0.1):
        raise LabError(f"{other} is still there after {_BACK:g} s")
    lab.router.commit(lab.configuration)


def without(configuration: str, remote: str) -> str:
    """A configuration without a remote and the service route of its name."""
    block = rf"^( *)(?:remote|service-route) +{remote}\n.*?^\1exit\n"
    return re.sub(block, "", configuration, flags=re.MULTILINE | re.DOTALL)


FAILURES = (
    Failure(PEER_DELETES, 300, 1.0, _cause(PEER_DELETES), longest_ms=50.0),
    Failure("sa-vanishes", 30, 1.0, _sa_vanishes, longest_ms=50.0),
    Failure(KNI_FORCED_DOWN, 30, 1.0, _cause(KNI_FORCED_DOWN), longest_ms=50.0),
    Failure(GATEWAY_SILENT, 300, 2.0, _cause(GATEWAY_SILENT), longest_ms=1100.0),
    Failure("pluto-killed", 30, 5.0, _pluto_killed, longest_ms=3000.0),
    Failure("agent-killed", 30, 2.0, _agent_killed, lost=0),
    Failure("neighbour-changed", 30, 4.0, _neighbour_changed, lost=0),
    Failure("neighbour-removed-and-added", 30, 4.0, _neighbour_removed_and_added, lost=0),
    Failure("gateway-silent-fast", 30, 1.5, _cause(GATEWAY_SILENT), longest_ms=350.0, fast=True),
)


def failover(names: Sequence[str], seconds: float, quick: bool) -> int:
    """Makes the runs that are missing, for so many seconds at most; the exit status: 1 if a bound was passed.

    ``quick`` makes three of each.
    """
    wanted = [failure for failure in FAILURES if not names or failure.name in names]
    until = time.monotonic() + seconds
    for fast in (False, True):
        missing = [
            failure
            for failure in wanted
            if failure.fast is fast
            for _ in range(len(_rows(failure.name)), 3 if quick else failure.runs)
        ]
        if missing and time.monotonic() < until:
            _make(missing, fast, until)
    print(table(_rows()))
    broken = list(passed(_rows(), wanted))
    print("".join(f"✖ {line}\n" for line in broken), end="")
    return 1 if broken else 0


def _make(missing: Sequence[Failure], fast: bool, until: float) -> None:
    configuration = DEMO.read_text()
    if fast:
        configuration = configuration.replace(_MONITOR, _MONITOR + _FAST)
    site, progress = read(router.document(configuration)), Progress()
    with built(site, configuration, {}, progress) as lab:
        lab.router.start(configuration)
        lab.await_tunnels(progress)
        for number, failure in enumerate(missing, start=1):
            if time.monotonic() > until:
                return
            row = _run(lab, failure)
            ROWS.parent.mkdir(parents=True, exist_ok=True)
            with ROWS.open("a") as file:
                file.write(json.dumps(asdict(row)) + "\n")
            progress.note(
                f"{number}/{len(missing)} {row.what}: {row.lost} lost, {row.longest_gap_ms} ms"
            )


def _run(lab: Lab, failure: Failure) -> Row:
    _refresh(lab)
    path = RUN / "failover.pcap"
    capture = Capture(lab.lan, topology.UPLINK, path)
    stream = lab.stream()
    time.sleep(_STEADY)
    failure.happen(lab)
    time.sleep(failure.after)
    stream.stop()
    time.sleep(_LATE_ANSWERS)
    capture.stop()
    captured = list(pcap.packets(path))
    figures = judge.stream_figures(captured, stream.number)
    pause = judge.sender_pause_ms(captured, stream.number)
    lab.causes.heal()
    return Row(failure.name, figures.sent, figures.lost, figures.longest_gap_ms, pause)


def _refresh(lab: Lab) -> None:
    """All tunnels up, and nothing remembered of what happened to the first."""
    _await_all(lab)
    lab.router.pcli(f"restart ipsec remote {_first(lab)}")
    _await_all(lab)


def _await_all(lab: Lab) -> None:
    if not wait_until(lab.tunnels_up, deadline=_BACK, pause=0.2):
        raise LabError(f"not all tunnels are up after {_BACK:g} s:\n{lab.router.pcli('why')}")


def _rows(name: str = "") -> list[Row]:
    if not ROWS.exists():
        return []
    rows = (Row(**json.loads(line)) for line in ROWS.read_text().splitlines())
    return [row for row in rows if name in ("", row.what)]


def table(rows: Iterable[Row]) -> str:
    """The runs by what happened: how many, lost packets, and the longest gaps in milliseconds."""
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row.what, []).append(row)
    lines = [
        "| what | runs | lost, most | gap, median | gap, 99 % | gap, most |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in by_name.items():
        gaps = sorted(row.longest_gap_ms for row in found)
        most = f"{gaps[-1]:.1f}"
        # of fewer runs a hundredth means nothing
        nearly = f"{gaps[int(len(gaps) * 0.99)]:.1f}" if len(gaps) >= 100 else "–"
        lines.append(
            f"| {name} | {len(found)} | {max(row.lost for row in found)} "
            f"| {statistics.median(gaps):.1f} | {nearly} | {most} |"
        )
    return "\n".join(lines)


def passed(rows: Iterable[Row], failures: Iterable[Failure]) -> Iterator[str]:
    """The runs that a bound was passed in, a line each."""
    by_name = {failure.name: failure for failure in failures}
    for number, row in enumerate(rows, start=1):
        failure = by_name.get(row.what)
        if failure is None:
            continue
        if failure.longest_ms is not None and row.longest_gap_ms > failure.longest_ms:
            yield f"row {number}: {row.what}: a gap of {row.longest_gap_ms} ms, {failure.longest_ms:g} promised"
        if failure.lost is not None and row.lost > failure.lost:
            yield f"row {number}: {row.what}: {row.lost} packets lost, {failure.lost} promised"
