"""The whole lab: a site's machines, its gateways, the product on its router, and what can be done to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ipsec_lab import judge, network, pcap, router, topology
from ipsec_lab.capture import Capture
from ipsec_lab.causes import Causes
from ipsec_lab.document import Remote, Site
from ipsec_lab.errors import LabError
from ipsec_lab.gateways import strongswan
from ipsec_lab.gateways.base import Gateway
from ipsec_lab.gateways.libreswan import Libreswan
from ipsec_lab.gateways.strongswan import StrongSwan
from ipsec_lab.host import Host
from ipsec_lab.nameserver import NameServer
from ipsec_lab.packages import strongswan_root
from ipsec_lab.progress import Progress
from ipsec_lab.router import Router
from ipsec_lab.stream import RATE, Stream
from ipsec_lab.waiting import wait_until

FOLDER = Path("/run/ipsec-lab")
"""What a running lab keeps: its control socket, its logs."""
STRONGSWAN, LIBRESWAN = "strongswan", "libreswan"
KINDS = (STRONGSWAN, LIBRESWAN)
"""What a gateway can be made of; the first unless told."""

_BETWEEN_LOOKS = 0.4
"""Seconds: each look starts a program, which the product must not wait for on a machine of one processor."""
_LATE_ANSWERS = 1.0
"""Seconds that answers are waited for after the last packet of a measurement."""


@dataclass
class Lab:
    """A lab that stands. ``configuration`` is the text that its router runs or will run."""

    site: Site
    configuration: str
    hosts: dict[str, Host]
    gateways: dict[str, Gateway]
    router: Router
    causes: Causes
    _streams: list[Stream] = field(default_factory=list)

    @property
    def lan(self) -> Host:
        """The host that measurements are made from."""
        return self.hosts["lan"]

    def host(self, name: str) -> Host:
        """A machine by its name, the client's namespace by the client's; raises LabError if there is none."""
        if name == self.site.client:
            return self.router.client()
        if name not in self.hosts:
            known = ", ".join((*self.hosts, self.site.client))
            raise LabError(f"there is no host {name} in the lab", cure=f"The hosts are {known}")
        return self.hosts[name]

    def stream(self, to: str | None = None, rate: int = RATE) -> Stream:
        """Start a stream from the LAN host, by default to the first service's address."""
        address = to or str(topology.target(self.site))
        self._streams.append(Stream(self.lan, address, len(self._streams) + 1, rate))
        return self._streams[-1]

    def stop_streams(self) -> None:
        """End those that whoever was interrupted has left running."""
        for stream in self._streams:
            stream.stop()

    def tunnels_up(self) -> bool:
        """Whether every remote's tunnel is up and carries; raises LabError if the product has ended."""
        self.router.check_running()
        shown = self.router.interfaces()
        return all(
            (found := shown.get(remote.name)) is not None and found.up and found.tunnel_up
            for remote in self.site.remotes
        )

    def await_tunnels(self, progress: Progress, deadline: float = 60.0) -> float:
        """Wait for all tunnels; returns the seconds it took, raises LabError when ``deadline`` is over."""
        begin = time.monotonic()
        with progress.step("tunnels: waiting for all to be up"):
            if not wait_until(self.tunnels_up, deadline=deadline, pause=_BETWEEN_LOOKS):
                raise LabError(
                    f"not all tunnels are up after {deadline:g} s",
                    cure=f"`ipsec-lab shell` leads to the router, its logs are in {router.LOGS}",
                )
        return time.monotonic() - begin

    def measure(self, seconds: float, rate: int, to: str | None = None) -> judge.Figures:
        """Send for so many seconds, and judge by the LAN host's capture."""
        path = FOLDER / f"measure-{time.monotonic_ns()}.pcap"
        capture = Capture(self.lan, topology.UPLINK, path)
        try:
            stream = self.stream(to, rate)
            time.sleep(seconds)
            stream.stop()
            time.sleep(_LATE_ANSWERS)
            capture.stop()
            return judge.stream_figures(pcap.packets(path), stream.number)
        finally:
            path.unlink()


@contextmanager
def built(
    site: Site,
    configuration: str,
    kinds: Mapping[str, str],
    progress: Progress,
    machine: Callable[[], Host] | None = None,
) -> Iterator[Lab]:
    """A lab for a site and its configuration, without the product started; it is taken down at the end.

    ``kinds`` says what the gateways of some remotes are made of, ``machine`` makes the router.
    """
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as stack:
        with progress.step("lab: machines and links"):
            root = strongswan_root(progress)
            own = machine or partial(router.machine, str(site.name_server))
            makers = {topology.ROUTER: own} | {
                remote.name: partial(strongswan.machine, remote.name, root)
                for remote in site.remotes
                if kinds.get(remote.name, STRONGSWAN) == STRONGSWAN
            }
            hosts = network.build(site, makers, stack)
        with progress.step("lab: gateways"):
            gateways = {
                remote.name: _gateway(hosts[remote.name], site, remote, kinds)
                for remote in site.remotes
            }
            _start(gateways, stack)
        product = Router(hosts[topology.ROUTER], site.client, FOLDER / "router.log")
        stack.callback(product.stop)
        known = {
            remote.name: (remote, hosts[remote.name], gateways[remote.name])
            for remote in site.remotes
        }
        names = NameServer(hosts[topology.PROVIDER], site)
        stack.callback(names.stop)
        names.start()
        causes = Causes(hosts[topology.PROVIDER], known, product.client, names)
        lab = Lab(site, configuration, hosts, gateways, product, causes)
        stack.callback(lab.stop_streams)
        yield lab


def _gateway(host: Host, site: Site, remote: Remote, kinds: Mapping[str, str]) -> Gateway:
    kind = kinds.get(remote.name, STRONGSWAN)
    return (Libreswan if kind == LIBRESWAN else StrongSwan)(host, site, remote)


def _start(gateways: Mapping[str, Gateway], stack: ExitStack) -> None:
    """Start them beside each other: most of the time each waits for its own daemon."""
    with ThreadPoolExecutor(len(gateways)) as pool:
        for gateway in gateways.values():
            stack.callback(gateway.stop)
        list(pool.map(lambda gateway: gateway.start(), gateways.values()))
