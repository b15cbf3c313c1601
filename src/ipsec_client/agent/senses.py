"""The sockets that a client is watched and moved by: carrier, SAs, links, probes, counters. Thin; decides nothing.

All of it is standard library and there within milliseconds of a start, so that sight returns first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial

from ipsec_client.base.errors import HostFault
from ipsec_client.health import types as h
from ipsec_client.kernel import namespaces
from ipsec_client.kernel.carrier import Carrier
from ipsec_client.kernel.counters import Counters, as_device
from ipsec_client.kernel.firewall import FirewallWatch
from ipsec_client.kernel.links import KernelEvent, LinkChanged, LinkGone, Listener, MarkGone
from ipsec_client.kernel.rtnetlink import IF_OPER_UP, Link
from ipsec_client.kernel.xfrm import SaWatch
from ipsec_client.model.definition import value_of
from ipsec_client.model.elements import MonitorDestination
from ipsec_client.model.values import is_address
from ipsec_client.plan.client import Tunnel, route_back
from ipsec_client.probes.icmp import Heard, Prober
from ipsec_client.probes.service import ServiceProber

log = logging.getLogger(__name__)

COUNTER_PACE = 0.5
"""Seconds between two looks at the tunnel devices' byte counters."""


class Senses:
    """Everything held open for one client. ``put`` takes what is sensed; ``made`` is told of a tunnel device that
    pluto has just made; ``repair`` asks for a comparison of the node with its plan.
    """

    def __init__(
        self,
        netns: str,
        put: Callable[[h.Event], None],
        made: Callable[[str], None],
        repair: Callable[[], None],
        *,
        given: bool = False,
    ) -> None:
        """``given``: the router keeps its ends of the KNIs to itself; ours are looked at instead."""
        self.netns = netns
        self._knis_at = netns if given else ""
        self._put = put
        self._made = made
        self._repair = repair
        self._loop = asyncio.get_running_loop()
        self._tunnels: dict[str, Tunnel] = {}
        self._probers: dict[str, Prober] = {}
        self._services: dict[str, ServiceProber] = {}
        self._addresses: Mapping[str, str] = {}
        self._names: dict[str, dict[str, list[str]]] = {}  # of destinations, by remote and address
        self._unresolved: frozenset[str] = frozenset()
        self._local: frozenset[str] = frozenset()
        self._timer: asyncio.TimerHandle | None = None
        with (
            ExitStack() as held
        ):  # where one cannot be opened, none stays: it is tried again and again
            self._carrier = held.enter_context(closing(Carrier(netns)))
            for where in ("", netns):
                held.enter_context(closing(Listener(where, self._link, self.resync)))
                held.enter_context(closing(FirewallWatch(where, repair)))
            self._sas = held.enter_context(closing(SaWatch(netns, self._sas_changed)))
            self._outer = held.enter_context(closing(Counters(self._knis_at)))
            self._inner = held.enter_context(closing(Counters(netns)))
            self._held = held.pop_all()

    def follow(
        self, tunnels: Iterable[Tunnel], local: frozenset[str], addresses: Mapping[str, str]
    ) -> None:
        """From now on these tunnels. ``local`` are the namespace's addresses of the egress KNI, to tell inbound
        SAs by; ``addresses`` has those of monitor destinations that are names.
        """
        before, self._tunnels = self._tunnels, {tunnel.remote.name: tunnel for tunnel in tunnels}
        self._local, self._addresses = local, addresses
        self._names = {remote: self._watched(tunnel) for remote, tunnel in self._tunnels.items()}
        self._unresolved = frozenset(
            item.probed
            for tunnel in self._tunnels.values()
            for item in _destinations(tunnel)
            if item.probed not in addresses and not is_address(item.probed)
        )
        for remote, was in before.items():
            now = self._tunnels.get(remote)
            if now is None or now.device != was.device:  # its old device may be another's now
                self._probers.pop(remote).close()
                self._services.pop(remote).close()
        for remote, tunnel in self._tunnels.items():
            if remote not in self._probers:
                self._probers[remote] = self._prober(remote, tunnel.device)
                self._services[remote] = self._service_prober(remote, tunnel)

    def begin(self) -> None:
        """Tells all there is to tell now; from here on changes follow."""
        self.resync()
        self._count()

    def close(self) -> None:
        """Lets go of everything; what was raised stays raised."""
        if self._timer:
            self._timer.cancel()
        for prober in self._probers.values():
            prober.close()
        for service in self._services.values():
            service.close()
        self._held.close()

    # --- doing ------------------------------------------------------------------------------------

    def lower(self, remote: str) -> None:
        """Takes the remote's KNI down before it returns."""
        try:
            self._carrier.lower(remote)
        except HostFault as fault:
            log.warning("%s", fault)

    def raise_(self, remote: str) -> None:
        """Brings the remote's KNI up, with the way back for decrypted packets."""
        try:
            self._carrier.raise_(remote, [route_back(self.netns, self._tunnels[remote])])
        except HostFault as fault:
            log.warning("%s", fault)

    def probe(self, probe: h.Probe) -> str:
        """Asks through the tunnel; returns why it could not, or nothing."""
        question = probe.question
        address = self._addresses.get(question.host, question.host)
        try:
            if question.host in self._unresolved:
                return f"{question.host} has no address yet"
            if question.protocol == "icmp":
                self._probers[probe.remote].send(address, probe.sequence)
            else:
                self._services[probe.remote].send(
                    probe.destination, probe.sequence, question, address, probe.patience
                )
        except (OSError, HostFault, ValueError) as error:
            return str(error)
        return ""

    def listen(self, remote: str, at_once: bool) -> None:
        """Whether answers through a tunnel are told as they come, or when they are asked for."""
        if remote in self._probers:
            self._probers[remote].listen(at_once)

    def hear(self) -> None:
        """Tells the answers that are there."""
        for prober in self._probers.values():
            prober.hear()

    # --- sensing ----------------------------------------------------------------------------------

    def _prober(self, remote: str, device: str) -> Prober:
        def answered(heard: Sequence[Heard]) -> None:
            names = self._names.get(remote, {})
            answers = tuple(
                h.Answer(name, sequence, round_trip)
                for address, sequence, round_trip in heard
                for name in names.get(address, ())
            )
            if answers:
                self._put(h.ProbeAnswers(remote, answers))

        return Prober(partial(namespaces.open_socket, self.netns), device, answered)

    def _service_prober(self, remote: str, tunnel: Tunnel) -> ServiceProber:
        def answered(heard: Sequence[Heard]) -> None:
            self._put(h.ProbeAnswers(remote, tuple(h.Answer(*each) for each in heard)))

        def rejected(destination: str, sequence: int, reason: str) -> None:
            self._put(h.ProbeRejected(remote, destination, sequence, reason))

        opener = partial(namespaces.open_socket, self.netns)
        source = str(tunnel.slot.namespace)
        return ServiceProber(opener, tunnel.device, source, answered, rejected)

    def _watched(self, tunnel: Tunnel) -> dict[str, list[str]]:
        """The monitor's destinations that are pinged by their addresses; two names may have one."""
        names: dict[str, list[str]] = {}
        for item in _destinations(tunnel):
            if value_of(item, "protocol") == "icmp":
                address = self._addresses.get(item.probed, item.probed)
                names.setdefault(address, []).append(item.address)
        return names

    def _sas_changed(self, if_ids: frozenset[int]) -> None:
        for remote, tunnel in self._tunnels.items():
            if tunnel.slot.index in if_ids:
                self._put_sas(remote, tunnel)

    def _put_sas(self, remote: str, tunnel: Tunnel) -> None:
        inbound, outbound = self._sas.counts(tunnel.slot.index, self._local)
        pairs = self._sas.table.pairs(tunnel.slot.index, self._local)
        self._put(h.SecurityAssociations(remote, inbound, outbound, pairs))

    def _link(self, event: KernelEvent) -> None:
        match event:
            case LinkChanged(netns=self._knis_at, link=link) if link.name in self._tunnels:
                self._put(h.KniLink(link.name, link.operational == IF_OPER_UP))
            case LinkGone(netns=self._knis_at, link=link) if link.name in self._tunnels:
                self._put(h.KniLink(link.name, False))
                self._repair()
            case LinkChanged(link=link) if self._waits_for(link.name, link.alias):
                self._made(link.name)
            case LinkGone(link=link):
                self._count_last(link)
                self._repair()
            case MarkGone():
                self._repair()

    def _count_last(self, link: Link) -> None:
        """How the counters of a tunnel device stood when it ended."""
        for remote, tunnel in self._tunnels.items():
            if tunnel.device == link.name and link.counters:
                device = as_device(link)
                octets = device.in_octets, device.out_octets
                self._put(h.Counters(remote, *octets, device.index, last=True))

    def _waits_for(self, device: str, alias: str) -> bool:
        """Whether it is a tunnel device that pluto has just made and nobody has set up yet."""
        return not alias and any(tunnel.device == device for tunnel in self._tunnels.values())

    def resync(self) -> None:
        """Tells the present state of everything again."""
        self._sas.resync()
        found = self._outer.read()
        for remote, tunnel in self._tunnels.items():
            self._put_sas(remote, tunnel)
            device = found.get(remote)
            self._put(h.KniLink(remote, device is not None and device.oper_up))

    def _count(self) -> None:
        following = (self._loop.time() // COUNTER_PACE + 1) * COUNTER_PACE  # as monitors are due
        self._timer = self._loop.call_at(following, self._count)
        found = self._inner.read()
        for remote, tunnel in self._tunnels.items():
            device = found.get(tunnel.device)
            if device is not None:
                octets = device.in_octets, device.out_octets
                self._put(h.Counters(remote, *octets, device.index))


def _destinations(tunnel: Tunnel) -> tuple[MonitorDestination, ...]:
    monitor = tunnel.remote.tunnel_monitor
    return monitor.destination if monitor else ()
