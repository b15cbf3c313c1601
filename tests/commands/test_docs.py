"""docs/commands.md tells of every command, as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_client.commands.catalogue import COMMANDS
from ipsec_client.commands.command import AnyCommand

DOCS = Path(__file__).parents[2] / "docs" / "commands.md"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words))
def test_a_command_is_documented_with_its_usage(command: AnyCommand) -> None:
    assert f"| `{command.usage}` |" in DOCS.read_text().replace("\\|", "|")
