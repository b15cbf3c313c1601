"""Sends a stream of echo requests at a steady rate, as a program of its own that nothing else disturbs.

    python -m ipsec_lab.sender ADDRESS STREAM RATE

It sends until SIGTERM; each packet is due at its own time from the start. A short pause is caught up; after a longer
one it goes on from there, since a burst would overrun queues and lose packets that no tunnel lost.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from types import FrameType

from ipsec_lab import echo

_ICMP_FILTER = {4: (255, 1), 6: (socket.IPPROTO_ICMPV6, 1)}
"""Level and name of the socket option by version of IP; its value has a bit for each type that is not wanted."""
_NOTHING = {4: b"\xff" * 4, 6: b"\xff" * 32}
_SECOND = 1_000_000_000
_CAUGHT_UP = 20
"""Packets that are sent at once, at the most, to catch up with a pause."""


def send(address: str, stream: int, rate: int) -> None:
    """Send until SIGTERM."""
    stopped = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    # A pause of the sender would count as one of the tunnels'; it sleeps most of the time and starves nobody.
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    with _socket(version := 6 if ":" in address else 4) as out:
        # The answers are for the capture to see; nobody reads them here.
        out.setsockopt(*_ICMP_FILTER[version], _NOTHING[version])
        print("sending", flush=True)
        begin, number = time.monotonic_ns(), 0
        while not stopped:
            early = begin + number * _SECOND // rate - time.monotonic_ns()
            if early > 0:
                time.sleep(early / _SECOND)
                continue
            if -early > _CAUGHT_UP * _SECOND // rate:
                begin -= early
            # Not connected: a connected socket would be told of ICMP errors instead of sending.
            out.sendto(echo.request(stream, number, time.time_ns(), version), (address, 0))
            number += 1


def _socket(version: int) -> socket.socket:
    if version == 6:
        return socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)


if __name__ == "__main__":
    send(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
