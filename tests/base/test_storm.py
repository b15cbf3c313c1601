"""A storm of equal lines is a few of them and one that counts the rest; what differs is never lost in it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ipsec_client.base import logs
from ipsec_client.base.storm import ALIKE, EQUAL, WINDOW, Storms

log = logging.getLogger("ipsec_client.agent.inbox")


def record(
    text: str, *args: object, level: int = logging.ERROR, **fields: object
) -> logging.LogRecord:
    made = logging.LogRecord("agent", level, "f", 1, text, args, None)
    made.__dict__.update(fields)
    return made


def test_a_storm_is_its_first_lines_and_their_number() -> None:
    storms = Storms()
    passed = [storms.admits(record("cannot %s", "do"), 0.1 * n) for n in range(100)]
    assert passed == [True] * EQUAL + [False] * (100 - EQUAL)
    assert storms.over(WINDOW - 0.1) == []
    assert storms.wait(50.0) == pytest.approx(10.0)
    [told] = storms.over(WINDOW)
    assert told.getMessage() == f"... {100 - EQUAL} more of this kind in 60 s: cannot do"
    assert told.levelno == logging.ERROR
    assert storms.wait(WINDOW) is None


def test_after_its_window_a_line_is_written_again() -> None:
    storms = Storms()
    for _ in range(EQUAL + 1):
        storms.admits(record("again"), 0.0)
    storms.over(WINDOW)
    assert storms.admits(record("again"), WINDOW)


def test_lines_of_other_text_level_or_tunnel_are_no_storm() -> None:
    storms = Storms()
    for n in range(50):
        assert storms.admits(record("step %d", n), 0.0)
        assert storms.admits(record("x", about={"remote": f"rem{n}"}), 0.0)
    assert storms.admits(record("x", level=logging.INFO), 0.0)


def test_who_asks_for_debug_gets_it_whole() -> None:
    storms = Storms()
    assert all(storms.admits(record("tick", level=logging.DEBUG), 0.0) for _ in range(3 * ALIKE))
    assert storms.wait(0.0) is None


def test_one_place_cannot_fill_the_disk_whatever_it_says() -> None:
    storms = Storms()
    passed = sum(storms.admits(record("request %d failed", n), 0.0) for n in range(3 * ALIKE))
    assert passed == ALIKE
    [told] = storms.over(WINDOW)
    assert f"... {2 * ALIKE} more of this kind" in told.getMessage()


def test_lines_that_all_differ_are_not_all_remembered() -> None:
    storms = Storms()
    for n in range(3 * ALIKE):
        storms.admits(record("request %d failed", n), 0.0)
    assert len(storms._kinds) == ALIKE + 1


def test_a_process_that_ends_tells_what_it_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    with logs.recording("agent"):
        for _ in range(317):
            log.error("no answer", extra=logs.about(client="client1", remote="rem1"))
    lines = (tmp_path / "agent.log").read_text().splitlines()
    assert len(lines) == EQUAL + 1
    assert lines[0].endswith("ERROR (agent.inbox) no answer client=client1 remote=rem1")
    assert "... 312 more of this kind in 60 s: no answer client=client1 remote=rem1" in lines[-1]


def test_a_process_bounds_what_one_place_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    with logs.recording("agent"):
        for number in range(2 * ALIKE):
            log.error("request %d failed", number)
        log.error("another place")
    lines = (tmp_path / "agent.log").read_text().splitlines()
    assert len(lines) == ALIKE + 2
    assert [line for line in lines if f"... {ALIKE} more of this kind" in line]


def test_the_level_is_changed_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    with logs.recording("agent"):
        log.log(logs.TRACE, "one")
        logs.set_level("trace")
        log.log(logs.TRACE, "two")
        logs.set_level("warning")
        log.info("three")
    [line] = (tmp_path / "agent.log").read_text().splitlines()
    assert line.endswith("TRACE (agent.inbox) two")
