"""What a daemon tells systemd of itself: that it is ready, alive, and how it is (sd_notify(3))."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def ready(status: str = "") -> None:
    """The daemon does its work from now on."""
    _tell("READY=1", status)


def alive(status: str = "") -> None:
    """A sign of life for the watchdog, with a line for ``systemctl status``."""
    _tell("WATCHDOG=1", status)


def stopping() -> None:
    """The daemon is ending."""
    _tell("STOPPING=1")


def watchdog_interval() -> float | None:
    """Seconds between signs of life, half of what systemd grants; None where nobody waits for them."""
    granted = os.environ.get("WATCHDOG_USEC", "")
    ours = os.environ.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
    return int(granted) / 2e6 if granted.isdigit() and ours else None


def _tell(message: str, status: str = "") -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    text = f"{message}\nSTATUS={status}" if status else message
    # Losing a message is no reason to fail: systemd asks again by its watchdog.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way, suppress(OSError):
        way.connect(address)
        way.send(text.encode())
