"""The ledger: there again after a restart, entry by entry; a damaged entry is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.shelf import Shelf

GOOD: dict[str, Any] = {
    "tables": {"internet": 128000},
    "namespaces": ["c1"],
    "names": {"gateway.example": "192.0.2.1"},
    "sysctls": {"net/ipv4/ip_forward": "0"},
    "pluto c1": {
        "life": [7, 8],
        "setup": "config setup\n",
        "connections": {"rem1": ["ipsec-client-tunnel-p-rem1", [["left", "169.254.129.2"]]]},
    },
}


def test_it_is_there_again_after_a_restart(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    ledger = Ledger(shelf)
    for key, value in GOOD.items():
        ledger.put(key, value)
    ledger.put("tables", None)
    shelf.close()
    again = Ledger(Shelf(tmp_path))
    assert again.get("tables") is None
    assert {key: again.get(key) for key in GOOD} == {**GOOD, "tables": None}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tables", [1]),
        ("tables", {"internet": "128000"}),
        ("tables", {"internet": 254}),
        ("tables", {"internet": 128001, "other": 128001}),
        ("names", {"gateway.example": "nowhere"}),
        ("namespaces", "c1"),
        ("namespaces", [None]),
        ("names", {"gateway.example": 7}),
        ("sysctls", {"net/ipv4/ip_forward": True}),
        ("pluto c1", None),
        ("pluto c1", {"life": [7], "setup": "", "connections": {}}),
        ("pluto c1", {"life": [7, 8], "setup": 1, "connections": {}}),
        ("pluto c1", {"life": [7, 8], "setup": "", "connections": {"rem1": ["name"]}}),
        ("pluto c1", {"life": [7, 8], "setup": "", "connections": {"rem1": ["name", [["left"]]]}}),
    ],
)
def test_a_damaged_entry_is_passed_over_and_the_others_stay(
    tmp_path: Path, key: str, value: Any
) -> None:
    content = {"format": 1, "entries": {**GOOD, key: value}}
    (tmp_path / "ledger.json").write_text(json.dumps(content))
    shelf = Shelf(tmp_path)
    ledger = Ledger(shelf)
    assert {name: ledger.get(name) for name in GOOD} == {**GOOD, key: None}
    assert shelf.passed_over == [f"ledger.json: its entry {key!r}"]
