from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from ipsec_client.units import notify
from ipsec_client.units.port import UnitState
from ipsec_client.units.systemd import read_states

# As systemd 252 prints it.
RUNNING = """\
Id=128t-ipsec@c1.service
LoadState=loaded
MainPID=4711
NRestarts=2
ExecMainStartTimestampMonotonic=61500000
ExecMainCode=0
ExecMainStatus=0
CPUUsageNSec=1500000000
MemoryCurrent=4096
ControlGroup=/system.slice/system-128t\\x2dipsec.slice/128t-ipsec@c1.service
"""
KILLED = """\
Id=128t-ipsec@c1.service
LoadState=loaded
MainPID=0
NRestarts=0
ExecMainStartTimestampMonotonic=61500000
ExecMainCode=2
ExecMainStatus=9
CPUUsageNSec=[not set]
MemoryCurrent=[not set]
ControlGroup=
"""
UNKNOWN = """\
Id=128t-ipsec-conductor.service
LoadState=not-found
MainPID=0
NRestarts=0
ExecMainStartTimestampMonotonic=0
ExecMainCode=0
ExecMainStatus=0
CPUUsageNSec=[not set]
MemoryCurrent=[not set]
ControlGroup=
"""
LIVE = UnitState(running=True, pid=4711, since=1061.5, restarts=2, cpu_seconds=1.5, memory=4096)


def nothing(group: str) -> tuple[float, int]:
    raise AssertionError(f"{group} is accounted for")


@pytest.mark.parametrize(
    ("shown", "states"),
    [
        (RUNNING, {"128t-ipsec@c1": LIVE}),
        (KILLED, {"128t-ipsec@c1": UnitState(last_exit="SIGKILL")}),
        (KILLED.replace("Code=2", "Code=1"), {"128t-ipsec@c1": UnitState(last_exit="status 9")}),
        (UNKNOWN, {}),
        ("", {}),
        (
            "\n".join((RUNNING, UNKNOWN, KILLED.replace("@c1", "@c2"))),
            {"128t-ipsec@c1": LIVE, "128t-ipsec@c2": UnitState(last_exit="SIGKILL")},
        ),
    ],
)
def test_what_systemctl_shows_are_the_units_states(
    shown: str, states: dict[str, UnitState]
) -> None:
    assert read_states(shown, 1000.0, nothing) == states


@pytest.mark.parametrize("unset", ["[not set]", str(2**64 - 1)])
def test_what_systemd_does_not_account_for_is_read_from_the_processes(unset: str) -> None:
    shown = RUNNING.replace("Current=4096", f"Current={unset}")
    state = read_states(shown, 1000.0, lambda group: (9.0, len(group)))["128t-ipsec@c1"]
    assert state.cpu_seconds == 1.5
    assert state.memory == len("/system.slice/system-128t\\x2dipsec.slice/128t-ipsec@c1.service")


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
