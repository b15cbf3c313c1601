"""Signs of life, as daemons give systemd them (sd_notify(3)), taken by our supervisor in its place."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from ipsec_client.base import sockets

_CREDENTIALS = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid
_LONGEST = 4096


def address() -> Path:
    """Where signs are taken; the same for each supervisor of a machine, so that one takes up what another began."""
    return sockets.run_folder() / "notify.sock"


def surroundings(watchdog: float) -> dict[str, str]:
    """What tells a daemon where to give signs, and that it is to give one within ``watchdog`` seconds at least."""
    return {"NOTIFY_SOCKET": os.fspath(address()), "WATCHDOG_USEC": f"{watchdog * 1e6:.0f}"}


@asynccontextmanager
async def taken(sign: Callable[[int], None]) -> AsyncIterator[None]:
    """Calls ``sign`` with the process id of each daemon that gives a sign of life, until the block is left."""
    loop = asyncio.get_running_loop()
    path = address()
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(os.fspath(path))
        path.chmod(0o600)
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        loop.add_reader(listener, lambda: _take(listener, sign))
        try:
            yield
        finally:
            loop.remove_reader(listener)
            path.unlink(missing_ok=True)


def _take(listener: socket.socket, sign: Callable[[int], None]) -> None:
    message, about, _, _ = listener.recvmsg(_LONGEST, socket.CMSG_SPACE(_CREDENTIALS.size))
    if b"WATCHDOG=1" in message.split(b"\n"):
        for level, kind, data in about:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                sign(_CREDENTIALS.unpack(data)[0])
