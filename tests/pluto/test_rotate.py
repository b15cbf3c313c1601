"""Pluto's log is turned over under a pluto that goes on writing to it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ipsec_client.pluto import rotate
from ipsec_client.pluto.tail import Tail


def test_what_is_written_on_goes_into_the_new_file(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as pluto:  # as pluto opens it
        for turn in range(3):
            pluto.write(f"{turn}\n".encode())
            rotate.turn_over(log)
        pluto.write(b"new\n")
    assert log.read_text() == "new\n"
    assert [Path(f"{log}.{number}").read_text() for number in (1, 2, 3)] == ["2\n", "1\n", "0\n"]


def test_who_reads_it_misses_no_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    tail = Tail(log)
    with log.open("ab", buffering=0) as pluto:
        pluto.write(b"before\n")
        assert tail.read() == ["before"]
        rotate.turn_over(log)
        pluto.write(b"x\n")
        assert tail.read() == ["x"]


def test_so_many_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotate, "KEPT", 3)
    log = tmp_path / "log"
    for turn in range(9):
        log.write_text(f"{turn}")
        rotate.turn_over(log)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1", "log.2", "log.3"]


def test_it_is_time_at_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotate, "SIZE", 4)
    log = tmp_path / "log"
    assert not rotate.is_full(log)
    log.write_text("abc")
    assert not rotate.is_full(log)
    log.write_text("abcd")
    assert rotate.is_full(log)


def test_without_room_for_the_copy_room_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    log = tmp_path / "log"
    log.write_text("abc")
    with pytest.raises(OSError, match="No space"):
        rotate.turn_over(log)
    assert log.read_text() == ""


def test_a_link_that_another_put_there_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("of root")
    log = tmp_path / "log"
    log.symlink_to(precious)
    with pytest.raises(OSError, match="symbolic"):
        rotate.turn_over(log)
    log.unlink()
    log.write_text("abc")
    (tmp_path / "log.1").symlink_to(precious)
    rotate.turn_over(log)
    assert (tmp_path / "log.1").read_text() == "abc"
    assert precious.read_text() == "of root"
