"""What the pages for people claim that a machine can check."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ipsec_client.app.main import VERBS
from ipsec_client.plan.objects import NFT_TABLE, PRIORITIES, PROTOCOL, TABLES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "HACKING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere_and_verbs_exist(page: Path) -> None:
    text = page.read_text()
    links = re.findall(r"\]\((?!\w+://)([^)#]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
    assert set(re.findall(r"ipsec-client ([a-z]+) [A-Z.-]", text)) <= VERBS.keys()
    targets = re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text())
    assert set(re.findall(r"(?m)`?make ([a-z]+)\b(?:`|  )", text)) <= set(targets)


def test_the_readme_names_what_is_reserved() -> None:
    text = " ".join((ROOT / "README.md").read_text().split())
    assert (
        f"route protocol {PROTOCOL}, rule priorities {PRIORITIES[0]} to {PRIORITIES[-1]}, tables {TABLES[0]} to "
        f"{TABLES[-1]} and the nftables table `inet {NFT_TABLE}`"
    ) in text


def test_ci_runs_the_readmes_test_command_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines == ["#!/bin/sh", 'cd "$(dirname "$0")/.." && exec make test']
    assert "\nmake test " in (ROOT / "README.md").read_text()


def test_hacking_fits_two_pages() -> None:
    assert len((ROOT / "HACKING.md").read_text().split()) <= 1100
