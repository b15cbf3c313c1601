"""``failback ipsec client``: it asks, acts on what is held, and tells what has become of it; monitors in full."""

from __future__ import annotations

import asyncio

from ipsec_client.commands.node import OnNode
from ipsec_client.commands.port import Terminal
from ipsec_client.commands.session import Line
from ipsec_client.commands.view import MonitorView

from .sample import REM1_MONITORED, Clock, FakeNode, page, told, tunnel

HELD = tunnel("rem1", carrying="held: waits for failback, rem2 carries")
CARRYING = tunnel("rem2", carrying="raised: answers through the tunnel")
COMMAND = "failback ipsec client"


def test_what_is_held_takes_its_traffic_back() -> None:
    port = FakeNode(page(tunnels=(HELD, CARRYING)))
    status, text = asyncio.run(told(port, f"{COMMAND} force"))
    assert (status, port.failed_back) == (0, 1)
    assert text.splitlines() == [
        "✔ Retrieving 0/1 targets complete....",
        "Target: combo-west.RTR_WEST_COMBO",
        "",
        "rem1 raised: answers through the tunnel",
        "",
        "Successfully retrieved info.",
    ]


def test_where_nothing_waits_nothing_is_done() -> None:
    port = FakeNode(page(tunnels=(CARRYING,)))
    status, text = asyncio.run(told(port, f"{COMMAND} force"))
    assert (status, port.failed_back) == (0, 0)
    assert "No tunnel waits to take traffic back.\n" in text


def test_it_asks_first_and_is_refused_where_nobody_answers() -> None:
    port = FakeNode(page(tunnels=(HELD, CARRYING)))
    status, text = asyncio.run(told(port, COMMAND))
    assert (status, port.failed_back) == (1, 0)
    assert "Add force to do it without being asked" in text


def test_the_answer_counts() -> None:
    port = FakeNode(page(tunnels=(HELD, CARRYING)))
    executor = OnNode(port, Clock("2020-06-30 16:44:39", 0.12))
    terminal = Terminal(tty=True, interactive=True)

    async def nothing(_: str) -> None:
        """What is said is of no interest."""

    def typed(*answers: str) -> bool:
        line = Line(COMMAND, terminal, "request-1", answers=answers)
        asked = asyncio.run(executor.execute(line, nothing)).question
        return asked is not None and asked.text.startswith("Traffic moves to another tunnel.")

    assert typed()
    assert not typed("n")
    assert port.failed_back == 0
    assert not typed("y")
    assert port.failed_back == 1


def test_monitors_are_shown_with_what_they_ask_and_measure() -> None:
    web = MonitorView("web", "down", None, None, "http", 0.125, 0.0421, "answers 503", "9.9.9.9")
    unasked = MonitorView("names", "unknown", protocol="dns")
    shown = tunnel("rem1", "down", monitors=(web, unasked))
    _, text = asyncio.run(told(FakeNode(page(tunnels=(shown,))), "show plugins state detail"))
    told_of = [line.split(":", 1)[1].strip() for line in text.splitlines() if ":" in line]
    assert " ".join(told_of).count("9.9.9.9 http 12.5 % 42.1 ms answers 503") == 1
    assert " ".join(told_of).count("never dns 0.0 % unknown none") == 1  # it is asked by its name


def test_the_documented_lines_of_a_monitor_stay_as_they_are() -> None:
    _, text = asyncio.run(told(FakeNode(page(tunnels=(REM1_MONITORED,))), "show device-interface"))
    assert "Loss" not in text
