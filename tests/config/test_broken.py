"""Every broken configuration is told exactly, and every text that a finding may hold is told in one of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ipsec_client
from tests.configs.cases import Case, cases

SOURCE = Path(ipsec_client.__file__).parent

TELLING = [
    *sorted(set((SOURCE / "config" / "rules").glob("*.py")) - {SOURCE / "config/rules/limits.py"}),
    *(SOURCE / "config" / name for name in ("reader.py", "grammar.py", "recovery.py")),
    *(SOURCE / "dialect" / name for name in ("algorithms.py", "catalog.py", "options.py")),
    SOURCE / "model" / "values.py",
]
"""The files that findings have their texts from; those of limits take a thousand services (tests/plan/test_limits)."""

NEVER_TOLD = (
    "has small subgroups (RFC 8247)",
    "can be broken (RFC 8247)",  # no Libreswan that is rendered for has these groups at all
)


def test_base_is_without_findings() -> None:
    assert Case("unchanged").found() == ()


@pytest.mark.parametrize("case", cases())
def test_what_is_found_in_a_broken_configuration(case: str) -> None:
    assert cases()[case].findings
    assert cases()[case].found() == cases()[case].findings


def test_a_hundred_of_them_are_refused() -> None:
    assert sum(case.examined().refused for case in cases().values()) >= 100


@pytest.mark.parametrize("path", TELLING, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_text_of_a_finding_is_told_in_one_of_them(path: Path) -> None:
    told = "\n".join(finding for case in cases().values() for finding in case.findings)
    untold = [
        f"{path.name}:{line}: {' '.join(parts)}"
        for line, parts in texts(path)
        if not re.search(".*".join(map(re.escape, parts)), told) and parts[0] not in NEVER_TOLD
    ]
    assert untold == []


def texts(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The texts of several words in a program's file but for its docstrings: their lines and fixed parts."""
    tree = ast.parse(path.read_text())
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            skipped.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            skipped.update(map(id, node.values))
            fixed = [str(part.value) for part in node.values if isinstance(part, ast.Constant)]
            if any(" " in part.strip() for part in fixed):
                yield node.lineno, fixed
        elif isinstance(node, ast.Constant) and id(node) not in skipped:
            text = node.value
            if isinstance(text, str) and " " in text.strip():
                yield node.lineno, text.split("{}")
