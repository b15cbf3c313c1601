"""Following a log that another process writes, empties, replaces or removes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_client.pluto.tail import Tail


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.write_text("old\n")
    return path


def write(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_only_what_is_new_and_whole(log: Path) -> None:
    tail = Tail(log)
    assert tail.read() == []
    write(log, "one\ntw")
    assert tail.read() == ["one"]
    write(log, "o\nthree\n")
    assert tail.read() == ["two", "three"]
    assert tail.read() == []


def test_a_log_that_is_emptied_or_replaced_is_read_from_its_beginning(log: Path) -> None:
    tail = Tail(log)
    write(log, "a long line before it is emptied\n")
    assert len(tail.read()) == 1
    log.write_text("short\n")
    assert tail.read() == ["short"]
    log.rename(log.with_name("log.1"))
    log.write_text("a line in the new file that is longer than all that was read before it\n")
    assert tail.read() == ["a line in the new file that is longer than all that was read before it"]
    log.unlink()
    assert tail.read() == []


def test_a_log_that_is_not_there_yet(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "log")
    assert tail.read() == []
    (tmp_path / "log").write_bytes(b"first\n\xff\n")
    assert tail.read() == ["first", "\N{REPLACEMENT CHARACTER}"]


def test_a_log_that_is_taken_away_as_it_is_read(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tail = Tail(log)
    write(log, "one\n")
    there = tail._measure()
    log.rename(log.with_name("log.1"))
    with monkeypatch.context() as just_before:
        just_before.setattr(tail, "_measure", lambda: there)
        assert tail.read() == []
    write(log, "two\n")
    assert tail.read() == ["two"]
