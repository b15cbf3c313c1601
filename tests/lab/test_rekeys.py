"""Rekeys, many of them, under traffic through four tunnels: nobody notices, and nothing grows.

Lifetimes are those of hours in short: every child SA is replaced every few seconds, every IKE SA twice. All four are
IKEv2 with strongSwan, which sends by a new SA only when its initiator must have it; docs/health.md tells of others.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from ipsec_lab import control, judge, pcap
from ipsec_lab.judge import Figures
from ipsec_lab.shapes import Remote, configuration
from ipsec_lab.topology import ROUTER, UPLINK
from ipsec_lab.waiting import wait_until
from tests.lab.driver import KEPT, Lab, running
from tests.lab.test_causes import REMOTES, SERVICES, decisions, now
from tests.lab.test_leaks import PLUTO

REKEYS = 60
"""Of child SAs, to be seen at least."""

RATE = 100
"""Packets a second through each tunnel."""

GROWTH = 1024
"""KiB that agent and pluto may have grown by between the fifteenth rekey and the last."""

LOG = "/var/log/128technology/ipsec-client1.log"
CHILD, IKE = r"initiator rekeyed Child SA #\d+", r"initiator rekeyed IKE SA #\d+"
SHORT = """
connection-lifetime 16
ike-lifetime 45
custom-option rekeymargin
value 10s
exit
custom-option rekeyfuzz
value 0%
exit
"""


TEXT = configuration(
    tuple(
        Remote(remote.name, f"172.16.{number}.3", SHORT)
        for number, remote in enumerate(REMOTES, 21)
    ),
    SERVICES,
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Four gateways, each with a service that goes through it alone."""
    with running(TEXT) as lab:
        yield lab


def written(lab: Lab, pattern: str) -> int:
    """How often Libreswan has told of such a thing."""
    return len(re.findall(pattern, lab.must(ROUTER, "cat", LOG)))


def memory(lab: Lab) -> dict[str, int]:
    """What agent and pluto have in memory, in KiB."""
    [pluto] = lab.pids(PLUTO)
    found = {}
    for name, process in (("agent", lab.agent()), ("pluto", pluto)):
        status = lab.must(ROUTER, "cat", f"/proc/{process}/status")
        found[name] = int(re.findall(r"VmRSS:\s+(\d+)", status)[0])
    return found


def test_sixty_rekeys_lose_no_packet_make_no_failover_and_grow_nothing(lab: Lab) -> None:
    lab.await_up()
    remotes = [remote.name for remote in lab.site.remotes]
    begun = now(lab)
    with ExitStack() as stack:
        files = stack.enter_context(lab.captured("rekeys", ("lan", UPLINK)))
        numbers = {
            name: control.call("send", rate=RATE, to=f"1.1.{name[-1]}.1") for name in remotes
        }
        assert wait_until(lambda: written(lab, CHILD) >= REKEYS // 4, deadline=60, pause=2)
        before = memory(lab)
        assert wait_until(lambda: written(lab, CHILD) >= REKEYS, deadline=150, pause=2)
        after, children, parents = memory(lab), written(lab, CHILD), written(lab, IKE)
        for number in numbers.values():
            control.call("sent", stream=number)
        time.sleep(1)
    seen = list(pcap.packets(files["lan"]))
    figures = {name: judge.stream_figures(seen, number) for name, number in numbers.items()}
    (KEPT / "rekeys.txt").write_text(told(children, parents, figures, before, after))
    assert {name: found.lost for name, found in figures.items()} == dict.fromkeys(remotes, 0)
    for name in remotes:
        assert decisions(lab, name, begun) == []
    assert parents >= len(remotes)
    assert all(after[name] - before[name] <= GROWTH for name in before)


def told(
    children: int,
    parents: int,
    figures: dict[str, Figures],
    before: dict[str, int],
    after: dict[str, int],
) -> str:
    """How it went, for people."""
    lines = [f"{children} rekeys of child SAs, {parents} of IKE SAs"]
    lines += [f"{name}: {found}" for name, found in figures.items()]
    lines += [f"{name}: {before[name]} KiB, then {after[name]} KiB" for name in before]
    return "\n".join(lines) + "\n"
