from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools.third_party import DEBIAN_LICENCES, PAGE, at_run_time, debian, locked, page

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_page_is_what_the_lock_says() -> None:
    assert PAGE.read_text() == page(LOCK), "run .venv/bin/python -m tools.third_party"


def test_every_debian_package_has_its_licence_and_no_other_is_listed() -> None:
    assert debian().keys() == DEBIAN_LICENCES.keys()


def test_the_lock_names_no_address() -> None:
    assert not re.findall(r"\w+://\S*|--(?:index|find-links|extra)\S*", LOCK)


def test_every_requirement_in_the_lock_is_pinned_and_hashed() -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", LOCK)
    assert all("==" in block and "--hash=sha256:" in block for block in blocks)


@pytest.mark.parametrize(
    "wanted",
    [
        *PROJECT["project"]["dependencies"],
        *(item for group in PROJECT["dependency-groups"].values() for item in group),
    ],
)
def test_what_the_project_asks_for_is_in_the_lock(wanted: str) -> None:
    name = re.split(r"[><=!~\[; ]", wanted)[0].replace("_", "-").lower()
    assert name in {item.name for item in locked(LOCK)}


def test_what_runs_is_told_from_what_builds() -> None:
    lock = """\
a==1 \\
    --hash=sha256:0
    # via ipsec-client (pyproject.toml)
b==2 ; python_version < '3.12' \\
    --hash=sha256:0
    # via
    #   a
    #   c
c==3 \\
    --hash=sha256:0
    # via ipsec-client (pyproject.toml:dev)
"""
    found = list(locked(lock))
    assert [item.name for item in found] == ["a", "b", "c"]
    assert at_run_time(found) == {"a", "b"}
