"""What the rules look at: the authority, one router of it, one node of that, each with its path and look-ups.

Rules build a path only for a finding: on a fleet without findings most of their time would go into paths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from ipaddress import IPv4Network, ip_network
from typing import NamedTuple

from ipsec_client.config.generated import interface_name
from ipsec_client.model.access import ServiceTable, applies, remote_address
from ipsec_client.model.definition import Path
from ipsec_client.model.elements import (
    INTERNAL_TENANT,
    Authority,
    DeviceInterface,
    InterfaceAddress,
    IpsecClient,
    NetworkInterface,
    NextHop,
    Node,
    Remote,
    Router,
    Service,
)
from ipsec_client.model.slots import Slot, is_generated, plugin_network, slots
from ipsec_client.model.values import Address, Network


class Extent(NamedTuple):
    """A network by the numbers of its first and last address, which compare faster than networks do."""

    network: Network
    version: int
    first: int
    last: int

    @classmethod
    def of(cls, network: Network) -> Extent:
        """That of a network."""
        first, last = int(network.network_address), int(network.broadcast_address)
        return cls(network, network.version, first, last)


class InForce:
    """Services that are in force together."""

    def __init__(self, services: Iterable[Service]) -> None:
        self.services = tuple(services)

    @cached_property
    def table(self) -> ServiceTable:
        """The services, ready for look-ups."""
        return ServiceTable(self.services)

    @cached_property
    def rules(self) -> int:
        """The routing rules that their prefixes take for each interface they are taken from, at most."""
        return sum(len(service.address) * selectors(service) for service in self.services)

    @cached_property
    def claims(self) -> Counter[Network]:
        """How many of the services have each prefix."""
        return Counter(
            network
            for service in self.services
            for network in {prefix.network for prefix in service.address}
        )


def selectors(service: Service) -> int:
    """The routing rules that a prefix of the service takes: one for each port-range or transport."""
    return sum(len(transport.port_range) or 1 for transport in service.transport) or 1


class Domain:
    """The authority."""

    path: Path = ("authority",)

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.tenants = {tenant.name for tenant in authority.tenant} | {INTERNAL_TENANT}
        self.services = {service.name: service for service in authority.service}
        self.vectors = {
            vector.name for policy in authority.service_policy for vector in policy.vector
        }

    @cached_property
    def extents(self) -> dict[str, list[Extent]]:
        """The prefixes of its services, by the services' names."""
        return {
            service.name: [Extent.of(prefix.network) for prefix in service.address]
            for service in self.authority.service
        }

    @cached_property
    def in_force(self) -> InForce:
        """All its services."""
        return InForce(self.authority.service)

    @cached_property
    def selective(self) -> bool:
        """Whether some service is not for all routers."""
        return any(service.applies_to for service in self.authority.service)


class Site:
    """A router of the authority. ``hops`` are the next hops of each service that has a service-route."""

    def __init__(self, domain: Domain, router: Router) -> None:
        self.domain = domain
        self.router = router
        self.path: Path = (*domain.path, "router", router.name)
        self.profiles = {profile.name: profile for profile in router.ipsec_profile}
        self.hops: dict[str, list[NextHop]] = {}
        for route in router.service_route:
            self.hops.setdefault(route.service_name or "", []).extend(route.next_hop)
        self.places = {node.name: Place(self, node) for node in router.node}

    @cached_property
    def in_force(self) -> InForce:
        """The services that apply to it; where all do, the domain's own."""
        if not self.domain.selective:
            return self.domain.in_force
        services = self.domain.authority.service
        return InForce(service for service in services if applies(service, self.router))


class Connected(NamedTuple):
    """An address of a node's own interface, and the first and last address of the network it is in."""

    device: DeviceInterface
    interface: NetworkInterface
    address: InterfaceAddress
    first: int
    last: int

    @property
    def network(self) -> Network:
        """The network; made only to be shown, since making one takes as long as a whole rule."""
        length = (self.last - self.first).bit_length()
        own = self.address.ip_address
        return ip_network((type(own)(self.first), own.max_prefixlen - length))

    def holds(self, address: Address) -> bool:
        """Whether the address is in the network."""
        same = address.version == self.address.ip_address.version
        return same and self.first <= int(address) <= self.last

    def overlaps(self, network: IPv4Network) -> bool:
        """Whether the networks share an address."""
        return (
            self.address.ip_address.version == network.version
            and self.first <= int(network.broadcast_address)
            and int(network.network_address) <= self.last
        )


class Place:
    """A node of a router. ``own`` are its devices that were not generated."""

    def __init__(self, site: Site, node: Node) -> None:
        self.site = site
        self.node = node
        self.path: Path = (*site.path, "node", node.name)
        self.own: list[DeviceInterface] = [
            device for device in node.device_interface if not is_generated(device)
        ]
        self.client: IpsecClient | None = next(iter(node.ipsec_client), None)
        self.remotes: tuple[Remote, ...] = self.client.remote if self.client else ()
        self.interfaces: dict[str, tuple[DeviceInterface, NetworkInterface]] = {}
        for device in self.own:
            for interface in device.network_interface:
                self.interfaces.setdefault(interface.name, (device, interface))
        self.connected = list(self._connected())
        knis = [self.client.name] if self.client else []
        knis += [remote.name for remote in self.remotes]
        self.knis = {interface_name(name): name for name in knis}

    @cached_property
    def gateways(self) -> list[tuple[Remote, Address]]:
        """The remotes whose gateway is known by its address; a name is resolved on the node."""
        known = ((remote, remote_address(remote)) for remote in self.remotes)
        return [(remote, address) for remote, address in known if address is not None]

    @cached_property
    def plugin_network(self) -> IPv4Network | None:
        """The network of its KNIs; None where there is no client, or an IPv6 one is written."""
        return plugin_network(self.client) if self.client else None

    @property
    def client_path(self) -> Path:
        """The path of its client."""
        return (*self.path, "ipsec-client", self.client.name if self.client else "")

    def remote_path(self, remote: Remote) -> Path:
        """The path of one of its remotes."""
        return (*self.client_path, "remote", remote.name)

    def interface_path(self, device: DeviceInterface, interface: NetworkInterface) -> Path:
        """The path of a network interface."""
        return (*self.path, "device-interface", device.name, "network-interface", interface.name)

    def address_path(self, at: Connected) -> Path:
        """The path of an address."""
        path = self.interface_path(at.device, at.interface)
        return (*path, "address", str(at.address.ip_address))

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """Its client's slots."""
        return slots(self.node, self.client) if self.client else {}

    def _connected(self) -> Iterator[Connected]:
        for device in self.own:
            for interface in device.network_interface:
                for address in interface.address:
                    if address.prefix_length is not None:
                        free = max(address.ip_address.max_prefixlen - address.prefix_length, 0)
                        first = int(address.ip_address) >> free << free
                        last = first + (1 << free) - 1
                        yield Connected(device, interface, address, first, last)
