"""Clients' plutos kept by systemd, as the units ``128t-ipsec@<client>.service``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ipsec_client.base import run
from ipsec_client.base.errors import HostFault
from ipsec_client.units.port import AGENT, CLIENT, CONDUCTOR, UnitState, client_unit
from ipsec_client.units.process import told
from ipsec_client.units.usage import usage

PATIENCE = 90.0
"""Seconds for a job: systemd's own limits for starting and stopping (TimeoutStartSec=) end before."""

_PROPERTIES = (
    "Id",
    "LoadState",
    "MainPID",
    "NRestarts",
    "ExecMainStartTimestampMonotonic",
    "ExecMainCode",
    "ExecMainStatus",
    "CPUUsageNSec",
    "MemoryCurrent",
    "ControlGroup",
)
_UNSET = 2**64 - 1  # what is not accounted for, where it is not "[not set]"
_CGROUPS = Path("/sys/fs/cgroup")
_EXITED = 1  # CLD_EXITED of sigaction(2); CLD_KILLED and CLD_DUMPED are 2 and 3


class Systemd:
    """``Units`` where systemd is the first process."""

    def start(self, client: str) -> None:
        """Has the client's pluto run from now on; returns when it is ready."""
        self._do("start", client)

    def stop(self, client: str) -> None:
        """Has it run no more."""
        self._do("stop", client)

    def restart(self, client: str) -> None:
        """Ends it and starts it again."""
        self._do("restart", client)

    def state(self, client: str) -> UnitState:
        """What has become of it."""
        return _shown(client_unit(client)).get(client_unit(client), UnitState())

    def states(self) -> dict[str, UnitState]:
        """Every unit of ours that systemd knows, by name."""
        return _shown(AGENT, CONDUCTOR, f"{CLIENT}*")

    def _do(self, verb: str, client: str) -> None:
        unit = f"{client_unit(client)}.service"
        done = run.run(["systemctl", verb, unit], deadline=PATIENCE)
        if done.status:
            raise HostFault(
                f"systemctl {verb} {unit} failed: {done.err.strip()}",
                cure=f"See systemctl status {unit}",
            )


def _shown(*names: str) -> dict[str, UnitState]:
    units = [f"{name}.service" for name in names]
    done = run.run(["systemctl", "show", f"--property={','.join(_PROPERTIES)}", *units])
    if done.status:
        raise HostFault(f"systemd does not tell of {', '.join(units)}: {done.err.strip()}")
    return read_states(done.out, time.time() - time.monotonic(), _used)


def read_states(
    shown: str, epoch: float, used: Callable[[str], tuple[float, int]]
) -> dict[str, UnitState]:
    """The states in what ``systemctl show`` printed, of units that are installed; ``epoch`` is the wall clock at
    monotonic 0. ``used`` tells what a control group uses, where systemd does not account for it.
    """
    blocks = (
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for block in shown.split("\n\n")
    )
    return {
        found["Id"].removesuffix(".service"): _state(found, epoch, used)
        for found in blocks
        if found.get("LoadState") == "loaded"
    }


def _state(
    found: Mapping[str, str], epoch: float, used: Callable[[str], tuple[float, int]]
) -> UnitState:
    def number(name: str) -> int | None:
        text = found.get(name, "")
        return int(text) if text.isdigit() and int(text) != _UNSET else None

    pid = number("MainPID") or 0
    nanoseconds, memory = number("CPUUsageNSec"), number("MemoryCurrent")
    seconds = None if nanoseconds is None else nanoseconds / 1e9
    if pid and (seconds is None or memory is None):
        counted = used(found.get("ControlGroup", ""))
        seconds = counted[0] if seconds is None else seconds
        memory = counted[1] if memory is None else memory
    return UnitState(
        running=pid > 0,
        pid=pid,
        since=epoch + (number("ExecMainStartTimestampMonotonic") or 0) / 1e6 if pid else 0.0,
        restarts=number("NRestarts") or 0,
        last_exit=_last_exit(number("ExecMainCode") or 0, number("ExecMainStatus") or 0),
        cpu_seconds=(seconds or 0.0) if pid else 0.0,
        memory=(memory or 0) if pid else 0,
    )


def _used(group: str) -> tuple[float, int]:
    """What the processes of a control group use; nothing where it cannot be read."""
    try:
        pids = (_CGROUPS / group.lstrip("/") / "cgroup.procs").read_text().split()
    except OSError:
        return 0.0, 0
    return usage(map(int, pids))


def _last_exit(code: int, status: int) -> str:
    if code == 0:
        return ""
    return told(status if code == _EXITED else -status)
