"""Nothing of the LAN is on the provider's network in the clear, whatever is taken away; and this would be seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.lab.driver import DEMO, Lab

from ipsec_lab.judge import Kind
from ipsec_lab.topology import ROUTER

AGENT, SUPERVISOR, PLUTO = "ipsec_client agent", "ipsec-client run", "libexec/ipsec/pluto.*client1"
OURS = 157
"""The mark on the product's rules and routes; docs/forwarding.md."""


def router_firewall(lab: Lab) -> None:
    lab.must(ROUTER, "nft", "delete", "table", "inet", "ipsec_client")


def router_tables(lab: Lab) -> None:
    """The rules that lead to the services' tables, and with them their `unreachable`."""
    lab.must(ROUTER, "ip", "rule", "flush", "protocol", str(OURS))


def namespace_firewall(lab: Lab) -> None:
    lab.must("client1", "nft", "delete", "table", "inet", "ipsec_client")


def namespace_tables(lab: Lab) -> None:
    """The rules that lead to the tunnels' tables, and with them their `unreachable`."""
    lab.must("client1", "ip", "rule", "flush", "protocol", str(OURS))


PROTECTIONS: tuple[Callable[[Lab], None], ...] = (
    router_firewall,
    router_tables,
    namespace_firewall,
    namespace_tables,
)


@contextmanager
def nobody_watching(lab: Lab) -> Iterator[None]:
    """The agent and who would start it again stand still; afterwards the product is started anew."""
    lab.signal("STOP", SUPERVISOR)
    lab.signal("STOP", AGENT)
    try:
        yield
    finally:
        lab.signal("CONT", AGENT)
        lab.signal("CONT", SUPERVISOR)
        lab.stop()
        lab.start(DEMO.read_text())
        lab.await_up()


def leaked(lab: Lab, name: str) -> int:
    """Packets of a stream of the LAN host that show on the provider's network."""
    with lab.stream(f"leaks-{name}") as sent:
        time.sleep(1)
    assert sent.figures.sent > 0
    return sent.on_wan[Kind.CLEAR]


def silence(lab: Lab) -> None:
    for remote in lab.site.remotes:
        lab.break_("gateway-silent", remote.name)


def test_all_tunnels_down(lab: Lab) -> None:
    silence(lab)
    with lab.stream("leaks-all-down") as sent:
        time.sleep(4)
    assert sent.on_wan[Kind.CLEAR] == 0
    assert not lab.up("rem1")
    assert leaked(lab, "down-for-a-while") == 0


def test_pluto_killed(lab: Lab) -> None:
    with lab.stream("leaks-pluto") as sent:
        lab.signal("KILL", PLUTO)
        time.sleep(3)
    assert sent.on_wan[Kind.CLEAR] == sent.on_wan[Kind.OTHER] == 0


def test_client_stopped(lab: Lab) -> None:
    lab.commit(DEMO.read_text().replace("enabled  true", "enabled  false"))
    try:
        with lab.stream("leaks-client-stopped") as sent:
            time.sleep(3)
        assert sent.figures.lost > 0
        assert sent.on_wan[Kind.CLEAR] == 0
        assert leaked(lab, "client-stopped-for-a-while") == 0
    finally:
        lab.commit(DEMO.read_text())


def test_agent_stopped_with_all_protections_and_with_each_taken_away_alone(lab: Lab) -> None:
    for protection in PROTECTIONS:
        with nobody_watching(lab):
            silence(lab)
            assert leaked(lab, "agent-stopped") == 0
            protection(lab)
            assert leaked(lab, protection.__name__) == 0, protection.__name__
            lab.heal()


@pytest.mark.parametrize("pair", [(router_firewall, router_tables)])
def test_the_capture_sees_what_leaks_when_all_protections_are_gone(
    lab: Lab, pair: tuple[Callable[[Lab], None], ...]
) -> None:
    with nobody_watching(lab):
        silence(lab)
        for protection in PROTECTIONS:
            protection(lab)
        assert leaked(lab, "everything-gone") > 0
        lab.heal()
