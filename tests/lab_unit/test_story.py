"""What the demo tells, and that it changes the page's example only as it may."""

from __future__ import annotations

from ipsec_lab import story
from ipsec_lab.judge import Figures, Kind
from ipsec_lab.report import FAILBACK, QUIET, Act, Outcome

MONITOR = ["", "tunnel-monitor", "destination  8.8.8.8", "address  8.8.8.8", "exit", "exit"]
HOPS = ("rem1-intf", "rem2-intf", "wanintf")


def test_the_page_is_adapted_only_as_it_must_be() -> None:
    lines = [line for line in story.adaptation().splitlines() if line[:3] not in ("---", "+++")]
    taken = [line[1:].strip() for line in lines if line.startswith("-")]
    added = [line[1:].strip() for line in lines if line.startswith("+")]
    per_hop = [(f"next-hop      router1 {hop}", "node-name   router1") for hop in HOPS]
    assert taken == [line for pair in per_hop for line in pair]
    named = [line.replace("router1", "node1") for line in taken]
    assert added == ["address        172.16.5.4", *MONITOR, *MONITOR, *named]


def outcome(what: str, moved: float | None, strays: int = 0) -> Outcome:
    act = Act(1, what, 0, "rem1", "rem2", True)
    return Outcome(act, Figures(1000, 20, 21.5), moved, strays, 1.0)


def test_how_an_act_ended_is_told() -> None:
    rest = "20 of 1000 packets lost, longest gap 21.5 ms"
    left = "traffic is on rem2, 21 ms after it left rem1"
    assert story.told(outcome(FAILBACK, 21.2)) == f"  {left}; {rest}"
    assert story.told(outcome(FAILBACK, None)) == f"  traffic never was on rem2; {rest}"
    assert story.told(outcome(QUIET, 1.0)) == f"  traffic is on rem2; {rest}"


def test_clear_text_is_named_also_when_there_is_none() -> None:
    seen = dict.fromkeys(Kind, 0) | {Kind.ESP: 7}
    assert story.counted(seen) == "7 ESP, no clear text"
    assert story.counted(seen | {Kind.CLEAR: 2}) == "2 clear text, 7 ESP"
