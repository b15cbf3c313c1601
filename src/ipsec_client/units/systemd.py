"""Clients' plutos kept by systemd, as the units ``128t-ipsec@<client>.service``."""

from __future__ import annotations

import time

from ipsec_client.base import run
from ipsec_client.base.errors import HostFault
from ipsec_client.units.port import UnitState, client_unit
from ipsec_client.units.process import told

PATIENCE = 90.0
"""Seconds for a job: systemd's own limits for starting and stopping (TimeoutStartSec=) end before."""

_PROPERTIES = (
    "LoadState",
    "MainPID",
    "NRestarts",
    "ExecMainStartTimestampMonotonic",
    "ExecMainCode",
    "ExecMainStatus",
)
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
        unit = f"{client_unit(client)}.service"
        done = run.run(["systemctl", "show", f"--property={','.join(_PROPERTIES)}", unit])
        if done.status:
            raise HostFault(f"systemd does not tell of {unit}: {done.err.strip()}")
        return read_state(done.out, time.time() - time.monotonic())

    def _do(self, verb: str, client: str) -> None:
        unit = f"{client_unit(client)}.service"
        done = run.run(["systemctl", verb, unit], deadline=PATIENCE)
        if done.status:
            raise HostFault(
                f"systemctl {verb} {unit} failed: {done.err.strip()}",
                cure=f"See systemctl status {unit}",
            )


def read_state(shown: str, epoch: float) -> UnitState:
    """The state in what ``systemctl show`` printed; ``epoch`` is the wall clock at monotonic 0."""
    found = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)

    def number(name: str) -> int:
        text = found.get(name, "")
        return int(text) if text.isdigit() else 0

    pid = number("MainPID")
    return UnitState(
        running=pid > 0,
        pid=pid,
        since=epoch + number("ExecMainStartTimestampMonotonic") / 1e6 if pid else 0.0,
        restarts=number("NRestarts"),
        last_exit=_last_exit(number("ExecMainCode"), number("ExecMainStatus")),
    )


def _last_exit(code: int, status: int) -> str:
    if code == 0:
        return ""
    return told(status if code == _EXITED else -status)
