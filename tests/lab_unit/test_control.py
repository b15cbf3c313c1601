"""The socket by which commands reach the running lab."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ipsec_lab import control
from ipsec_lab.control import Answer
from ipsec_lab.errors import LabError


def echo(**words: object) -> Answer:
    return words, ()


def refuse() -> Answer:
    raise LabError("it is Sunday", cure="Come back tomorrow")


def test_words_go_in_and_a_result_comes_out(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with control.served({"echo": echo}, path):
        assert control.call("echo", path, host="lan", seconds=2.5) == {
            "host": "lan",
            "seconds": 2.5,
        }


def test_long_results_come_whole(tmp_path: Path) -> None:
    path, long = tmp_path / "s", "x" * 3_000_000
    with control.served({"long": lambda: (long, ())}, path):
        assert control.call("long", path) == long


def test_an_error_is_the_callers(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with (
        control.served({"refuse": refuse}, path),
        pytest.raises(LabError, match=r"it is Sunday\. Come back tomorrow"),
    ):
        control.call("refuse", path)


def test_descriptors_come_with_the_reply(tmp_path: Path) -> None:
    path, file = tmp_path / "s", tmp_path / "f"
    file.write_text("of the lab")
    with file.open() as opened, control.served({"give": lambda: (1, (opened.fileno(),))}, path):
        result, [descriptor] = control.ask("give", path)
        with os.fdopen(descriptor) as received:
            assert (result, received.read()) == (1, "of the lab")


def test_without_a_lab_the_cure_is_told(tmp_path: Path) -> None:
    assert not control.is_running(tmp_path / "s")
    with pytest.raises(LabError, match="no lab is running"):
        control.call("heal", tmp_path / "s")


def test_the_socket_is_for_its_owner_and_goes_with_the_lab(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.touch()
    with control.served({}, path):
        assert control.is_running(path)
        assert path.stat().st_mode & 0o777 == 0o600
    assert not path.exists()
