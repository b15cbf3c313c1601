"""The demo: the page's example in the lab, failing over three times, told while it happens and judged by captures."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from ipsec_lab import report, topology
from ipsec_lab.capture import Capture
from ipsec_lab.causes import GATEWAY_SILENT, KNI_FORCED_DOWN, PEER_DELETES
from ipsec_lab.judge import Kind
from ipsec_lab.lab import Lab
from ipsec_lab.progress import Progress
from ipsec_lab.report import FAILBACK, LAN, QUIET, WAN, Act, Alarm, Outcome, Scene
from ipsec_lab.stream import RATE, Stream
from ipsec_lab.terminal import Alarm as Row
from ipsec_lab.waiting import wait_until

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PAGE, DEMO = EXAMPLES / "page-complete.conf", EXAMPLES / "demo.conf"

_ENOUGH: Final = RATE // 10
"""Packets at a gateway that show that it carries the stream."""
_STEADY: Final = 1.5
"""Seconds of quiet before and after what happens to a stream."""
_LATE_ANSWERS: Final = 1.0
_MOVE_DEADLINE: Final = 10.0
_BACK_DEADLINE: Final = 90.0


def adaptation() -> str:
    """What the demo changes in the page's example, as a diff."""
    page, demo = (file.read_text().splitlines(keepends=True) for file in (PAGE, DEMO))
    return "".join(difflib.unified_diff(page, demo, PAGE.name, DEMO.name))


