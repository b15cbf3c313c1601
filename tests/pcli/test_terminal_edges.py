"""The client where the terminal is odd, closed, full, or another's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ipsec_client import pcli as client
from ipsec_client.faces import roles

from .daemon import Daemon, environment, running, session


def test_ctrl_z_carries_a_line_out_with_its_question_and_goes_to_the_top(tmp_path: Path) -> None:
    daemon = Daemon("conductor")
    with running(tmp_path, daemon), session(tmp_path) as screen:
        screen.until("@node1.router1#")
        screen.type("enter\r")
        screen.until("(authority)#")
        screen.type("ask\x1a")
        screen.until("Sure? ")
        screen.type("y\r")
        screen.until("conductor: ask y\r\n")
        screen.until("conductor: top\r\n")
        screen.until("(authority)#")
        screen.type("bad\x1a")
        screen.until("conductor: bad\r\n")
    assert daemon.lines == ["enter", "ask", "ask", "top", "bad"]
    assert "+ask\n" in (tmp_path / ".pcli_history").read_text()


def test_the_pager_leaves_what_is_typed_ahead_and_knows_arrows(tmp_path: Path) -> None:
    daemon = Daemon("conductor")
    with running(tmp_path, daemon), session(tmp_path) as screen:
        screen.until("@node1.router1#")
        screen.type("long\r")
        screen.until("--More--")
        screen.type("\x1b[B")
        assert screen.until("--More--").count("line ") == 1
        screen.type("\x1b[6~")
        assert screen.until("--More--").count("line ") == 23
        screen.type("qwhy\r")
        screen.until("conductor: why\r\n")


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_stream_causes_no_traceback(tmp_path: Path, closed: int) -> None:
    """As under cron, or a service manager."""
    code = f"import os, sys; os.close({closed}); os.execv(sys.executable, sys.argv[1:])"
    command = [sys.executable, "-m", "ipsec_client.pcli"]
    with running(tmp_path, Daemon("conductor")):
        for arguments in ([], ["-c", "why"]):
            done = subprocess.run(
                [sys.executable, "-c", code, *command, *arguments],
                env=environment(tmp_path),
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=60,
            )
            assert (done.returncode, done.stderr) == (0, b"")


def test_output_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with running(tmp_path, Daemon("conductor")), Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ipsec_client.pcli", "-c", "why"],
            env=environment(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr == b"pcli: the output cannot be written: No space left on device\n"


def test_who_may_not_even_look_gets_no_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refusal(_: object) -> str:
        return "you may not look"

    monkeypatch.setattr(roles, "refusal", refusal)
    with running(tmp_path, Daemon("conductor")), session(tmp_path) as screen:
        screen.until("% Error: you may not look")
        assert screen.process.wait(30) == 1
    assert not (tmp_path / ".pcli_history").exists()


def test_a_session_can_be_left_where_no_daemon_answers_any_more(tmp_path: Path) -> None:
    with running(tmp_path, Daemon("conductor")), session(tmp_path) as screen:
        screen.until("@node1.router1#")
        screen.type("enter\r")
        screen.until("(authority)#")
        (tmp_path / "conductor.sock").rename(tmp_path / "gone")
        screen.type("why\r")
        screen.until("pcli: neither conductor nor agent answers")
        screen.until("(authority)#")
        screen.type("\x04")
        assert screen.process.wait(30) == 2


def test_nothing_completes_a_word_where_no_daemon_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_RUN", str(tmp_path))
    assert client.Client().data("complete", {"line": "sh"}) is None
