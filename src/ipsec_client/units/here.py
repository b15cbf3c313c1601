"""Who keeps clients' plutos running on this machine."""

from __future__ import annotations

import os
import socket

from ipsec_client.base import sockets
from ipsec_client.base.errors import HostFault
from ipsec_client.units.port import SYSTEMD, Units, UnitState
from ipsec_client.units.supervised import Supervised
from ipsec_client.units.systemd import Systemd


def units() -> Units:
    """Our supervisor where ``ipsec-client run`` brought one, else systemd, whichever is there when it is asked."""
    return _Here()


class _Here:
    """``Units`` of whoever is there. With neither a start raises HostFault, and nothing runs."""

    def start(self, client: str) -> None:
        _asked().start(client)

    def stop(self, client: str) -> None:
        _asked().stop(client)

    def restart(self, client: str) -> None:
        _asked().restart(client)

    def state(self, client: str) -> UnitState:
        found = _found()
        return found.state(client) if found else UnitState()

    def states(self) -> dict[str, UnitState]:
        found = _found()
        return found.states() if found else {}


def _asked() -> Units:
    found = _found()
    if found is None:
        raise HostFault(
            "there is neither systemd nor a supervisor to start pluto",
            cure="Use ipsec-client run, which brings a supervisor",
        )
    return found


def _found() -> Units | None:
    if _supervisor_answers():
        return Supervised()
    return Systemd() if SYSTEMD.is_dir() else None


def _supervisor_answers() -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        return trial.connect_ex(os.fspath(sockets.socket_path("supervisor"))) == 0
