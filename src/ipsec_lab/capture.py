"""Captures what passes a device of a machine, with tcpdump, into a file that is kept."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

from ipsec_lab.errors import LabError
from ipsec_lab.host import Host

SNAP = 160
"""Bytes kept of each packet: enough for ESP in UDP, and for an ICMP error with what it quotes."""
_BUFFER_KIB = 16384
_READY = "listening on"


class Capture:
    """A capture, running from its making until ``stop``; the first packet after its making is in it."""

    def __init__(self, host: Host, device: str, path: Path) -> None:
        self.path = path
        self._what = f"{device} on {host.name}"
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
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if _READY in line.decode():
                return
        raise LabError(f"tcpdump does not capture {self._what}", cure="Is tcpdump installed?")

    def flush(self) -> None:
        """Have what was captured so far written to the file."""
        self._process.send_signal(signal.SIGUSR2)

    def stop(self) -> None:
        """End the capture; raises LabError if packets escaped it, for then its figures would be wrong."""
        self._process.terminate()
        _, err = self._process.communicate(timeout=30)
        missed = re.search(r"(\d+) packets? dropped by kernel", err.decode())
        if missed is None or int(missed[1]) > 0:
            raise LabError(
                f"the capture of {self._what} is not whole: {err.decode().strip()}",
                cure="Use a lower rate",
            )
