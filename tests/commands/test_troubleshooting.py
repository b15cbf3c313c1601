"""docs/troubleshooting.md answers each section of the documentation, by commands that there are, typed in the lab."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

import pytest

from ipsec_client.commands.catalogue import COMMANDS
from ipsec_client.commands.grammar import parse, split

DOCS = Path(__file__).parents[2] / "docs"
KEYS = (DOCS / "troubleshooting.keys").read_text().splitlines()
TYPED = [line for line in KEYS if not re.match(r"[#$%=]", line) and line != "exit"]
PAGE = (DOCS / "troubleshooting.md").read_text()


@pytest.mark.parametrize("line", TYPED)
def test_what_is_typed_is_a_command_and_stands_on_the_page(line: str) -> None:
    parse(split(line), COMMANDS)
    assert f"# {line}\n" in PAGE


def test_what_the_table_names_are_commands() -> None:
    rows = list(takewhile(lambda line: line.startswith("# |"), KEYS[1:]))[2:]
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[2])]
    assert len(named) >= 15
    for name in named:
        parse(split(name), COMMANDS)


@pytest.mark.parametrize(
    "section",
    [
        "Data Model", "Logging", "Salt", "PCLI Enhancements", "Tunnel Monitor State", "Commands",
        "Systemd Services", "Failover Alarms",
    ],
)  # fmt: skip
def test_every_section_of_the_documentation_is_answered(section: str) -> None:
    assert re.search(rf"(?m)^##+ {section}\n\n\S", PAGE)
