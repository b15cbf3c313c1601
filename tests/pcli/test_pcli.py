"""The client as a process of its own, against daemons on real sockets."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ipsec_client import pcli as client

from .daemon import Daemon, environment, pcli, running, session


def test_one_command_prints_what_comes_and_ends_with_its_status(tmp_path: Path) -> None:
    with running(tmp_path, Daemon("agent")):
        good = pcli(tmp_path, "-c", "show alarms")
        bad = pcli(tmp_path, "-c", "bad")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout == "agent: show alarms\n✔ width 80 tty False\n"
    assert bad.returncode == 1


def test_the_conductor_is_asked_before_the_agent(tmp_path: Path) -> None:
    with running(tmp_path, Daemon("agent")), running(tmp_path, Daemon("conductor")):
        assert pcli(tmp_path, "-c", "show alarms").stdout.startswith("conductor: ")


def test_a_socket_left_behind_is_no_daemon(tmp_path: Path) -> None:
    with running(tmp_path, Daemon("conductor")):
        (tmp_path / "conductor.sock").rename(tmp_path / "held")
    (tmp_path / "held").rename(tmp_path / "conductor.sock")
    with running(tmp_path, Daemon("agent")):
        assert pcli(tmp_path, "-c", "show alarms").stdout.startswith("agent: ")


def test_no_daemon_is_told_with_its_cure(tmp_path: Path) -> None:
    done = pcli(tmp_path, "-c", "show alarms")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("pcli: neither conductor nor agent answers")
    assert "Start ipsec-client run FILE" in done.stderr


@pytest.mark.parametrize("arguments", [("-c",), ("-x",), ("show", "alarms")])
def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = pcli(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: pcli [-c COMMAND]")


def test_lines_piped_in_are_commands(tmp_path: Path) -> None:
    daemon = Daemon("agent")
    with running(tmp_path, daemon):
        assert pcli(tmp_path, given="show alarms\n\nwhy\n").returncode == 0
        assert pcli(tmp_path, given="bad\nwhy\n").returncode == 1
    assert daemon.lines == ["show alarms\n", "why\n", "bad\n", "why\n"]


def test_a_piped_line_that_fails_while_configuring_is_the_last(tmp_path: Path) -> None:
    """What follows it would be done elsewhere than it was meant for."""
    daemon = Daemon("agent")
    with running(tmp_path, daemon):
        done = pcli(tmp_path, given="enter\nbad remote\nhost 1.2.3.4\n")
    assert done.returncode == 1
    assert daemon.lines == ["enter\n", "bad remote\n"]
    assert done.stderr == "pcli: no line after this one was read\n"


def test_an_answer_that_breaks_off_is_no_success(tmp_path: Path) -> None:
    async def breaks() -> subprocess.CompletedProcess[str]:
        async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b'{"text":"half"}\n')
            writer.close()

        async with await asyncio.start_unix_server(half, tmp_path / "agent.sock"):
            return await asyncio.to_thread(pcli, tmp_path, "-c", "show alarms")

    done = asyncio.run(breaks())
    assert (done.returncode, done.stdout) == (2, "half")
    assert "the agent ended before its answer did" in done.stderr


def test_a_reader_that_has_seen_enough_causes_no_traceback(tmp_path: Path) -> None:
    with running(tmp_path, Daemon("agent")):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [sys.executable, "-m", "ipsec_client.pcli", "-c", "show alarms"],
            env=environment(tmp_path),
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
        )
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_starting_imports_little(tmp_path: Path) -> None:
    """What makes it start in milliseconds: none of these is needed for one command."""
    code = "import sys, ipsec_client.pcli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    heavy = {
        "asyncio",
        "argparse",
        "prompt_toolkit",
        "pathlib",
        "typing",
        "subprocess",
        "dataclasses",
    }
    ours = {name for name in done.stdout.split() if name.startswith("ipsec_client.")}
    assert not heavy & set(done.stdout.split())
    assert ours == {"ipsec_client.pcli"}


def test_a_session(tmp_path: Path) -> None:
    daemon = Daemon("agent")
    with running(tmp_path, daemon), session(tmp_path) as screen:
        assert "Answered by the agent." in screen.until("@node1.router1#")
        screen.type("show alarms\r")
        screen.until("agent: show alarms\r\n")
        screen.until("@node1.router1#")
        screen.type("show al?")
        screen.until("agent: show al?\r\n")
        screen.until("# show al")  # what was typed is there again
        screen.type("\t")
        screen.until("arms")
        screen.type("\r")
        screen.until("agent: show alarms\r\n")
        screen.until("@node1.router1#")
        screen.type("\x04")
        assert screen.process.wait(30) == 0
    assert daemon.lines == ["show alarms", "show al?", "show alarms"]
    assert (tmp_path / ".pcli_history").stat().st_mode & 0o777 == 0o600


def test_exit_ends_a_session(tmp_path: Path) -> None:
    with running(tmp_path, Daemon("conductor")), session(tmp_path) as screen:
        screen.until("@node1.router1#")
        screen.type("exit\r")
        assert screen.process.wait(30) == 0


def test_a_question_is_answered_at_the_terminal(tmp_path: Path) -> None:
    daemon = Daemon("conductor")
    with running(tmp_path, daemon), session(tmp_path, "-c", "ask") as screen:
        screen.until("Sure? ")
        screen.type("y\r")
        screen.until("conductor: ask y\r\n")
        assert screen.process.wait(30) == 0
    assert daemon.lines == ["ask", "ask"]


def test_what_an_answer_is_given_to_goes_back_and_answers_before_another_count_for_nothing(
    tmp_path: Path,
) -> None:
    daemon = Daemon("conductor")
    with running(tmp_path, daemon), session(tmp_path, "-c", "anew") as screen:
        for answer in ("a", "b"):
            screen.until("Sure? ")
            screen.type(f"{answer}\r")
        screen.until("conductor: anew b\r\n")
        assert screen.process.wait(30) == 0


def test_where_nobody_is_nothing_is_asked(tmp_path: Path) -> None:
    """A daemon that asks all the same finds an end of input."""
    with running(tmp_path, Daemon("conductor")):
        assert pcli(tmp_path, "-c", "ask").returncode == 130


def test_a_key_is_not_shown_while_it_is_typed(tmp_path: Path) -> None:
    with running(tmp_path, Daemon("conductor")), session(tmp_path, "-c", "secret") as screen:
        screen.until("Key: ")
        screen.type("typed-key\r")
        assert "typed-key" not in screen.until("conductor: secret")


def test_the_prompt_is_where_the_session_stands_and_the_end_of_input_leaves_that(
    tmp_path: Path,
) -> None:
    daemon = Daemon("conductor")
    with running(tmp_path, daemon), session(tmp_path) as screen:
        screen.until("@node1.router1#")
        screen.type("enter\r")
        screen.until("@node1.router1 (authority)#")
        screen.type("\x04")
        screen.until("conductor: exit")
        screen.until("@node1.router1#")
        screen.type("\x04")
        assert screen.process.wait(30) == 0
    assert daemon.lines == ["enter", "exit"]


def test_several_lines_pasted_are_one_text(tmp_path: Path) -> None:
    daemon = Daemon("conductor")
    with running(tmp_path, daemon), session(tmp_path) as screen:
        screen.until("@node1.router1#")
        screen.type("\x1b[200~config\nauthority\nexit\x1b[201~")
        screen.type("\r")
        screen.until("conductor: config")
        screen.until("@node1.router1#")
    assert daemon.lines == ["config\nauthority\nexit"]


def test_history_holds_what_went_well_and_no_key(tmp_path: Path) -> None:
    with running(tmp_path, Daemon("conductor")), session(tmp_path) as screen:
        for line in ("key typed-key", "bad line", "good line"):
            screen.until("@node1.router1#")
            screen.type(f"{line}\r")
            screen.until(f"conductor: {line}\r\n")
        screen.until("@node1.router1#")
        screen.type("\x1b[A\x1b[A\r")  # what failed can be mended in this session
        screen.until("conductor: bad line\r\n")
    kept = [
        line[1:]
        for line in (tmp_path / ".pcli_history").read_text().splitlines()
        if line.startswith("+")
    ]
    assert kept == ["key", "good line"]


def test_a_long_answer_comes_page_by_page(tmp_path: Path) -> None:
    with running(tmp_path, Daemon("conductor")), session(tmp_path) as screen:
        screen.until("@node1.router1#")
        screen.type("long\r")
        assert "line 22\r\n" in screen.until("--More--")
        screen.type("\r")
        assert screen.until("--More--").count("line ") == 1
        screen.type(" ")
        assert "line 46\r\n" in screen.until("--More--")
        screen.type("q")
        assert "line 47\r\n" not in screen.until("@node1.router1#")
        screen.type("long | no-more\r")
        assert "--More--" not in screen.until("line 99\r\n")


def test_marks_are_in_colour_unless_that_is_not_wanted(tmp_path: Path) -> None:
    with running(tmp_path, Daemon("conductor")):
        for further, mark in (({}, "\x1b[32m✔\x1b[0m width"), ({"NO_COLOR": "1"}, "\n✔ width")):
            with session(tmp_path, "-c", "show alarms", **further) as screen:
                screen.until(mark)


@pytest.mark.parametrize(
    ("which", "line"),
    [("!", "show b"), ("1", "show a"), ("-2", "why"), ("sho", "show b"), ("y", "why"),
     ("4", ""), ("0", ""), ("-4", ""), ("x", ""), ("", "")],
)  # fmt: skip
def test_an_older_line_is_found_by_number_or_by_what_it_holds(which: str, line: str) -> None:
    assert client.recalled(which, ["show a", "why", "show b"]) == line


def test_history_is_shown_and_lines_are_done_again(tmp_path: Path) -> None:
    daemon = Daemon("conductor")
    with running(tmp_path, daemon), session(tmp_path) as screen:
        for line in ("why", "show alarms", "?", "show history", "!!", "!1"):
            screen.until("@node1.router1#")
            screen.type(line if line == "?" else f"{line}\r")
            screen.until("conductor: " if line != "show history" else "    2  show alarms\r\n")
    assert daemon.lines == ["why", "show alarms", "?", "show alarms", "why"]
