"""After all else: nothing that the router has written or shows holds a key, but what root alone may read for it."""

from __future__ import annotations

import re

import pytest

from ipsec_lab.router import LOGS, STATE
from ipsec_lab.topology import ROUTER
from tests.lab.driver import DEMO, Lab

pytestmark = pytest.mark.patient

# Written so that it does not find itself in the arguments of what looks for it.
KEYS = "|".join(
    f"[{key[0]}]{key[1:]}" for key in re.findall(r"pre-shared-key +(\S+)", DEMO.read_text())
)
RUN = "/run/ipsec-client"


def holding(lab: Lab, *where: str) -> list[str]:
    """The files that hold a key, of those that the words, as find(1) takes them, lead to."""
    found = lab.do(ROUTER, "find", *where, "-type", "f", "-exec", "grep", "-lE", KEYS, "{}", "+")
    return found.out.split()


def test_keys_are_in_files_for_root_alone_and_nowhere_else(lab: Lab) -> None:
    assert holding(lab, RUN, STATE), "looked for in the wrong place"
    assert holding(lab, RUN, STATE, "-perm", "/077") == []
    assert holding(lab, LOGS) == []
    assert holding(lab, "/proc", "-maxdepth", "2", "-name", "cmdline") == []


def test_no_command_shows_a_key(lab: Lab) -> None:
    for command in (
        "show config running verbose",
        "show config candidate flat",
        "show config history",
        "show events",
        "show events config commit",
        "show plugins state detail",
        "show alarms",
        "compare config",
        "why",
        "show system services",
        "show network-interface",
        "show service-path",
        "show fib",
        "show stats ipsec-client",
        "doctor",
    ):
        shown = lab.pcli(command)
        assert shown
        assert not re.search(KEYS, shown), command
