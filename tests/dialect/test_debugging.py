"""The router's log levels as Libreswan takes them, and never one that has it log keys."""

from __future__ import annotations

import pytest

from ipsec_client.base.logs import LEVELS
from ipsec_client.dialect.debugging import SECRET, is_debugging, switches


@pytest.mark.parametrize(
    ("level", "given"),
    [
        ("trace", "--debug none --debug base --debug cpu-usage"),
        ("debug", "--debug none --debug base"),
        ("info", "--debug none"),
        ("fatal", "--debug none"),
    ],
)
def test_plugin_1810_levels_are_translated(level: str, given: str) -> None:
    assert switches(level) == given.split()


@pytest.mark.parametrize("level", LEVELS)
def test_no_level_has_keys_logged(level: str) -> None:
    assert SECRET.isdisjoint(switches(level))
    assert level not in switches(level)


@pytest.mark.parametrize(
    ("line", "debugging"),
    [  # as 4.10 writes them
        ('Nov 25 11:34:19.059564: | "c1" #1: spent 0.586 (1.16) milliseconds in job 2', True),
        ("Nov 25 11:34:19.034843: | certs and keys locked by 'free_preshared_secrets'", True),
        ('Nov 25 11:34:19.041631: "c1": IKE SA proposals (connection add):', False),
        ('Nov 25 11:34:19.060157: "c1" #1: responder established IKE SA; a: | b', False),
        ("", False),
    ],
)
def test_lines_of_debugging_are_told_from_those_of_tunnels(line: str, debugging: bool) -> None:
    assert is_debugging(line) == debugging
