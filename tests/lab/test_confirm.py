"""A commit that cuts the node off is undone by the node, with no conductor to ask, and traffic is back."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ipsec_lab.judge import Kind
from ipsec_lab.router import document
from ipsec_lab.topology import ROUTER
from ipsec_lab.waiting import wait_until
from tests.lab.driver import DEMO, Lab
from tests.lab.test_leaks import PLUTO

CONDUCTOR = "ipsec-client conductor"
NOWHERE = {"172.16.4.3": "172.16.4.99", "172.16.5.4": "172.16.5.99"}
"""The gateways, and addresses in their networks that nobody has."""

ASK = """
import json, socket, sys
with socket.socket(socket.AF_UNIX) as agent:
    agent.connect("/run/ipsec-client/agent.sock")
    agent.sendall(sys.stdin.buffer.read() + b"\\n")
    for line in agent.makefile():
        if "status" in json.loads(line):
            print(line)
            break
"""
"""One question to the agent by its socket: `pcli` would ask the conductor, which stands still."""


def ask(lab: Lab, kind: str, **body: Any) -> dict[str, Any]:
    request = {"format": 1, "id": f"test {time.monotonic_ns()}", "kind": kind, "body": body}
    told = lab.must(ROUTER, sys.executable, "-c", ASK, text=json.dumps(request))
    answer: dict[str, Any] = json.loads(told)
    assert answer["status"] == 0, answer
    data: dict[str, Any] = answer["data"]
    return data


def up(lab: Lab) -> set[str]:
    """The remotes whose tunnels are up, as the agent reports."""
    tunnels = ask(lab, "report")["tunnels"]
    return {remote for remote, state in tunnels.items() if state["verdict"] == "up"}


@contextmanager
def conductor_gone(lab: Lab) -> Iterator[Callable[[], bool]]:
    """While the body runs; gives whether the node went back to the configuration before, by itself.

    That is to be asked often: one that stands still is replaced by its supervisor, and so is stopped each time.
    """

    def undone_alone() -> bool:
        lab.do(ROUTER, "pkill", "-STOP", "-f", CONDUCTOR)
        return undone(lab)

    lab.signal("STOP", CONDUCTOR)
    try:
        yield undone_alone
    finally:
        lab.signal("CONT", CONDUCTOR)


def anew(lab: Lab) -> None:
    """Whatever was committed, the next test finds the demo's configuration."""
    lab.stop()
    lab.start(DEMO.read_text())
    lab.await_up()


def astray() -> str:
    """The demo's configuration with gateways that nobody is at."""
    text = DEMO.read_text()
    for host, nobody in NOWHERE.items():
        text = text.replace(f"host     {host}", f"host     {nobody}")
    return text


def undone(lab: Lab) -> bool:
    return ask(lab, "report")["undone"] is not None and up(lab) == {"rem1", "rem2"}


def test_the_node_goes_back_by_itself_at_the_deadline(lab: Lab) -> None:
    plutos = lab.pids(PLUTO)
    previous, cutting = json.loads(document(DEMO.read_text())), json.loads(document(astray()))
    cutting["confirm"] = {"seconds": 30.0, "previous": previous}
    cutting["requires"] = sorted({*cutting["requires"], "confirm"})
    try:
        with conductor_gone(lab) as undone_alone, lab.stream("undone") as sent:
            report = ask(lab, "apply", document=cutting)
            assert 0 < report["confirm"] <= 30
            assert wait_until(lambda: not up(lab), deadline=15, pause=0.3)
            assert wait_until(undone_alone, deadline=90, pause=0.3)
            time.sleep(1)
        report = ask(lab, "report")
        assert report["document"] == previous["id"]
        assert f"Commit undone: {cutting['id']} was not confirmed in time" in report["alarms"]
        assert "is undone" in lab.pcli("show events")
        assert lab.pids(PLUTO) == plutos
        assert sent.figures.lost > 0
        arrived = [number for remote in ("rem1", "rem2") for _, number in sent.at(remote)]
        assert max(arrived) >= sent.figures.sent - 500
        assert sent.on_wan[Kind.CLEAR] == sent.on_wan[Kind.OTHER] == 0
    finally:
        anew(lab)


def test_an_operators_commit_is_undone_even_if_the_agent_dies_meanwhile(lab: Lab) -> None:
    client = "authority router router1 node node1 ipsec-client client1"
    try:
        for remote, nobody in zip(("rem1", "rem2"), NOWHERE.values(), strict=True):
            lab.pcli(f"configure {client} remote {remote} host {nobody}")
        assert "Configuration committed" in lab.pcli("commit confirmed 1 force")
        assert wait_until(lambda: not up(lab), deadline=20, pause=0.3)
        with conductor_gone(lab) as undone_alone:
            lab.must(ROUTER, "kill", "-KILL", lab.agent())
            assert wait_until(undone_alone, deadline=150, pause=0.3)
        # The conductor, back, comes to the same: what it sends is what the node went back to.
        assert wait_until(
            lambda: "172.16.4.3" in lab.pcli(f"show config running {client} remote rem1"),
            deadline=90,
            pause=1,
        )
        assert wait_until(lambda: ask(lab, "report")["undone"] is None, deadline=60, pause=1)
        lab.await_up()
    finally:
        anew(lab)


def test_confirmed_in_time_it_stays(lab: Lab) -> None:
    client = "authority router router1 node node1 ipsec-client client1"
    try:
        lab.pcli(f"configure {client} remote rem2 host {NOWHERE['172.16.5.4']}")
        assert "Configuration committed" in lab.pcli("commit confirmed 1 force")
        assert wait_until(lambda: up(lab) == {"rem1"}, deadline=20, pause=0.3)
        lab.pcli("commit confirm")
        # With nothing to count down there is nothing to go back to.
        assert wait_until(lambda: ask(lab, "report")["confirm"] is None, deadline=20, pause=0.3)
        assert up(lab) == {"rem1"}
    finally:
        anew(lab)
