"""House rules that the import contract in pyproject.toml cannot say."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"
FILES = sorted(SRC.rglob("*.py"))
OURS = {"ipsec_client", "ipsec_lab"}
LONGEST_FILE = 400

ALLOWED = {
    "ipsec_client/pcli.py": {"prompt_toolkit"},
    "ipsec_client/conductor/exports.py": {"cryptography"},
}
"""What each file may import beside the standard library and us, only inside a function, when it is needed."""


def name(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


def imported(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """The top-level names of the modules that are imported."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield str(node.module).partition(".")[0]


def test_only_the_standard_library_and_what_is_allowed_is_imported() -> None:
    known = sys.stdlib_module_names | OURS
    for path in FILES:
        tree = ast.parse(path.read_text())
        anywhere, at_once = imported(ast.walk(tree)), imported(ast.iter_child_nodes(tree))
        assert set(anywhere) <= known | ALLOWED.get(name(path), set()), name(path)
        assert set(at_once) <= known, name(path)


def test_a_file_says_what_lives_in_it_and_can_be_read_in_one_sitting() -> None:
    silent = [name(path) for path in FILES if not ast.get_docstring(ast.parse(path.read_text()))]
    long = [name(path) for path in FILES if path.read_text().count("\n") > LONGEST_FILE]
    assert (silent, long) == ([], [])
