"""The demo's report: its figures, taken from the captures kept beside it, and what in them is not as it should be.

Whoever has the captures and `scene.json` beside them gets the same figures again. Nothing here runs the lab.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from ipsec_lab import pcap
from ipsec_lab.causes import GATEWAY_SILENT, KNI_FORCED_DOWN, PEER_DELETES
from ipsec_lab.judge import Figures, Kind, Watch, arrivals, sender_pause_ms, stream_figures
from ipsec_lab.topology import behind_of

QUIET = "all is well"
FAILBACK = "failback"
LIMITS_MS = {GATEWAY_SILENT: 1100.0, PEER_DELETES: 100.0, KNI_FORCED_DOWN: 100.0}
"""The longest gap that a failover may show, by its cause."""
LAN, WAN = "lan", "wan"
"""The names of the captures at the LAN host, and where the router meets the provider."""

_SCENE = "scene.json"
_SETTLED_NS = 500_000_000
"""How much of a stream's end tells who carries it in the end."""


@dataclass(frozen=True)
class Act:
    """One stream of the story: what happened while it was sent, when (ns), and who was to carry it.

    ``stays``: who took over is to carry it until it ends; else it may have been given back.
    """

    stream: int
    what: str
    moment_ns: int
    before: str
    after: str
    stays: bool


@dataclass(frozen=True)
class Scene:
    """What one must know to read the captures."""

    remotes: tuple[str, ...]
    gateways: tuple[str, ...]
    private: tuple[str, ...]
    acts: tuple[Act, ...]

    def save(self, folder: Path) -> None:
        """Write it beside the captures."""
        (folder / _SCENE).write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Scene:
        """The scene of the captures in a folder."""
        read = json.loads((folder / _SCENE).read_text())
        acts = tuple(Act(**act) for act in read["acts"])
        networks = {name: tuple(read[name]) for name in ("remotes", "gateways", "private")}
        return cls(**networks, acts=acts)

    @property
    def watch(self) -> Watch:
        """What classifies the packets on the provider's network."""
        return Watch(
            tuple(map(ip_network, self.private)), frozenset(map(ip_address, self.gateways))
        )


@dataclass(frozen=True)
class Outcome:
    """How an act ended."""

    act: Act
    figures: Figures
    moved_after_ms: float | None
    """From the last packet at one gateway to the first at the one that was to take over; None if it got none."""
    strays: int
    """Packets before the moment, or at the stream's end, that were at another gateway than told."""
    sender_pause_ms: float


def outcome(folder: Path, act: Act, remotes: Iterable[str]) -> Outcome:
    """The outcome of an act, from the captures in a folder."""
    at = {
        remote: arrivals(pcap.packets(folder / f"{behind_of(remote)}.pcap"), act.stream)
        for remote in remotes
    }
    last = max((time for seen in at.values() for time, _ in seen), default=act.moment_ns)
    settled = max(act.moment_ns, last - _SETTLED_NS) if act.stays else last
    strays = sum(
        (time < act.moment_ns and remote != act.before) or (time > settled and remote != act.after)
        for remote, seen in at.items()
        for time, _ in seen
    )
    seen_at_lan = list(pcap.packets(folder / f"{LAN}.pcap"))
    return Outcome(
        act,
        stream_figures(seen_at_lan, act.stream),
        _moved_after_ms(act, at),
        strays,
        sender_pause_ms(seen_at_lan, act.stream),
    )


def _moved_after_ms(act: Act, at: dict[str, list[tuple[int, int]]]) -> float | None:
    took_over = min((time for time, _ in at[act.after] if time >= act.moment_ns), default=None)
    if took_over is None:
        return None
    left = max((time for time, _ in at[act.before] if time < took_over), default=act.moment_ns)
    return (took_over - left) / 1e6


def account(folder: Path, scene: Scene) -> dict[Kind, int]:
    """What was seen where the router meets the provider."""
    return scene.watch.account(pcap.packets(folder / f"{WAN}.pcap"))


@dataclass(frozen=True)
class Alarm:
    """Milliseconds until the alarm was raised, and until it was cleared; None if it was not."""

    raised_after_ms: int | None
    cleared_after_ms: int | None


def demo_json(
    *,
    kernel: str,
    libreswan: str,
    gateways: Sequence[dict[str, str]],
    seconds_to_tunnels_up: float,
    outcomes: Sequence[Outcome],
    alarm: Alarm,
    seen: dict[Kind, int],
) -> dict[str, Any]:
    """The content of `build/demo.json`."""
    back = next(outcome.figures for outcome in outcomes if outcome.act.what == FAILBACK)
    return {
        "kernel": kernel,
        "libreswan": libreswan,
        "gateways": list(gateways),
        "seconds_to_tunnels_up": round(seconds_to_tunnels_up, 1),
        "failover": [
            {"cause": outcome.act.what, **asdict(outcome.figures)}
            for outcome in outcomes
            if outcome.act.what in LIMITS_MS
        ],
        "failback": {"lost": back.lost, "longest_gap_ms": back.longest_gap_ms},
        "alarm": asdict(alarm),
        "clear_text_packets_on_wan": seen[Kind.CLEAR],
        "esp_packets_on_wan": seen[Kind.ESP],
        "ike_packets_on_wan": seen[Kind.IKE],
    }


def shortfalls(outcomes: Sequence[Outcome], alarm: Alarm, seen: dict[Kind, int]) -> list[str]:
    """What did not go as told, a line each; none if all did."""
    found = [line for outcome in outcomes for line in _act_shortfalls(outcome)]
    if alarm.raised_after_ms is None:
        found.append("no alarm was raised when the gateway went silent")
    if alarm.cleared_after_ms is None:
        found.append("the alarm was not cleared when the gateway was back")
    found += [
        f"{seen[kind]} packets on the provider's network were {kind.value}"
        for kind in (Kind.CLEAR, Kind.OTHER)
        if seen[kind]
    ]
    found += [
        f"no {kind.value} was seen on the provider's network"
        for kind in (Kind.ESP, Kind.IKE)
        if not seen[kind]
    ]
    return found


def _act_shortfalls(outcome: Outcome) -> list[str]:
    act, figures = outcome.act, outcome.figures
    found = []
    limit = LIMITS_MS.get(act.what)
    if limit is not None and figures.longest_gap_ms > limit:
        found.append(
            f"{act.what}: a gap of {figures.longest_gap_ms} ms, at most {limit:g} allowed"
            f" (the sender's own longest pause: {outcome.sender_pause_ms} ms)"
        )
    if outcome.moved_after_ms is None:
        found.append(f"{act.what}: traffic never was on {act.after}")
    if outcome.strays:
        found.append(f"{act.what}: {outcome.strays} packets were at another gateway than told")
    if not figures.sent:
        found.append(f"{act.what}: nothing was sent")
    return found
