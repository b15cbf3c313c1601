"""The watch for keys hears them wherever they show, and holds its peace where they may stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

INNER = """
import logging, subprocess, sys
import pytest
from ipsec_client.base import files
from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.config.findings import error
from ipsec_client.config.reader import read

CANARY = "tweet-of-the-test"

@pytest.fixture(autouse=True)
def canary():
    return Secret(CANARY)

def test_told_in_a_log(canary): logging.getLogger("x").warning("key is %s", canary.reveal())
def test_told_in_an_exception(canary):
    try: raise ValueError(canary.reveal())
    except ValueError: logging.getLogger("x").exception("failed")
def test_told_in_an_error(): InputFault("no such host " + CANARY)
def test_told_in_a_finding(): error((), "is unknown: " + CANARY)
def test_told_in_print(): print(CANARY)
def test_told_in_print_that_is_read(capsys): print(CANARY); capsys.readouterr()
def test_told_by_a_program():
    subprocess.run([sys.executable, "-c", "print(" + repr(CANARY) + ")"], capture_output=True)
def test_told_in_a_file(tmp_path): files.replace(tmp_path / "state", CANARY, mode=0o644)

def test_quiet_in_a_secret_file(tmp_path): files.replace(tmp_path / "state", CANARY)
def test_quiet_in_what_the_test_wrote(tmp_path): (tmp_path / "router.conf").write_text(CANARY)
def test_quiet_in_a_repr(canary): print(canary); logging.getLogger("x").warning("%r", canary)
def test_quiet_in_a_text_that_is_read():
    read("authority\\n router r\\n ipsec-profile p\\n pre-shared-kye " + CANARY + "\\n exit\\n exit\\nexit\\n")
@pytest.mark.shows_keys
def test_quiet_where_keys_are_asked_for(): print(CANARY)
"""


def test_it_sings_where_it_should_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "test_inner.py").write_text(INNER)
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rA",
        "-p",
        "tests.canary",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*argv, "test_inner.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    told = {words[1].split("_told_")[1] for words in lines if words[:1] == ["FAILED"]}
    quiet = {words[1].split("_quiet_")[1] for words in lines if words[:1] == ["PASSED"]}
    assert (len(told), len(quiet)) == (8, 5), done.stdout
    assert done.stdout.count("a key shows:") >= 8
