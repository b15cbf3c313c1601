"""The demo's report, from captures made by hand: three failovers of two seconds, and what may go wrong in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from ipsec_lab import echo, report
from ipsec_lab.causes import GATEWAY_SILENT, KNI_FORCED_DOWN, PEER_DELETES
from ipsec_lab.judge import Kind
from ipsec_lab.pcap import ICMP
from ipsec_lab.report import FAILBACK, Act, Alarm, Outcome, Scene
from tests.lab_unit.packets import GATEWAY, LAN, SERVICE, WAN, capture, frame, udp

MS = 1_000_000
ACTS = (
    Act(1, GATEWAY_SILENT, 1000 * MS, "rem1", "rem2", True),
    Act(2, FAILBACK, 4000 * MS, "rem2", "rem1", True),
    Act(3, PEER_DELETES, 7000 * MS, "rem1", "rem2", False),
    Act(4, KNI_FORCED_DOWN, 10_000 * MS, "rem1", "rem2", True),
)
SCENE = Scene(
    remotes=("rem1", "rem2"),
    gateways=("172.16.4.3", "172.16.5.4"),
    private=("172.16.1.0/24", "1.1.1.0/24"),
    acts=ACTS,
)
GAPS = {GATEWAY_SILENT: 900, FAILBACK: 0, PEER_DELETES: 30, KNI_FORCED_DOWN: 20}

Frames = list[tuple[int, bytes]]


def played(folder: Path) -> None:
    """Write the captures of a story that goes well: a packet a millisecond, lost while traffic moves."""
    lan: Frames = []
    at: dict[str, Frames] = {"rem1": [], "rem2": []}
    for act in ACTS:
        for number in range(2000):
            time = act.moment_ns + (number - 1000) * MS
            request = echo.request(act.stream, number, time)
            lan.append((time, frame(LAN, SERVICE, ICMP, request)))
            if 0 <= number - 1000 < GAPS[act.what]:
                continue
            carrier = act.before if number < 1000 else act.after
            at[carrier].append((time + MS // 2, frame(LAN, SERVICE, ICMP, request)))
            answer = b"\x00" + request[1:]
            lan.append((time + MS - 1, frame(SERVICE, LAN, ICMP, answer)))
    esp = frame(WAN, GATEWAY, 17, udp(4500, 4500, b"\x00\x00\x10\x01" + bytes(40)))
    ike = frame(WAN, GATEWAY, 17, udp(500, 500, bytes(28)))
    wan: Frames = [(0, ike), (1, esp), (2, esp)]
    named = {"lan": lan, "wan": wan, "behind-rem1": at["rem1"], "behind-rem2": at["rem2"]}
    for name, frames in named.items():
        capture(folder, frames).rename(folder / f"{name}.pcap")


RAISED = Alarm(1200, 5000)


def outcomes(folder: Path, acts: Iterable[Act] = ACTS) -> list[Outcome]:
    return [report.outcome(folder, act, SCENE.remotes) for act in acts]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    played(folder)
    return folder


@pytest.fixture(scope="module")
def good(folder: Path) -> list[Outcome]:
    return outcomes(folder)


def test_a_story_that_goes_well(folder: Path, good: list[Outcome]) -> None:
    seen = report.account(folder, SCENE)
    assert report.shortfalls(good, RAISED, seen) == []
    assert [outcome.figures.lost for outcome in good] == list(GAPS.values())
    assert good[0].moved_after_ms == pytest.approx(901)
    assert good[0].sender_pause_ms == 1.0


def test_the_shape_of_the_report(folder: Path, good: list[Outcome]) -> None:
    content = report.demo_json(
        kernel="guest",
        libreswan="4.10",
        gateways=[{"name": "rem1", "software": "strongSwan", "version": "5.9.8"}],
        seconds_to_tunnels_up=1.26,
        outcomes=good,
        alarm=RAISED,
        seen=report.account(folder, SCENE),
    )
    assert content == {
        "kernel": "guest",
        "libreswan": "4.10",
        "gateways": [{"name": "rem1", "software": "strongSwan", "version": "5.9.8"}],
        "seconds_to_tunnels_up": 1.3,
        "failover": [
            {"cause": "gateway-silent", "sent": 2000, "lost": 900, "longest_gap_ms": 901.0},
            {"cause": "peer-deletes", "sent": 2000, "lost": 30, "longest_gap_ms": 31.0},
            {"cause": "kni-forced-down", "sent": 2000, "lost": 20, "longest_gap_ms": 21.0},
        ],
        "failback": {"lost": 0, "longest_gap_ms": 1.0},
        "alarm": {"raised_after_ms": 1200, "cleared_after_ms": 5000},
        "clear_text_packets_on_wan": 0,
        "esp_packets_on_wan": 2,
        "ike_packets_on_wan": 1,
    }


def test_the_scene_is_read_as_it_was_saved(tmp_path: Path) -> None:
    SCENE.save(tmp_path)
    assert Scene.load(tmp_path) == SCENE


def test_a_gap_that_is_too_long(folder: Path) -> None:
    slow = replace(ACTS[0], what=PEER_DELETES)
    [line] = report.shortfalls(outcomes(folder, [slow]), RAISED, report.account(folder, SCENE))
    assert line.startswith("peer-deletes: a gap of 901.0 ms, at most 100 allowed")


def test_traffic_that_is_at_another_gateway_than_told(folder: Path) -> None:
    seen = report.account(folder, SCENE)
    swapped = replace(ACTS[3], before="rem2", after="rem1")
    lines = report.shortfalls(outcomes(folder, [swapped]), RAISED, seen)
    assert "kni-forced-down: traffic never was on rem1" in lines
    assert any("at another gateway than told" in line for line in lines)


def test_what_took_over_must_stay_where_it_is_told_to(folder: Path) -> None:
    """A second stream of packets at the first gateway at the end, as after a failback that nobody wanted."""
    given_back = replace(
        ACTS[0], moment_ns=ACTS[0].moment_ns - 600 * MS, before="rem1", after="rem1"
    )
    assert outcomes(folder, [given_back])[0].strays > 0
    assert outcomes(folder, [replace(given_back, stays=False)])[0].strays == 0


@pytest.mark.parametrize(
    ("alarm", "complaint"),
    [(Alarm(None, 1), "no alarm was raised"), (Alarm(1, None), "was not cleared")],
)
def test_an_alarm_that_is_missing(
    folder: Path, good: list[Outcome], alarm: Alarm, complaint: str
) -> None:
    [line] = report.shortfalls(good, alarm, report.account(folder, SCENE))
    assert complaint in line


@pytest.mark.parametrize(
    ("kind", "count", "complaint"),
    [
        (Kind.CLEAR, 1, "1 packets on the provider's network were clear text"),
        (Kind.OTHER, 2, "2 packets on the provider's network were other"),
        (Kind.ESP, 0, "no ESP was seen"),
        (Kind.IKE, 0, "no IKE was seen"),
    ],
)
def test_what_may_not_be_on_the_providers_network_and_what_must(
    folder: Path, good: list[Outcome], kind: Kind, count: int, complaint: str
) -> None:
    seen = report.account(folder, SCENE) | {kind: count}
    [line] = report.shortfalls(good, RAISED, seen)
    assert complaint in line


def test_a_stream_that_was_not_sent(folder: Path) -> None:
    absent = replace(ACTS[0], stream=9)
    lines = report.shortfalls(outcomes(folder, [absent]), RAISED, report.account(folder, SCENE))
    assert "gateway-silent: nothing was sent" in lines
