from __future__ import annotations

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


def test_systemd_hears_of_readiness_and_life(systemd: socket.socket) -> None:
    with systemd:
        notify.ready("4 tunnels up")
        notify.alive()
        notify.stopping()
        assert [systemd.recv(100) for _ in range(3)] == [
            b"READY=1\nSTATUS=4 tunnels up",
            b"WATCHDOG=1",
            b"STOPPING=1",
        ]


def test_without_systemd_nothing_happens(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd.close()
    notify.ready()
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify.ready()


def test_signs_of_life_come_twice_as_often_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    assert notify.watchdog_interval() is None
    monkeypatch.setenv("WATCHDOG_USEC", "20000000")
    assert notify.watchdog_interval() == 10.0
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    assert notify.watchdog_interval() is None
