"""What another hand takes away comes back piece by piece, and an agent killed at any instant leaves nothing undone."""

from __future__ import annotations

import random
import re
import time

import pytest

from ipsec_lab.judge import Kind
from ipsec_lab.topology import ROUTER
from ipsec_lab.waiting import wait_until
from tests.lab.driver import DEMO, SA_OF_REM2, Lab, spi
from tests.lab.test_changes import in_force
from tests.lab.test_leaks import PLUTO

SEED = 4
KILLS = 3
LATEST = 0.8
"""Seconds after a commit by which the agent is killed."""

TAKEN = {
    "route": ("client1", "ip route delete default dev ipsec2 table 102", "default dev ipsec2"),
    "rule": ("client1", "ip rule delete pref 1002", "1002:"),
    "router's rule": (ROUTER, "ip rule delete pref 12800", "12800:"),
}
"""By what is taken: where, how, and what shows it again."""
SHOWN = {
    "route": "ip route show table 102",
    "rule": "ip rule",
    "router's rule": "ip rule",
}


def test_what_is_taken_comes_back_and_no_tunnel_is_touched(lab: Lab) -> None:
    plutos, before = lab.pids(PLUTO), spi(lab)
    with lab.stream("other-hands", rate=500) as sent:
        for name, (host, command, shows) in TAKEN.items():
            lab.must(host, *command.split())
            shown = SHOWN[name].split()
            assert wait_until(lambda: shows in lab.must(host, *shown), deadline=30), name  # noqa: B023
    assert sent.figures.lost == 0
    assert (lab.pids(PLUTO), spi(lab)) == (plutos, before)


def test_a_firewall_that_is_taken_away_with_its_nat_is_back_in_a_moment(lab: Lab) -> None:
    """Encrypted packets would leave with an address that nobody answers to, and every tunnel with them."""
    before = spi(lab)
    with lab.stream("other-hands-firewall", rate=500) as sent:
        time.sleep(0.5)
        lab.must(ROUTER, "nft", "delete", "table", "inet", "ipsec_client")
        assert wait_until(
            lambda: "inet ipsec_client" in lab.must(ROUTER, "nft", "list", "tables"), deadline=30
        )
        lab.await_up()
        time.sleep(1)
    assert sent.figures.longest_gap_ms <= 2000
    assert sent.on_wan[Kind.CLEAR] == 0
    assert spi(lab) == before


@pytest.mark.parametrize(
    "taken",
    [
        "ip xfrm state delete {sa} spi {spi}",
        "ip xfrm policy delete src 0.0.0.0/0 dst 0.0.0.0/0 dir out if_id 2",
    ],
)
def test_xfrm_of_one_tunnel_taken_away_is_made_anew_for_that_one_alone(
    lab: Lab, taken: str
) -> None:
    plutos, before = lab.pids(PLUTO), spi(lab)
    with lab.stream("other-hands-xfrm", rate=500) as sent:
        command = taken.format(sa=" ".join(SA_OF_REM2), spi=before)
        lab.must("client1", *command.split())
        assert wait_until(lambda: lab.up() and spi(lab) != before, deadline=60, pause=0.3)
    assert sent.figures.lost == 0
    assert len(sent.at("rem1")) == sent.figures.sent
    assert lab.pids(PLUTO) == plutos


def test_an_agent_killed_while_it_commits_is_followed_by_one_that_finishes(lab: Lab) -> None:
    """Each time rem2 is edited in another way, and the agent dies at another instant; rem1 carries throughout."""
    text, draw = DEMO.read_text(), random.Random(SEED)
    plutos = lab.pids(PLUTO)
    try:
        with lab.stream("killed-in-commit", rate=500) as sent:
            for number in range(KILLS):
                edited = text.replace("somekey2", f"somekey2\nike-lifetime {number + 2}h")
                killed_in = draw.uniform(0, LATEST)
                victim = lab.agent()
                lab.commit(edited)
                time.sleep(killed_in)
                lab.must(ROUTER, "kill", "-KILL", victim)
                assert wait_until(lambda: converged(lab, edited), deadline=60, pause=0.3), (  # noqa: B023
                    f"seed {SEED}, kill {number} after {killed_in:.3f} s"
                )
        assert sent.figures.lost == 0
        assert lab.pids(PLUTO) == plutos
    finally:
        lab.commit(text)


def converged(lab: Lab, text: str) -> bool:
    """Whether the node is as the text says: both tunnels up, rem2's connection the one that is wanted."""
    lifetime = re.findall(r"ike-lifetime (\d+)h", text)[0]
    loaded = lab.must(
        ROUTER, "cat", "/run/ipsec-client/client1/conns/ipsec-client-tunnel-secondary-rem2.conf"
    )
    return (
        f"ikelifetime={int(lifetime) * 3600}s" in loaded
        and in_force(lab, f"{lifetime}h")
        and lab.up()
    )
