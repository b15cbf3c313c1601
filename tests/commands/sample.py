"""A node that answers from values given, and the node of the page's samples."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ipsec_client.base.clock import Now
from ipsec_client.base.errors import Fault
from ipsec_client.commands.node import OnNode
from ipsec_client.commands.particulars import Part
from ipsec_client.commands.port import Capture, Ping, Terminal
from ipsec_client.commands.session import Line
from ipsec_client.commands.view import (
    AlarmView,
    DeviceView,
    MonitorView,
    NodeView,
    SaView,
    TunnelView,
)
from ipsec_client.wire.request import Say

GOLDEN = Path(__file__).parent / "golden"


def at(text: str) -> float:
    """Wall-clock seconds of a time in UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()


class Clock:
    """Begins at an instant; every reading after the first is ``step`` seconds later."""

    def __init__(self, text: str, step: float) -> None:
        self._wall = at(text)
        self._step = step
        self._mono = 0.0

    def __call__(self) -> Now:
        now = Now(self._mono, self._wall + self._mono)
        self._mono += self._step
        return now


@dataclass
class FakeNode:
    """A NodePort over a view; what is done says ``lines`` or fails. ``looked`` are the parts asked for, ``ordered``
    what it was told to do.
    """

    seen: NodeView
    lines: str = ""
    fault: Fault | None = None
    restarted: list[tuple[str, str]] = field(default_factory=list)
    failed_back: int = 0
    looked: list[Part] = field(default_factory=list)
    ordered: list[object] = field(default_factory=list)

    def view(self) -> NodeView:
        return self.seen

    async def look(self, part: Part | None = None) -> NodeView:
        if part:
            self.looked.append(part)
        return self.seen

    async def ping(self, order: Ping, say: Say) -> None:
        await self._do(order, say)

    async def capture(self, order: Capture, say: Say) -> None:
        await self._do(order, say)

    async def set_log_level(self, level: str) -> None:
        self.ordered.append(level)

    async def tech_support(self, prefix: str) -> str:
        self.ordered.append(prefix)
        return f"/var/log/128technology/{prefix}tech-support-info.tar.gz"

    async def _do(self, order: object, say: Say) -> None:
        self.ordered.append(order)
        await say(self.lines)
        if self.fault:
            raise self.fault

    async def failback(self) -> None:
        self.failed_back += 1
        self.seen = replace(
            self.seen,
            tunnels=tuple(
                replace(item, carrying="raised: answers through the tunnel")
                for item in self.seen.tunnels
            ),
        )

    async def restart(self, remote: str, request: str, say: Say) -> None:
        self.restarted.append((remote, request))
        await say(self.lines)
        if self.fault:
            raise self.fault


async def told(
    port: FakeNode, line: str, *, clock: Clock | None = None, terminal: Terminal | None = None
) -> tuple[int, str]:
    """The exit status of a line on a node, and all that it printed."""
    said: list[str] = []

    async def say(text: str) -> None:
        said.append(text)

    executor = OnNode(port, clock or Clock("2020-06-30 16:44:39", 0.12))
    outcome = await executor.execute(Line(line, terminal or Terminal(), "request-1"), say)
    return outcome.status, "".join(said)


def tunnel(remote: str, verdict: str = "up", **further: object) -> TunnelView:
    """A tunnel of the page's samples."""
    profile, host = {"rem1": ("primary", "172.16.4.3")}.get(remote, ("secondary", "172.16.5.4"))
    values: dict[str, object] = {
        "remote": remote,
        "client": "client1",
        "host": host,
        "profile": profile,
        "connection": f"ipsec-client-tunnel-{profile}-{remote}",
        "remote_id": host,
        "verdict": verdict,
    }
    return TunnelView(**(values | further))  # type: ignore[arg-type]


REM2_UP = DeviceView(
    "rem2",
    mac="22:ee:4e:b6:37:a8",
    oper_up=True,
    in_octets=9992,
    in_packets=161,
    out_octets=6986,
    out_packets=161,
    out_errors=11,
    tunnel=tunnel("rem2", sas=(SaView(at("2020-06-30 16:37:50"), 0, 336),), ingress=5, egress=7),
)
REM1_DOWN = DeviceView(
    "rem1",
    mac="76:78:79:fc:eb:69",
    oper_up=False,
    in_octets=1962932,
    in_packets=32710,
    out_octets=1373442,
    out_packets=32701,
    out_errors=6,
    tunnel=tunnel("rem1", "down"),
)
REM1_MONITORED = tunnel(
    "rem1",
    sas=(SaView(at("2022-02-14 15:41:15"), 60, 60),),
    ingress=60,
    egress=60,
    monitors=(MonitorView("8.8.8.8", "up", at("2022-02-14 15:42:34"), at("2022-02-14 15:41:15")),),
)
ALARM = AlarmView(
    8,
    at("2020-06-30 16:32:42"),
    "critical",
    "unavailable",
    "interface",
    "Intf rem1 (4) operationally down",
)


def page(**further: object) -> NodeView:
    """The node of the page's samples."""
    values: dict[str, object] = {
        "router": "RTR_WEST_COMBO",
        "node": "combo-west",
        "now": at("2020-06-30 16:44:39"),
        "devices": (REM1_DOWN, REM2_UP),
        "tunnels": (REM1_DOWN.tunnel, REM2_UP.tunnel),
        "alarms": (ALARM,),
    }
    return NodeView(**(values | further))  # type: ignore[arg-type]
