from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ipsec_client.app import conflicts, doctor
from ipsec_client.kernel.facts import Fact

# As iproute2 6.1 and nftables 1.0.6 print them.
LOCAL = {"priority": 0, "src": "all", "table": "local"}
OUR_RULE = {"priority": 12801, "src": "all", "table": "main", "protocol": "157"}
STRANGE_RULE = {"priority": 12802, "src": "all", "dst": "10.0.0.0", "dstlen": 8, "table": "5"}
OUR_ROUTE = {"dst": "10.9.0.0/16", "dev": "lo", "table": "128001", "protocol": "157"}
STRANGE_ROUTE = {"dst": "10.8.0.0/16", "dev": "lo", "table": "128001"}
MAIN_ROUTE = {"dst": "10.7.0.0/16", "dev": "lo"}


def chain(table: str, policy: str = "accept", hook: str = "forward") -> dict[str, Any]:
    return {"family": "ip", "table": table, "name": "x", "hook": hook, "policy": policy}


DOCKERS = {"family": "ip", "table": "filter", "name": "DOCKER-USER"}


@pytest.mark.parametrize(
    ("fact", "found"),
    [
        (conflicts.rules([LOCAL, OUR_RULE]), None),
        (conflicts.rules([OUR_RULE, STRANGE_RULE]), "others have 12802"),
        (conflicts.routes([OUR_ROUTE, MAIN_ROUTE, {"dst": "x", "table": "local"}]), None),
        (conflicts.routes([OUR_ROUTE, STRANGE_ROUTE]), "others have routes in 128001"),
        (conflicts.forwarding([chain("ipsec_client", "drop"), chain("filter")]), None),
        (conflicts.forwarding([chain("filter", "drop", hook="input")]), None),
        (conflicts.forwarding([chain("filter", "drop")]), "ip filter may drop"),
        (conflicts.forwarding([chain("filter", "drop"), DOCKERS]), None),
        (conflicts.forwarding([chain("firewalld")]), "ip firewalld may drop"),
        (conflicts.ike_daemons(["sshd", "systemd"]), None),
        (conflicts.ike_daemons(["pluto"]), "Libreswan's own service runs"),
        (conflicts.networkd(["[Network]\n#ManageForeignRoutes=no\n"]), "removes our routes"),
        (
            conflicts.networkd(
                [
                    "ManageForeignRoutes=yes",
                    "ManageForeignRoutes = no\nManageForeignRoutingPolicyRules=no",
                ]
            ),
            None,
        ),
    ],
)
def test_what_stands_in_our_way_is_found_and_nothing_else(fact: Fact, found: str | None) -> None:
    assert fact.good == (found is None)
    assert fact.good or (fact.found.startswith(str(found)) and fact.cure)


FACTS = [Fact("kernel", True, "6.1"), Fact("ESP", False, "not there", "Load esp4")]


def test_a_lack_is_followed_by_its_cure() -> None:
    assert list(doctor.table(FACTS, signs=False)) == [
        "yes  kernel  6.1",
        "no   ESP     not there",
        "             Load esp4",
    ]
    assert list(doctor.table(FACTS, signs=True))[1:] == [
        "✖  ESP     not there",
        "           Load esp4",
    ]


@pytest.mark.parametrize(("good", "status"), [(True, 0), (False, 1)])
def test_the_exit_status_tells_whether_the_host_is_ready(
    good: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "facts", lambda: [Fact("kernel", good, "6.1", "another")])
    monkeypatch.setattr(doctor, "programs", list)
    monkeypatch.setattr(doctor, "conflicts", list)
    monkeypatch.setattr(doctor, "surroundings", lambda *, named: [])
    assert doctor.main(argparse.Namespace()) == status
    assert "✔" not in capsys.readouterr().out  # no terminal


def test_a_program_whose_name_is_no_text_is_passed_over(tmp_path: Path) -> None:
    program = os.fsencode(tmp_path) + b"/k\xc3"  # as the kernel cuts a longer one
    shutil.copy(b"/bin/sleep", program)
    with subprocess.Popen([program, "60"]) as running:
        try:
            assert "k\N{REPLACEMENT CHARACTER}" in conflicts._running()
        finally:
            running.kill()
