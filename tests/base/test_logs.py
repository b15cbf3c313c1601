"""Logs: one line a record, to screen and file, and no key in either."""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.base import logs
from ipsec_client.base.secret import Secret

log = logging.getLogger("ipsec_client.agent.inbox")


def test_screen_and_file_hold_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path / "new"))
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    with logs.recording("agent"):
        log.info("key is %s", Secret("somekey1"))
        log.debug("too fine")
    written = (tmp_path / "new" / "agent.log").read_text()
    assert written == capsys.readouterr().err
    assert written.endswith(" [IPSC| -- ] INFO  (agent.inbox) key is (removed)\n")
    assert written.count("\n") == 1


def test_a_folder_that_cannot_be_written_costs_only_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text("a file")
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path / "log"))
    with logs.recording("agent"):
        log.warning("still here")
    assert "still here" in capsys.readouterr().err


def test_a_full_disk_costs_only_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    (tmp_path / "agent.log").symlink_to("/dev/full")
    with logs.recording("agent"):
        log.warning("still here")
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "still here" in shown


def test_the_journal_gets_a_priority_and_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    with logs.recording("agent", "trace"):
        log.error("broken")
        log.debug("fine")
    assert capsys.readouterr().err == (
        "<3>ERROR (agent.inbox) broken\n<7>DEBUG (agent.inbox) fine\n"
    )


def test_a_traceback_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    with logs.recording("agent"):
        try:
            raise RuntimeError("first\nsecond")
        except RuntimeError:
            log.exception("failed")
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert "failed | Traceback" in shown
    assert "RuntimeError: first | second" in shown


def test_the_loggers_are_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    root = logging.getLogger()
    before = root.handlers[:], root.level
    with logs.recording("agent"):
        pass
    assert (root.handlers, root.level) == before


@given(st.text())
def test_no_text_makes_a_second_line(text: str) -> None:
    line = logs.one_line(text)
    assert line.isprintable()
    assert len(line.splitlines()) <= 1


def test_the_journal_itself_gets_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.bind(str(tmp_path / "journal"))
    monkeypatch.setattr(logs, "JOURNAL", str(tmp_path / "journal"))
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    monkeypatch.setenv("JOURNAL_STREAM", logs._standard_error())
    with journal, logs.recording("agent"):
        log.warning("lowered\nPRIORITY=0", extra=logs.about(client="client1", remote="rem1"))
        told = journal.recv(65536).decode()
    assert told == (
        "MESSAGE=WARNING (agent.inbox) lowered | PRIORITY=0\nPRIORITY=4\nSYSLOG_IDENTIFIER=agent\n"
        "IPSEC_CLIENT=client1\nIPSEC_REMOTE=rem1\n"
    )


class Broken:
    """A standard error that nobody reads any more."""

    def write(self, _: str) -> None:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def test_a_journald_that_has_ended_costs_only_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "journal").touch()  # what is sent there is refused
    monkeypatch.setattr(logs, "JOURNAL", str(tmp_path / "journal"))
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    monkeypatch.setenv("JOURNAL_STREAM", logs._standard_error())
    monkeypatch.setattr(sys, "stderr", Broken())
    with logs.recording("agent"):
        log.warning("one")
        log.warning("two")
    lines = (tmp_path / "agent.log").read_text().splitlines()
    assert [line.rsplit(" ", 1)[1] for line in lines] == ["one", "two"]


class Told:
    """What is logged, and by which threads it was made a text; the canaries' watch does so in the one that logs.

    In others it waits until ``going``.
    """

    def __init__(self, going: threading.Event | None = None) -> None:
        self._going = going
        self.by: list[int] = []

    def __str__(self) -> str:
        self.by.append(threading.get_ident())
        if self._going is not None and self.by[-1] != threading.main_thread().ident:
            self._going.wait(20)
        return "told"


def test_who_traces_does_not_wait_for_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    told = Told()
    with logs.recording("agent", "trace"):
        log.log(logs.TRACE, "%s", told)
    assert " TRACE (agent.inbox) told\n" in (tmp_path / "agent.log").read_text()
    [writer] = set(told.by) - {threading.get_ident()}
    assert told.by[-1] == writer
    assert told.by.count(writer) == 1, "once for screen and file"


def test_records_that_find_no_room_are_dropped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    monkeypatch.setattr(logs, "_WAITING", 10)
    going = threading.Event()
    held = Told(going)
    with logs.recording("agent", "trace"):
        log.log(logs.TRACE, "%s", held)
        deadline = time.monotonic() + 20
        while not set(held.by) - {threading.get_ident()}:  # the writer has it, and is held up
            assert time.monotonic() < deadline
            time.sleep(0.001)
        for number in range(15):
            log.info("line %d", number)
        going.set()
    lines = (tmp_path / "agent.log").read_text()
    assert "line 9\n" in lines
    assert "line 10\n" not in lines
    assert "5 lines were dropped here: more came than could be written\n" in lines


class Unspoken:
    """Says nothing but to the thread that made it."""

    def __init__(self) -> None:
        self._maker = threading.get_ident()

    def __str__(self) -> str:
        if threading.get_ident() != self._maker:
            raise ValueError("not now")
        return "told"

    def __repr__(self) -> str:
        return "unspoken"


def test_a_trace_that_makes_no_text_costs_no_other_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    with logs.recording("agent", "trace"):
        log.log(logs.TRACE, "it is %s", Unspoken())
        log.log(logs.TRACE, "after it")
    lines = (tmp_path / "agent.log").read_text()
    assert "it is %s (unspoken,)\n" in lines
    assert "after it\n" in lines


def test_a_link_where_the_file_ought_to_be_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path / "log"))
    (tmp_path / "log").mkdir()
    precious = tmp_path / "precious"
    precious.write_text("of root")
    (tmp_path / "log" / "ipsec-test.log").symlink_to(precious)
    with logs.recording("ipsec-test", "info"):
        logging.getLogger("ipsec_client.test").info("appended")
    assert precious.read_text() == "of root"