class Story:
    """One telling. ``folder`` gets the captures and the scene, from which the report is made."""

    def __init__(self, lab: Lab, folder: Path, progress: Progress) -> None:
        self._lab, self._folder, self._progress = lab, folder, progress
        self._first, self._second = (remote.name for remote in lab.site.remotes[:2])
        self._captures: list[Capture] = []
        site = lab.site
        self._scene = Scene(
            remotes=tuple(remote.name for remote in site.remotes),
            gateways=tuple(str(host) for remote in site.remotes for host in remote.hosts),
            private=tuple(map(str, site.private)),
            acts=(),
        )
        self.seconds_to_tunnels_up = 0.0
        self.alarm = Alarm(None, None)

    def tell(self) -> Scene:
        """Live through it, from the start of the product to the last cause; returns what to read captures with."""
        with ExitStack() as stack:
            self._start_captures(stack)
            self._lab.router.start(self._lab.configuration)
            self.seconds_to_tunnels_up = self._lab.await_tunnels(self._progress)
            _say(f"Both tunnels are up after {self.seconds_to_tunnels_up:.1f} s.")
            self._lan_talks()
            self._gateway_goes_silent()
            self._gateway_returns()
            self._other_cause(PEER_DELETES, stays=False)
            self._other_cause(KNI_FORCED_DOWN, stays=True)
        self._scene.save(self._folder)
        return self._scene

    def _start_captures(self, stack: ExitStack) -> None:
        places = {LAN: ("lan", topology.UPLINK), WAN: (topology.PROVIDER, topology.TO_ROUTER)}
        for remote in self._lab.site.remotes:
            behind = topology.behind_of(remote.name)
            places[remote.name] = (remote.name, topology.UPLINK)
            places[behind] = (behind, topology.UPLINK)
        for name, (host, device) in places.items():
            capture = Capture(self._lab.hosts[host], device, self._folder / f"{name}.pcap")
            stack.callback(capture.stop)
            self._captures.append(capture)

    def _lan_talks(self) -> None:
        source = topology.lan_address(self._lab.site.lans[0])
        target = topology.target(self._lab.site)
        _say(f"{source} sends {RATE} packets a second to {target} …")
        stream, moment = self._steady_stream(), time.time_ns()
        self._end(Act(stream.number, QUIET, moment, self._first, self._first, True), stream)
        _say(f"  on the provider's network: {counted(report.account(self._folder, self._scene))}")

    def _gateway_goes_silent(self) -> None:
        stream = self._steady_stream()
        _say(f"The gateway of {self._first} goes silent …")
        moment = self._happens(GATEWAY_SILENT)
        raised = self._await_alarm(lambda alarm: alarm is not None)
        if raised is not None:
            self.alarm = Alarm(self._alarm_time("add", moment), None)
            after = self.alarm.raised_after_ms
            _say(f"  {raised.severity} alarm after {after} ms: {raised.message}")
        self._end(
            Act(stream.number, GATEWAY_SILENT, moment, self._first, self._second, True), stream
        )

    def _gateway_returns(self) -> None:
        stream = self._lab.stream()
        time.sleep(_STEADY)
        _say(f"The gateway of {self._first} returns …")
        arrived, moment = self._arrivals(), time.time_ns()
        self._lab.causes.heal(self._first)
        with self._progress.step(f"{self._first}: waiting for its repair"):
            wait_until(lambda: arrived(self._first) >= _ENOUGH, deadline=_BACK_DEADLINE)
        if self._await_alarm(lambda alarm: alarm is None) is None:
            self.alarm = Alarm(self.alarm.raised_after_ms, self._alarm_time("clear", moment))
            _say(
                f"  the tunnel is repaired, the alarm cleared after {self.alarm.cleared_after_ms} ms"
            )
        self._end(Act(stream.number, FAILBACK, moment, self._second, self._first, True), stream)

    def _other_cause(self, cause: str, *, stays: bool) -> None:
        with self._progress.step(f"{self._first}: waiting until it carries"):
            wait_until(self._lab.tunnels_up, deadline=_BACK_DEADLINE, pause=0.5)
        stream = self._steady_stream()
        _say(f"{cause.replace('-', ' ').capitalize()} at {self._first} …")
        moment = self._happens(cause)
        self._end(Act(stream.number, cause, moment, self._first, self._second, stays), stream)
        self._lab.causes.heal(self._first)

    def _steady_stream(self) -> Stream:
        arrived, stream = self._arrivals(), self._lab.stream()
        wait_until(lambda: arrived(self._first) >= _ENOUGH, deadline=_MOVE_DEADLINE)
        time.sleep(_STEADY)
        return stream

    def _happens(self, cause: str) -> int:
        """Let it happen and traffic move; returns the moment before it, in nanoseconds."""
        arrived, moment = self._arrivals(), time.time_ns()
        self._lab.causes.break_(cause, self._first)
        wait_until(lambda: arrived(self._second) >= _ENOUGH, deadline=_MOVE_DEADLINE)
        return moment

    def _arrivals(self) -> Callable[[str], int]:
        """Tells how many packets have come to the host behind a remote's gateway since now."""

        def count(remote: str) -> int:
            return self._lab.hosts[topology.behind_of(remote)].received(topology.UPLINK)

        begin = {remote: count(remote) for remote in (self._first, self._second)}
        return lambda remote: count(remote) - begin[remote]

    def _await_alarm(self, wanted: Callable[[Row | None], bool]) -> Row | None:
        """The first remote's interface alarm as soon as it is as wanted, or as it is at the deadline."""
        seen: Row | None = None

        def look() -> bool:
            nonlocal seen
            rows = self._lab.router.alarms()
            if rows is None:
                return False
            seen = next((row for row in rows if f"Intf {self._first} " in row.message), None)
            return wanted(seen)

        wait_until(look, deadline=_MOVE_DEADLINE)
        return seen

    def _alarm_time(self, type_: str, moment: int) -> int | None:
        """Milliseconds from a moment to the first remote's alarm coming or going, by the router's own record."""
        times = [
            event.time - moment
            for event in self._lab.router.alarm_events()
            if event.type == type_
            and event.time >= moment
            and f"Intf {self._first} " in event.message
        ]
        return min(times) // 1_000_000 if times else None

    def _end(self, act: Act, stream: Stream) -> None:
        time.sleep(_STEADY)
        stream.stop()
        time.sleep(_LATE_ANSWERS)
        self._scene = replace(self._scene, acts=(*self._scene.acts, act))
        for capture in self._captures:
            capture.settle()
        _say(told(report.outcome(self._folder, act, (self._first, self._second))))


def told(outcome: Outcome) -> str:
    """How an act ended, for people."""
    act, figures = outcome.act, outcome.figures
    where = f"traffic never was on {act.after}"
    if act.what == QUIET and not outcome.strays:
        where = f"traffic is on {act.after}"
    elif outcome.moved_after_ms is not None:
        where = (
            f"traffic is on {act.after}, {outcome.moved_after_ms:.0f} ms after it left {act.before}"
        )
    lost = f"{figures.lost} of {figures.sent} packets lost"
    return f"  {where}; {lost}, longest gap {figures.longest_gap_ms:g} ms"


def counted(seen: dict[Kind, int]) -> str:
    """What was seen on the provider's network, for people."""
    parts = [f"{count} {kind.value}" for kind, count in seen.items() if count]
    return ", ".join(parts if seen[Kind.CLEAR] else [*parts, f"no {Kind.CLEAR.value}"])


def _say(text: str) -> None:
    print(text, flush=True)
