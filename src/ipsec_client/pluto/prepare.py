"""What must be so before pluto starts, and is made so again at every start, whoever starts it.

Not here: the SAs, policies and ``ipsec<n>`` devices that a killed pluto leaves in its namespace. Whoever
starts pluto has the kernel room remove them first, or 4.10 refuses connections over those devices.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ipsec_client.base import files, run
from ipsec_client.base.errors import HostFault
from ipsec_client.base.secret import Secret
from ipsec_client.pluto.layout import Layout


def give(layout: Layout, setup: str, secrets: Secret) -> None:
    """Writes what pluto starts with. A running pluto sees neither until it is restarted or rereads secrets."""
    files.folder(layout.run)
    files.replace(layout.setup, setup, durable=False)
    give_secrets(layout, secrets)


def give_secrets(layout: Layout, secrets: Secret) -> None:
    """Writes the keys, readable to root only from the first byte."""
    files.replace(layout.secrets, secrets.reveal(), durable=False)


def prepare(layout: Layout) -> None:
    """Makes the folders, an NSS database never used before, and room for the socket.

    Raises HostFault where a pluto answers already (a second one would steal its socket), where ``give``
    has given nothing yet, or where NSS cannot be made.
    """
    if _answers(layout):
        raise HostFault(f"a pluto runs already in {layout.run}", cure="Stop it first")
    if not layout.setup.exists():
        raise HostFault(
            f"{layout.setup} is not there: the agent has not said yet what this client is to be",
            cure="Start 128t-ipsec-agent",
        )
    files.folder(layout.run)
    shutil.rmtree(layout.conns, ignore_errors=True)  # a new pluto has been given none
    files.folder(layout.conns)
    layout.log.parent.mkdir(parents=True, exist_ok=True)
    if layout.log.is_symlink():  # others than root may write to that folder
        layout.log.unlink()
    for leftover in (layout.socket, layout.run / "pluto.pid"):
        leftover.unlink(missing_ok=True)
    _make_nss(layout)


def _answers(layout: Layout) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            caller.connect(str(layout.socket))
        except OSError:
            return False
        return True


def _make_nss(layout: Layout) -> None:
    """A database that was damaged once kept tunnels down for good (PLUGIN-1389), so none is ever kept."""
    shutil.rmtree(layout.nss, ignore_errors=True)
    files.folder(layout.nss)
    for name, content in _empty_database().items():
        files.replace(layout.nss / name, content, durable=False)


@cache
def _empty_database() -> Mapping[str, bytes]:
    """NSS's files as certutil makes them, in memory: no start after a crash waits for it again."""
    with TemporaryDirectory() as made:
        done = run.run(["certutil", "-N", "-d", f"sql:{made}", "--empty-password"])
        if done.status:
            raise HostFault(f"certutil could not make an NSS database: {done.err.strip()}")
        return {file.name: file.read_bytes() for file in Path(made).iterdir()}
