"""A steady stream of echo requests from a machine of the lab."""

from __future__ import annotations

import subprocess
import sys

from ipsec_lab.host import Host, end

RATE = 1000
"""Packets a second."""


class Stream:
    """A stream, running from its making until ``stop``. Its ``number`` tells its packets from others'."""

    def __init__(self, host: Host, address: str, number: int, rate: int = RATE) -> None:
        self.number = number
        argv = [sys.executable, "-m", "ipsec_lab.sender", address, str(number), str(rate)]
        self._process = host.start(argv, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def stop(self) -> None:
        """Send no more."""
        end(self._process)
        assert self._process.stdout is not None
        self._process.stdout.close()
