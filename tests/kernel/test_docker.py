"""Our rules in Docker's firewall, in the chain it leaves to others."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from ipsec_client.kernel import docker
from ipsec_client.kernel.apply import apply
from ipsec_client.kernel.observe import observe
from ipsec_client.plan.diff import diff
from ipsec_client.plan.objects import DockerRules

from .support import MemoryLedger, needs_root

pytestmark = needs_root

# As dockerd 20.10 makes them by iptables-nft; that of IPv6 is the same with `ip6tables` on.
RULES = """\
table {family} filter {{
    chain DOCKER {{ }}
    chain DOCKER-ISOLATION-STAGE-1 {{
        iifname "docker0" oifname != "docker0" counter jump DOCKER-ISOLATION-STAGE-2
        counter return
    }}
    chain DOCKER-ISOLATION-STAGE-2 {{
        oifname "docker0" counter drop
        counter return
    }}
    chain DOCKER-USER {{
        counter return
    }}
    chain FORWARD {{
        type filter hook forward priority filter; policy drop;
        counter jump DOCKER-USER
        counter jump DOCKER-ISOLATION-STAGE-1
        oifname "docker0" ct state related,established counter accept
        oifname "docker0" counter jump DOCKER
        iifname "docker0" oifname != "docker0" counter accept
        iifname "docker0" oifname "docker0" counter accept
    }}
}}
"""
WANTED = DockerRules(("lan", "rem1"))


def nft(*words: str, given: str | None = None) -> str:
    done = subprocess.run(["nft", *words], input=given, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(params=["ip", "ip6"])
def family(request: pytest.FixtureRequest, router: None) -> str:
    nft("-f", "-", given=RULES.format(family=request.param))
    return str(request.param)


def step(wanted: list[DockerRules]) -> list[str]:
    taken: list[str] = []
    for item in diff(observe([], wanted, MemoryLedger()), wanted):
        taken.append(item.verb)
        if item.verb != "keep":
            apply(item, MemoryLedger())
    return taken


def test_what_comes_in_by_our_devices_is_let_pass_and_nothing_else(family: str) -> None:
    assert step([WANTED]) == ["create"]
    shown = nft("list", "chain", family, "filter", "DOCKER-USER")
    rules = [line.split(" counter")[0].strip() for line in shown.splitlines() if "counter" in line]
    assert sorted(rules[:2]) == ['iifname "lan"', 'iifname "rem1"']
    assert "return" in shown.splitlines()[-3]
    assert step([WANTED]) == ["keep"]
    assert step([DockerRules(("lan", "rem2"))]) == ["change"]
    shown = nft("list", "chain", family, "filter", "DOCKER-USER")
    assert '"rem1"' not in shown
    assert '"rem2"' in shown


def test_they_go_when_nothing_is_wanted_and_stand_again_when_they_were_lost(family: str) -> None:
    before = nft("list", "ruleset")
    step([WANTED])
    nft("flush", "chain", family, "filter", "DOCKER-USER")
    assert step([WANTED]) == ["create"]
    assert step([]) == ["remove"]
    nft("add", "rule", family, "filter", "DOCKER-USER", "counter", "return")
    assert nft("list", "ruleset") == before


def test_where_there_is_no_docker_nothing_is_done(router: None) -> None:
    assert step([WANTED]) == ["keep"]
    assert nft("list", "ruleset") == ""
    assert docker.admitted(()) == ()


@pytest.mark.skipif(shutil.which("iptables-nft") is None, reason="no iptables-nft here")
def test_dockers_own_program_can_read_them(router: None) -> None:
    """A rule that iptables-nft cannot show would keep Docker from changing its own."""
    for words in (["-N", "DOCKER-USER"], ["-A", "DOCKER-USER", "-j", "RETURN"]):
        subprocess.run(["iptables-nft", *words], check=True)
    step([WANTED])
    shown = subprocess.run(
        ["iptables-nft", "-S", "DOCKER-USER"], capture_output=True, text=True, check=True
    )
    assert "-A DOCKER-USER -i rem1 -m comment" in shown.stdout
    assert shown.stderr == ""
