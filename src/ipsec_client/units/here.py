"""Who keeps clients' plutos running on this machine."""

from __future__ import annotations

import os
import socket

from ipsec_client.base import sockets
from ipsec_client.base.errors import HostFault
from ipsec_client.units.port import SYSTEMD, Units
from ipsec_client.units.supervised import Supervised
from ipsec_client.units.systemd import Systemd


def units() -> Units:
    """Our supervisor where ``ipsec-client run`` brought one, else systemd; raises HostFault with neither."""
    if _supervisor_answers():
        return Supervised()
    if SYSTEMD.is_dir():
        return Systemd()
    raise HostFault(
        "there is neither systemd nor a supervisor to start pluto",
        cure="Use ipsec-client run, which brings a supervisor",
    )


def _supervisor_answers() -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        return trial.connect_ex(os.fspath(sockets.socket_path("supervisor"))) == 0
