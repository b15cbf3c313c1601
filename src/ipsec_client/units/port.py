"""What the agent asks of whoever keeps plutos running. Both answers to it are blocking and thread-safe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

AGENT = "128t-ipsec-agent"
CONDUCTOR = "128t-ipsec-conductor"
CLIENT = "128t-ipsec@"
"""The units' names, without ``.service``; a client's own name follows the last."""

SYSTEMD = Path("/run/systemd/system")
"""There exactly while systemd is the first process (sd_booted(3))."""


def client_unit(client: str) -> str:
    """The name of the unit that is the client's pluto."""
    return CLIENT + client


@dataclass(frozen=True, slots=True)
class UnitState:
    """A unit at one instant. ``pid`` is 0 while it does not run; ``since`` is the wall clock of its start.

    ``restarts`` counts those that nobody asked for; ``last_exit`` tells how it last ended, in words.
    ``cpu_seconds`` and ``memory`` (bytes) are what it has used since that start, and uses now.
    """

    running: bool = False
    pid: int = 0
    since: float = 0.0
    restarts: int = 0
    last_exit: str = ""
    cpu_seconds: float = 0.0
    memory: int = 0


class Units(Protocol):
    """The plutos of this machine's clients. Each call returns when it is done, or raises HostFault."""

    def start(self, client: str) -> None:
        """Has the client's pluto run from now on, whatever ends it; nothing to do where it runs."""

    def stop(self, client: str) -> None:
        """Has it run no more."""

    def restart(self, client: str) -> None:
        """Ends it and starts it again."""

    def state(self, client: str) -> UnitState:
        """What has become of it."""

    def states(self) -> dict[str, UnitState]:
        """Every unit of this machine that is installed or was ever started, by name: agent, conductor, clients."""
