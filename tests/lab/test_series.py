"""The same router with Debian 13's Libreswan: tunnels, failover, repair, commits, both versions of IKE."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from ipsec_lab.judge import Kind
from ipsec_lab.topology import ROUTER
from tests.lab.driver import DEMO, Lab, running

pytestmark = pytest.mark.patient


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The demo's network, rem2 by IKEv1."""
    profile = "name                 secondary\n"
    configuration = DEMO.read_text().replace(profile, f"{profile}ike-v2 never\n", 1)
    with running(configuration, "--libreswan", "5") as lab:
        yield lab


def whack(lab: Lab, *words: str) -> str:
    """What the router's pluto answers."""
    socket = "/run/ipsec-client/client1/pluto.ctl"
    return lab.must(ROUTER, "/usr/libexec/ipsec/whack", "--ctlsocket", socket, *words)


def test_the_router_runs_it_and_makes_the_tunnel_devices(lab: Lab) -> None:
    lab.await_up()
    assert "pluto_version=5.2" in whack(lab, "--status")
    shown = lab.must(ROUTER, "ip", "-n", "client1", "-d", "link", "show", "type", "xfrm")
    assert re.findall(r"(ipsec\d+).*?if_id (\S+)", shown, re.DOTALL) == [
        ("ipsec1", "0x1"),
        ("ipsec2", "0x2"),
    ]


@pytest.mark.parametrize("cause", ["kni-forced-down", "peer-deletes", "gateway-silent"])
def test_traffic_moves_to_the_other_tunnel_and_back(lab: Lab, cause: str) -> None:
    lab.await_up()
    with lab.stream(f"series-{cause}") as sent:
        time.sleep(1)
        lab.break_(cause, "rem1")
        time.sleep(2)
    lab.heal()
    assert sent.at("rem2")
    assert sent.on_wan[Kind.CLEAR] == sent.on_wan[Kind.OTHER] == 0
    lab.await_up()


def test_an_operators_restart_passes_its_words_on(lab: Lab) -> None:
    lab.await_up()
    printed = lab.pcli("restart ipsec remote rem1")
    assert '"ipsec-client-tunnel-primary-rem1"' in printed
    assert "initiating IKEv2 connection" in printed
    lab.await_up()


def test_one_remote_edited_loses_nothing_of_the_other(lab: Lab) -> None:
    lab.await_up()
    with lab.stream("series-edited") as sent:
        time.sleep(1)
        profile = f"name                 {lab.site.remotes[1].profile['name']}\n"
        lab.commit(lab.configuration.replace(profile, f"{profile}connection-lifetime 2h\n", 1))
        time.sleep(2)
    assert sent.figures.lost == 0
    assert len(sent.at("rem1")) == sent.figures.sent
    lab.await_up()


def test_pluto_killed_comes_back_with_its_devices(lab: Lab) -> None:
    lab.signal("KILL", "libexec/ipsec/pluto.*client1")
    lab.await_up()
    assert "pluto_version=5.2" in whack(lab, "--status")
