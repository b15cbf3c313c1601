"""The samples of the documentation, byte for byte."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ipsec_client.commands.layout import tree
from ipsec_client.commands.show_device_interface import detail, state

from .sample import GOLDEN, REM1_DOWN, REM1_MONITORED, REM2_UP, Clock, FakeNode, page, told, tunnel


def golden(name: str) -> str:
    return (GOLDEN / f"{name}.txt").read_text()


def test_healthy_tunnel() -> None:
    status, text = asyncio.run(told(FakeNode(page()), "show device-interface name rem2"))
    assert (status, text) == (0, golden("device-interface-up"))


def test_tunnel_that_is_down() -> None:
    """The sample is an excerpt: without date and time taken."""
    _, text = asyncio.run(told(FakeNode(page()), "show device-interface name rem1"))
    date, rest = text.split("\n\n", 1)
    assert rest == golden("device-interface-down") + "\nCompleted in 0.12 seconds\n"
    assert date == "Tue 2020-06-30 16:44:39 UTC"


def test_monitored_tunnel() -> None:
    lines = tree({"IPSec": state(REM1_MONITORED)})
    assert "".join(f"{line}\n" for line in lines) == golden("device-interface-monitored")


def test_alarms() -> None:
    clock = Clock("2020-06-30 16:42:50", 0.1)
    status, text = asyncio.run(told(FakeNode(page()), "show alarms", clock=clock))
    assert (status, text) == (0, golden("alarms"))


def test_restart() -> None:
    """The sample's target is the conductor's own name; here, too, it is the node that was asked."""
    sample = golden("restart")
    lines = "".join(line for line in sample.splitlines(keepends=True) if line[:1].isdigit())
    view = page(router="conductor", node="node1", tunnels=(tunnel("remote-1"),))
    port = FakeNode(view, lines)
    line = "restart ipsec remote router conductor node node1 remote-1"
    status, text = asyncio.run(told(port, line))
    assert (status, text) == (0, sample)
    assert port.restarted == [("remote-1", "request-1")]


def test_monitor_without_totals_where_there_is_no_monitor() -> None:
    """The three forms are told apart by the monitor and the verdict alone."""
    up = "\n".join(tree({"IPSec": state(replace(REM1_MONITORED, monitors=None))}))
    assert "SA creation time:\n           2022-02-14 15:41:15" in up
    assert "Total" not in up
    assert "Monitoring" not in up
    down = tree({"IPSec": state(replace(REM1_MONITORED, verdict="down"))})
    assert down == [" IPSec:", "   Tunnel Status:     Down"]


@pytest.mark.parametrize(
    ("verdict", "status"),
    [("up", "Up"), ("degraded", "Up"), ("down", "Down"), ("unknown", "Unknown")],
)
def test_unknown_is_not_down(verdict: str, status: str) -> None:
    lines = tree({"IPSec": state(tunnel("rem1", verdict))})
    assert lines[1].split(":")[1].strip() == status


def test_down_interface_has_no_speed() -> None:
    lines = detail(replace(REM2_UP, oper_up=False))
    assert " Speed:               0" in lines
    assert " Duplex:              unknown" in lines
    assert " Operational Status:  down" in detail(REM1_DOWN)


def test_several_interfaces_are_one_block_after_the_other() -> None:
    _, text = asyncio.run(told(FakeNode(page()), "show device-interface"))
    assert golden("device-interface-down") + "\n====" in text
    assert text.index("combo-west:rem1") < text.index("combo-west:rem2")
