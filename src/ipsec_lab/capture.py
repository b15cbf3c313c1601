"""Captures what passes a device of a machine, with tcpdump, into a file that is kept."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from pathlib import Path

from ipsec_lab.errors import LabError
from ipsec_lab.host import Host

SNAP = 160
"""Bytes kept of each packet: enough for ESP in UDP, and for an ICMP error with what it quotes."""
_BUFFER_KIB = 16384
_READY = re.compile(rb"listening on")
_COUNTS = re.compile(
    rb"(\d+) packets? captured\W+(\d+) packets? received by filter\W+(\d+) packets? dropped by kernel"
)
_PATIENCE = 30.0
"""Seconds that tcpdump is given to answer: the kernel hands packets over in blocks, up to a second late."""
_PAUSE = 0.1


class Capture:
    """A capture, running from its making until ``stop``: every packet in between is in it.

    Not for ``lo``: tcpdump and the kernel count its packets differently.
    """

    def __init__(self, host: Host, device: str, path: Path) -> None:
        self.path = path
        self._what = f"{device} on {host.name}"
        self._told = b""
        with path.open("wb") as file:
            self._process = host.start(
                [
                    *("tcpdump", "--interface", device, "-w", "-", "-n", "-Z", "root"),
                    *("--snapshot-length", str(SNAP), "--buffer-size", str(_BUFFER_KIB)),
                    "--time-stamp-precision=nano",
                ],
                stdout=file,
                stderr=subprocess.PIPE,
            )
        if self._await(_READY) is None:
            raise LabError(f"tcpdump does not capture {self._what}", cure="Is tcpdump installed?")

    def settle(self) -> None:
        """Have all that has come by now written to the file."""
        self._take_in()
        # Of two signals that wait, the later one is answered last: the counts say that it is written.
        self._process.send_signal(signal.SIGUSR2)
        self._count()

    def stop(self) -> None:
        """End the capture; raises LabError if packets escaped it, for then its figures would be wrong."""
        self._take_in()
        self._process.terminate()
        counts = self._await(_COUNTS)
        self._process.wait(_PATIENCE)
        assert self._process.stderr is not None
        self._process.stderr.close()
        if counts is None or int(counts[3]) > 0:
            raise LabError(
                f"the capture of {self._what} is not whole: {self._told.decode().strip()}",
                cure="Use a lower rate",
            )

    def _take_in(self) -> None:
        """Wait until tcpdump has got from the kernel what has come by now: what it has not when it ends is lost."""
        until = time.monotonic() + _PATIENCE
        captured, due = self._count()
        while captured < due:
            if time.monotonic() > until:
                raise LabError(
                    f"tcpdump does not keep up with {self._what}", cure="Use a lower rate"
                )
            time.sleep(_PAUSE)
            captured, _ = self._count()

    def _count(self) -> tuple[int, int]:
        """How many packets tcpdump has got, and how many have come."""
        self._process.send_signal(signal.SIGUSR1)
        counts = self._await(_COUNTS)
        if counts is None:
            raise LabError(f"the capture of {self._what} has ended: {self._told.decode().strip()}")
        return int(counts[1]), int(counts[2]) - int(counts[3])

    def _await(self, wanted: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """What tcpdump tells next that is as wanted; None if it ends or says nothing like it."""
        assert self._process.stderr is not None
        until = time.monotonic() + _PATIENCE
        self._told = b""
        while (found := wanted.search(self._told)) is None:
            ready, _, _ = select.select([self._process.stderr], [], [], until - time.monotonic())
            more = os.read(self._process.stderr.fileno(), 4096) if ready else b""
            if not more:
                return None
            self._told += more
        return found
