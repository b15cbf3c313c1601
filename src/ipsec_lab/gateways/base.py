"""What the lab asks of a gateway, whatever it is made of."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from ipsec_lab.document import Port, Remote, Site
from ipsec_lab.host import Host, end

IF_ID = 1
"""Ties a gateway's tunnel device to its SAs; one tunnel a gateway, so one number does."""
MTU = 1400
"""Of a gateway's tunnel device: 1500 less the most that ESP in UDP adds."""

KERNEL = (
    ("ipv4/ip_forward", 1),
    ("ipv6/conf/all/forwarding", 1),
    ("ipv4/conf/all/rp_filter", 0),
    ("ipv4/conf/default/rp_filter", 0),
)
"""What any machine needs that passes packets on."""


@dataclass(frozen=True)
class Association:
    """An IKE SA with its newest child, as the gateway's daemon names their algorithms."""

    version: int
    ike: str
    esp: str


class Gateway(Protocol):
    """One gateway's IKE daemon."""

    software: str
    version: str

    def start(self) -> None:
        """Start it and return when it answers to IKE."""

    def load(self, remote: Remote) -> None:
        """Be the gateway of this remote from now on, with an empty log; SAs that are there stay."""

    def associations(self) -> list[Association]:
        """The IKE SAs that it has, oldest first."""

    def rekey_child(self) -> None:
        """Replace the child SA by one that is exchanged for itself."""

    def log(self) -> str:
        """What the daemon has written."""

    def drop(self) -> None:
        """Tell the client that its SAs are deleted, and do nothing to get new ones."""

    def drop_child(self) -> None:
        """Tell the client that its child SA is deleted; the IKE SA stays."""

    def forget(self) -> None:
        """End the SAs without a word, as when it has given the client up for dead."""

    def lose_outbound(self) -> None:
        """Have the kernel lose the SA towards the client, without the daemon's knowing."""

    def crash(self) -> None:
        """Kill the daemon, empty the kernel of its state, and start it again: a power cut, but short."""

    def restart(self) -> None:
        """End the daemon, which tells the client, and start it again."""

    def stop(self) -> None:
        """End it."""


class Daemon(ABC):
    """What is the same of all of them: a process on its gateway, and the kernel's state beside it."""

    def __init__(self, host: Host, site: Site, remote: Remote) -> None:
        self._host, self._site, self._remote = host, site, remote
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _begin(self) -> None:
        """Starts the process, and returns when it has its connection."""

    def lose_outbound(self) -> None:
        """Delete the kernel's SA towards the router."""
        for address in addresses(self._site.wan):
            self._host.ip(f"xfrm state deleteall dst {address}")

    def crash(self) -> None:
        """Kill the process, and start it again on an empty kernel."""
        assert self._process is not None
        end(self._process, grace=0)
        self._host.ip("xfrm state flush", "xfrm policy flush")
        self._begin()

    def restart(self) -> None:
        """End the process, and start it again."""
        self.stop()
        self._begin()

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            end(self._process)


IN_SILENCE = """\
table inet lab_silence {
    chain output {
        type filter hook output priority 0
        udp sport { 500, 4500 } drop
    }
}
"""


@contextmanager
def in_silence(host: Host) -> Iterator[None]:
    """What the daemon of a gateway says while the body runs, nobody hears."""
    host.nft(IN_SILENCE)
    try:
        yield
    finally:
        host.nft("delete table inet lab_silence")


def addresses(port: Port) -> tuple[str, ...]:
    """The router's, as a gateway sees them."""
    return tuple(str(found.ip) for found in (port.address, port.six) if found)
