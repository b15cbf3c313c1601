"""Nothing of the LAN is on the provider's network in the clear, whatever is taken away; and this would be seen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ipsec_lab.judge import Kind
from ipsec_lab.topology import ROUTER
from tests.lab.driver import DEMO, Lab

AGENT, SUPERVISOR, PLUTO = "ipsec-client agent", "ipsec-client run", "libexec/ipsec/pluto.*client1"
SAVED = "/run/lab/saved"
"""Where a host keeps what was taken away; its /run is its own."""


@dataclass(frozen=True)
class Protection:
    """A part of what keeps the LAN's packets in, on one host; `docs/forwarding.md` says what bears our mark."""

    host: str
    kind: str
    save: str
    take: str
    put_back: str

    def take_away(self, lab: Lab) -> None:
        lab.must(
            self.host, "sh", "-c", f"mkdir -p /run/lab && {self.save} > {SAVED} && {self.take}"
        )

    def restore(self, lab: Lab) -> None:
        lab.must(self.host, "sh", "-c", f"{self.put_back} < {SAVED}")


def firewall(host: str) -> Protection:
    table = "inet ipsec_client"
    save, take = f"nft list table {table}", f"nft delete table {table}"
    return Protection(host, "firewall", save, take, "nft -f -")


def tables(host: str) -> Protection:
    """The rules that lead to the tables of services or tunnels, and so to their `unreachable`."""
    save, take = "ip rule save", "ip rule flush protocol 157"
    return Protection(host, "tables", save, take, "ip rule restore")


PROTECTIONS = tuple(make(host) for host in (ROUTER, "client1") for make in (firewall, tables))


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


def test_agent_stopped_with_all_protections_with_each_taken_away_and_with_all_gone(
    lab: Lab,
) -> None:
    """The last is the positive control: the same capture sees what leaks when nothing keeps it in."""
    with nobody_watching(lab):
        silence(lab)
        assert leaked(lab, "agent-stopped") == 0
        for protection in PROTECTIONS:
            protection.take_away(lab)
            name = f"{protection.host}-{protection.kind}"
            assert leaked(lab, name) == 0, name
            protection.restore(lab)
        for protection in PROTECTIONS:
            protection.take_away(lab)
        assert leaked(lab, "everything-gone") > 0
        lab.heal()
