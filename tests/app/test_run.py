"""``ipsec-client run`` with processes that only play agent and conductor: what is started, asked and ended, when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipsec_client.app import progress
from ipsec_client.app.main import main
from ipsec_client.base.errors import HostFault

GOOD = Path(__file__).parents[2] / "examples" / "page-complete.conf"

PLAYERS = """
import asyncio, os, signal, sys
from pathlib import Path
from ipsec_client.app import run
from ipsec_client.app.main import main
from ipsec_client.base import sockets

journal = Path(os.environ["JOURNAL"])

def note(line):
    with journal.open("a") as file:
        print(line, file=file)

async def play(role):
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGHUP, note, f"{role} SIGHUP")
    async def answer(message, peer, send):
        if message["kind"] != "report":
            note(f"{role} {message['kind']}")
        tunnels = {"rem1": {"verdict": "up", "reason": "child SAs"}}
        await send({"status": 0, "data": {"document": "1", "tunnels": tunnels}})
    async with sockets.serving(sockets.socket_path(role), answer):
        note(f"{role} started")
        await ended.wait()
    note(f"{role} ended")

if len(sys.argv) > 2:
    asyncio.run(play(sys.argv[2]))
else:
    run._verb = lambda *words: (sys.executable, __file__, "play", words[0])
    os.geteuid = lambda: 0
    sys.exit(main(["run", sys.argv[1]]))
"""


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("RUN", "LOG", "STATE"):
        monkeypatch.setenv(f"IPSEC_CLIENT_{name}", str(tmp_path / name.lower()))
    monkeypatch.setenv("JOURNAL", str(tmp_path / "journal"))
    return tmp_path


@pytest.fixture
def running(folders: Path) -> Iterator[subprocess.Popen[str]]:
    """``ipsec-client run`` under way."""
    (folders / "players.py").write_text(PLAYERS)
    (folders / "good.conf").write_text(GOOD.read_text())
    process = subprocess.Popen(
        [sys.executable, folders / "players.py", folders / "good.conf"],
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


def journal(folders: Path, *, until: str) -> list[str]:
    """What was noted, once a line of it is ``until``."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        lines = (
            (folders / "journal").read_text().splitlines() if (folders / "journal").exists() else []
        )
        if until in lines:
            return lines
        time.sleep(0.01)
    raise AssertionError(f"no {until!r} in {lines}")


def test_at_its_end_the_conductor_goes_first_then_the_agent_removes_everything(
    folders: Path, running: subprocess.Popen[str]
) -> None:
    journal(folders, until="conductor started")
    running.send_signal(signal.SIGINT)
    told = running.communicate(timeout=30)[1]
    assert running.returncode == 0
    lines = journal(folders, until="agent ended")
    assert (
        lines.index("conductor ended") < lines.index("agent teardown") < lines.index("agent ended")
    )
    assert told.splitlines()[-2:] == [
        "ipsec-client: ending: removing what was made",
        "ipsec-client: ended",
    ]
    assert sorted(path.name for path in (folders / "run").iterdir()) == ["run.lock"]


def test_sighup_reaches_the_conductor_only_with_a_good_file(
    folders: Path, running: subprocess.Popen[str]
) -> None:
    journal(folders, until="conductor started")
    good = (folders / "good.conf").read_text()
    (folders / "good.conf").write_text("config\n    nonsense\nexit\n")
    running.send_signal(signal.SIGHUP)
    assert running.stderr is not None
    while "refused; nothing is changed" not in running.stderr.readline():
        pass
    (folders / "good.conf").write_text(good)
    running.send_signal(signal.SIGHUP)
    assert journal(folders, until="conductor SIGHUP").count("conductor SIGHUP") == 1
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [("config\n    nonsense\nexit\n", []), (GOOD.read_text(), ["--router", "router9"])],
)
def test_bad_input_starts_nothing(
    text: str,
    arguments: list[str],
    folders: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("ipsec_client.app.run.Supervisor", None)  # not even made
    (folders / "bad.conf").write_text(text)
    assert main(["run", str(folders / "bad.conf"), *arguments]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err
    assert [path.name for path in (folders / "run").iterdir()] == ["run.lock"]


def test_only_root_makes_a_node(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["run", str(GOOD)]) == HostFault.status
    assert "root" in capsys.readouterr().err


def test_progress_tells_verdicts_and_failures_and_when_all_are_there() -> None:
    tunnels = {
        "rem1": {"verdict": "up", "reason": "child SAs"},
        "rem2": {"verdict": "unknown", "reason": "no evidence yet"},
    }
    report = {"document": "7", "tunnels": tunnels, "failures": {"kni rem2": "no room"}}
    assert list(progress.lines(report)) == [
        "rem1: up, child SAs",
        "rem2: unknown, no evidence yet",
        "kni rem2: no room",
    ]
    assert not progress.judged(report)
    tunnels["rem2"]["verdict"] = "down"
    assert progress.judged(report)
    assert not progress.judged({**report, "document": None})
    assert not progress.judged({})
