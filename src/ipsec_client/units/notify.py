"""What a daemon tells systemd of itself: that it is ready, alive, ending (sd_notify(3))."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def at_work() -> AsyncIterator[None]:
    """The daemon is ready, and its loop alive, until the block is left; then it is ending."""
    _tell("READY=1")
    alive = asyncio.create_task(_give_signs_of_life())
    try:
        yield
    finally:
        alive.cancel()
        _tell("STOPPING=1")


async def _give_signs_of_life() -> None:
    interval = watchdog_interval()
    while interval is not None:
        _tell("WATCHDOG=1")
        await asyncio.sleep(interval)


def watchdog_interval() -> float | None:
    """Seconds between signs of life, half of what systemd grants; None where nobody waits for them."""
    granted = os.environ.get("WATCHDOG_USEC", "")
    ours = os.environ.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
    return int(granted) / 2e6 if granted.isdigit() and ours else None


def _tell(message: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    # Losing a message is no reason to fail: systemd acts on a missing one.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way, suppress(OSError):
        way.connect(address)
        way.send(message.encode())
