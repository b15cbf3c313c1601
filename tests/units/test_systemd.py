from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from ipsec_client.units import notify
from ipsec_client.units.port import UnitState
from ipsec_client.units.systemd import read_state

# As systemd 252 prints it.
RUNNING = """\
LoadState=loaded
MainPID=4711
NRestarts=2
ExecMainStartTimestampMonotonic=61500000
ExecMainCode=0
ExecMainStatus=0
"""
KILLED = """\
LoadState=loaded
MainPID=0
NRestarts=0
ExecMainStartTimestampMonotonic=61500000
ExecMainCode=2
ExecMainStatus=9
"""
UNKNOWN = """\
LoadState=not-found
MainPID=0
NRestarts=0
ExecMainStartTimestampMonotonic=0
ExecMainCode=0
ExecMainStatus=0
"""


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        (RUNNING, UnitState(running=True, pid=4711, since=1061.5, restarts=2)),
        (KILLED, UnitState(last_exit="SIGKILL")),
        (KILLED.replace("Code=2", "Code=1"), UnitState(last_exit="status 9")),
        (UNKNOWN, UnitState()),
        ("", UnitState()),
    ],
)
def test_what_systemctl_shows_is_the_units_state(shown: str, state: UnitState) -> None:
    assert read_state(shown, epoch=1000.0) == state


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """What systemd listens on."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "notify"))
    listener.settimeout(5)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return listener


async def work_a_while() -> None:
    async with notify.at_work():
        await asyncio.sleep(0.06)


def test_systemd_hears_of_readiness_life_and_end(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "60000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    with systemd:
        asyncio.run(work_a_while())
        heard = [systemd.recv(100)]
        while heard[-1] != b"STOPPING=1":
            heard.append(systemd.recv(100))
    assert heard[0] == b"READY=1"
    assert set(heard[1:-1]) == {b"WATCHDOG=1"}


def test_a_systemd_that_has_gone_harms_nobody(systemd: socket.socket) -> None:
    systemd.close()
    asyncio.run(work_a_while())


def test_signs_of_life_come_twice_as_often_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    assert notify.watchdog_interval() is None
    monkeypatch.setenv("WATCHDOG_USEC", "20000000")
    assert notify.watchdog_interval() == 10.0
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    assert notify.watchdog_interval() is None
