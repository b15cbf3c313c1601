"""Commands for whoever operates a node: what they show of its view, and what they have it do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ipsec_client.base.errors import HostFault
from ipsec_client.commands.particulars import (
    FibView,
    FindingView,
    MetricView,
    NetworkView,
    PathView,
    ServiceView,
)
from ipsec_client.commands.port import Capture, Ping, Terminal

from .sample import GOLDEN, FakeNode, at, page, told

SCREENS = GOLDEN / "operating"
BEGUN = at("2020-06-30 10:00:00")

NODE = page(
    services=(
        ServiceView("128t-ipsec-agent.service", "active", BEGUN, 0, "", 12.345, 31_457_280, 41),
        ServiceView("128t-ipsec-conductor.service", "inactive", None, 0, "status 1"),
        ServiceView("128t-ipsec@client1.service", "active", BEGUN, 2, "SIGKILL", 0.5, 9_000_000, 43),
    ),
    networks=(
        NetworkView("lan", "lanintf", True, 0, "ethernet", "external", "disabled",
                    "172.16.1.2/24", "2.2.2.1", True, True, None),
        NetworkView("rem1", "rem1-intf", True, 0, "host", "external", "disabled",
                    "169.254.129.5/30", "169.254.129.6", True, False, 4),
    ),
    paths=(
        PathView("cleartext", "rem1", "service-agent", "1.1.1.0/24", "169.254.129.6", "rem1-intf",
                 "first", 10, "Down(Down)"),
        PathView("cleartext", "rem2", "service-agent", "1.1.1.0/24", "169.254.129.10", "rem2-intf",
                 "", None, "Up(Up)*"),
        PathView("local", "", "connected", "172.16.1.0/24", "", "lan", "", None, "Up*"),
    ),
    fib=(
        FibView("1.1.1.0/24", "any", "any", "lan", "cleartext",
                ("169.254.129.6 intf rem1-intf", "169.254.129.10 intf rem2-intf")),
        FibView("172.16.0.0/16", "443", "tcp", "ipsec", "ipsec", ("unreachable",)),
    ),
    statistics=(
        MetricView("ingress-bytes", "rem1", "60"),
        MetricView("time-up", "rem1", "3m 05s"),
        MetricView("ingress-bytes", "rem2", "0"),
    ),
    findings=(
        FindingView("kernel", True, "6.1.0"),
        FindingView("way to the WAN", False, "wan is down", "See to its cable, or its modem"),
    ),
)  # fmt: skip

ASKED = {
    "show system services": "services",
    "show network-interface": "networks",
    "show service-path": "paths",
    "show fib": "fib",
    "show stats ipsec-client": "statistics",
    "doctor": "findings",
}


def screen(line: str) -> str:
    """What a line prints on a node."""
    status, text = asyncio.run(told(FakeNode(NODE), line))
    assert status == 0, text
    return text


@pytest.mark.parametrize("line", ASKED)
def test_its_screen(line: str) -> None:
    assert screen(line) == (SCREENS / f"{line.replace(' ', '-')}.txt").read_text()


@pytest.mark.parametrize(("line", "part"), ASKED.items())
def test_nothing_is_found_out_but_what_is_asked(line: str, part: str) -> None:
    port = FakeNode(NODE)
    asyncio.run(told(port, line))
    assert port.looked == [part]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            "show network-interface name x",
            "no network-interface x. Its network-interfaces: lanintf",
        ),
        ("show service-path service-name x", "no service x. Its services: cleartext, local"),
        ("show stats ipsec-client remote x", "no remote x. Its remotes: rem1, rem2"),
        ("ping 8.8.8", "'8.8.8' is no IP address"),
        ("ping remote rem1 egress-interface lan 8.8.8.8", "are two ways"),
        ("ping count 0 8.8.8.8", "count 0 is no number from 1 to 100000"),
        ("ping timeout 11 8.8.8.8", "timeout 11 is no number from 1 to 10"),
        ("ping size 65508 8.8.8.8", "size 65508 is no number"),
        ("capture", "<remote> is missing"),
        ("capture remote rem1 seconds ٣", "seconds ٣ is no number"),
        ("save tech-support-info ../x", "'../x' cannot begin the name of a file"),
        ("save tech-support-info a/b", "cannot begin"),
        ("set log level loud", "'loud' has no meaning here"),
    ],
)
def test_what_cannot_be_meant(line: str, why: str) -> None:
    port = FakeNode(NODE)
    status, text = asyncio.run(told(port, line))
    assert status == 1
    assert why in text
    assert port.ordered == []


def test_of_one_service_path_or_remote_the_others_are_left_out() -> None:
    assert "rem2-intf" in screen("show service-path service-name cleartext")
    assert "connected" not in screen("show service-path service-name cleartext")
    assert "rem2" not in screen("show stats ipsec-client remote rem1").partition("Value")[2]
    assert "Entries: 1" in screen("show fib tenant lan")


@pytest.mark.parametrize(
    ("line", "order"),
    [
        ("ping 8.8.8.8", Ping("8.8.8.8")),
        (
            "ping remote rem1 count 9 size 1400 timeout 2 set-df-bit fd00::1",
            Ping("fd00::1", "rem1", "", 9, 1400, 2, whole=True),
        ),
        ("ping egress-interface wan 8.8.8.8", Ping("8.8.8.8", device="wan")),
        ("capture remote rem1", Capture("rem1", True, False, 10, 1000)),
        ("capture remote rem1 outside", Capture("rem1", False, True, 10, 1000)),
        (
            'capture remote rem1 both seconds 3 packets 7 filter "tcp and port 443" screen',
            Capture("rem1", True, True, 3, 7, "tcp and port 443", True),
        ),
        ("set log level trace", "trace"),
        ("save tech-support-info", ""),
        ("save tech-support-info case-7.", "case-7."),
    ],
)
def test_what_is_ordered(line: str, order: object) -> None:
    port = FakeNode(NODE)
    status, text = asyncio.run(told(port, line))
    assert status == 0, text
    assert port.ordered == [order]


def test_tech_support_is_told_as_documented() -> None:
    assert screen("save tech-support-info a-") == (
        "Retrieving Tech Support Info...\n/var/log/128technology/a-tech-support-info.tar.gz\n"
    )


def test_who_captures_in_the_clear_is_warned() -> None:
    assert "users' data" in screen("capture remote rem1")
    assert "users' data" not in screen("capture remote rem1 outside")


@pytest.mark.parametrize(
    "line", ["capture remote rem1", "set log level trace", "save tech-support-info"]
)
def test_who_may_only_look_neither_captures_nor_changes(line: str) -> None:
    port = FakeNode(NODE)
    status, _ = asyncio.run(told(port, line, terminal=Terminal(admin=False)))
    assert status == 1
    assert port.ordered == []
    assert asyncio.run(told(port, "ping 8.8.8.8", terminal=Terminal(admin=False)))[0] == 0


def test_a_ping_that_fails_is_an_error() -> None:
    status, text = asyncio.run(told(FakeNode(NODE, fault=HostFault("no way")), "ping 8.8.8.8"))
    assert (status, text) == (1, "% Error: no way\n")


if __name__ == "__main__":
    SCREENS.mkdir(exist_ok=True)
    for each in ASKED:
        Path(SCREENS / f"{each.replace(' ', '-')}.txt").write_text(screen(each))
