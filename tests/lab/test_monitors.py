"""Monitors and failback through real tunnels: services that end behind a gateway that lives, slow and lossy ways."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from ipsec_lab import pcap
from ipsec_lab.topology import UPLINK, behind_of
from ipsec_lab.waiting import wait_until
from tests.lab.driver import DEMO, Lab
from tests.lab.services import PORTS

pytestmark = pytest.mark.patient

SERVER = Path(__file__).with_name("services.py")
BEHIND = behind_of("rem1")
PROBED = "8.8.8.8"
SOURCE = IPv4Address("10.128.128.6")
"""What rem1's probes come from: its KNI's host part in the default tunnel-monitor-nat-network."""

WEB = f"destination web\nhost {PROBED}\nprotocol http\npath /vpntest\nexit\n"
MAIL = f"destination mail\nhost {PROBED}\nprotocol tcp\nport 25\nexit\n"
NAMES = f"destination names\nhost {PROBED}\nprotocol dns\nquery www.example.net\nexit\n"


def configuration(monitor: str, client: str = "") -> str:
    """The demo's, with another monitor of rem1 and further fields of the client."""
    text = DEMO.read_text()
    old = re.compile(r"tunnel-monitor\n.*?exit\n *exit\n", re.DOTALL)
    text, count = old.subn(f"tunnel-monitor\n{monitor}exit\n", text, count=1)
    assert count == 1
    return text.replace("enabled  true\n", f"enabled  true\n{client}\n", 1)


@contextmanager
def committed(
    lab: Lab, monitor: str = "destination 8.8.8.8\nexit\n", client: str = ""
) -> Iterator[None]:
    """With that in force; afterwards the demo's again."""
    lab.commit(configuration(monitor, client))
    try:
        yield
    finally:
        lab.heal()
        lab.commit(DEMO.read_text())


def serve(lab: Lab, *names: str) -> None:
    """Services behind rem1's gateway, and no others; they listen."""
    stop(lab)
    words = f"{sys.executable} {SERVER} {PROBED} {' '.join(names)}"
    started = f"setsid {words} </dev/null >/dev/null 2>&1 & echo $! >/run/services"
    lab.must(BEHIND, "sh", "-c", started)

    def ready() -> bool:
        sockets = lab.must(BEHIND, "ss", "-Hlntu")
        return all(f"{PROBED}:{PORTS[name]} " in sockets for name in names)

    assert wait_until(ready, deadline=30)


def stop(lab: Lab) -> None:
    lab.do(
        BEHIND, "sh", "-c", "test -e /run/services && kill $(cat /run/services) && rm /run/services"
    )


@pytest.fixture
def services(lab: Lab) -> Iterator[None]:
    """All three, at first."""
    serve(lab, "web", "mail", "names")
    yield
    stop(lab)


def await_(lab: Lab, remote: str, *words: str) -> None:
    """Waits until what is told of the remote has those words."""

    def told() -> bool:
        return all(word in lab.pcli(f"why remote {remote}") for word in words)

    assert wait_until(told, deadline=40, pause=0.3), (words, lab.pcli("why"))


def carrier(lab: Lab) -> str:
    """The tunnel that traffic was moved to last."""
    moved = [row.split() for row in lab.pcli("why").splitlines() if " in use " in row]
    return moved[-1][1] if moved else ""


def await_carrier(lab: Lab, remote: str) -> None:
    assert wait_until(lambda: carrier(lab) == remote, deadline=40, pause=0.3), lab.pcli("why")


@pytest.mark.usefixtures("services")
def test_a_service_that_ends_takes_traffic_away_and_brings_it_back(lab: Lab) -> None:
    with committed(lab, WEB + MAIL + NAMES):
        lab.await_up("rem1")
        with lab.captured("monitors", (BEHIND, UPLINK)) as files:
            state = lab.pcli("show plugins state detail")
            for protocol in ("http", "tcp", "dns"):
                assert re.search(rf"Protocol: +{protocol}\n", state), state
            serve(lab, "mail", "names")
            await_(lab, "rem1", "web refuses port 80", "down")
            await_carrier(lab, "rem2")
            serve(lab, "web", "mail", "names")
            lab.await_up()
            await_carrier(lab, "rem1")
        asked = [
            (packet.source, int.from_bytes(packet.payload[2:4]))
            for packet in pcap.packets(files[BEHIND])
            if packet.is_ip and packet.destination == IPv4Address(PROBED).packed
        ]
        assert {source for source, _ in asked} == {SOURCE.packed}
        assert {80, 25, 53} <= {port for _, port in asked}


@pytest.mark.usefixtures("services")
def test_two_of_three_destinations_suffice(lab: Lab) -> None:
    with committed(lab, f"destinations-required 2\n{WEB}{MAIL}{NAMES}"):
        lab.await_up("rem1")
        serve(lab, "web", "names")
        assert wait_until(
            lambda: "refuses port 25" in lab.pcli("show plugins state detail"), deadline=30
        )
        assert lab.up("rem1")
        serve(lab, "web")
        await_(lab, "rem1", "mail refuses port 25", "down")
        await_carrier(lab, "rem2")


def test_a_slow_way_is_left_and_a_slow_last_one_carries(lab: Lab) -> None:
    with committed(lab, "destination 8.8.8.8\nlatency-limit 100ms\nexit\n"):
        await_(lab, "rem1", "up")
        lab.break_("delay", "rem1")
        await_(lab, "rem1", "latency to 8.8.8.8 is above its limit, and rem2 is up")
        await_carrier(lab, "rem2")
        lab.silence("rem2")
        await_(lab, "rem1", "degraded", "but no other tunnel is up")
        await_carrier(lab, "rem1")
        told = "rem1 is degraded and carries"
        assert wait_until(lambda: told in lab.pcli("show alarms"), deadline=20), lab.pcli(
            "show alarms"
        )
        lab.heal()
        await_(lab, "rem1", "answers through the tunnel")
        lab.await_up()


def test_a_lossy_way_is_left(lab: Lab) -> None:
    with committed(lab, "destination 8.8.8.8\nloss-limit 5\nfail-threshold 3\nexit\n"):
        await_(lab, "rem1", "up")
        lab.break_("loss", "rem1")
        await_(lab, "rem1", "loss to 8.8.8.8 is above its limit")
        await_carrier(lab, "rem2")


def test_failback_waits_for_an_operator_over_the_agents_death(lab: Lab) -> None:
    with committed(lab, client="failback manual"):
        await_carrier(lab, "rem1")
        lab.silence("rem1")
        await_carrier(lab, "rem2")
        lab.heal()
        await_(lab, "rem1", "held: waits for failback, rem2 carries")
        lab.must("router", "kill", "-KILL", lab.agent())
        await_(lab, "rem1", "held: waits for failback, rem2 carries")
        with lab.stream("failback") as sent:
            assert "rem1 raised" in lab.pcli("failback ipsec client force")
            await_carrier(lab, "rem1")
        assert sent.figures.lost == 0
        assert sent.at("rem1")


def test_failback_that_is_delayed_comes_by_itself(lab: Lab) -> None:
    with committed(lab, client="failback delayed\nfailback-delay 4s"):
        await_carrier(lab, "rem1")
        lab.silence("rem1")
        await_carrier(lab, "rem2")
        lab.heal()
        await_(lab, "rem1", "held", "waits for failback")
        await_carrier(lab, "rem1")
