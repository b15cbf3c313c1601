"""The plain-Linux router around a client: services, access policies and service-routes as rules, tables, firewall.

A packet passes only if a service covers it and the service lets in the tenant of the interface it came in by.
Every table ends in ``unreachable``: with no KNI up, or nothing configured to carry it, nothing leaves in the clear.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ipsec_client.base.errors import InputFault
from ipsec_client.dialect.algorithms import PATH_MTU
from ipsec_client.model.access import IKE, inside_version, permission, service_for
from ipsec_client.model.elements import (
    InterfaceAddress,
    NetworkInterface,
    NextHop,
    Service,
    Transport,
)
from ipsec_client.model.interfaces import linux_name
from ipsec_client.model.slots import is_generated
from ipsec_client.model.values import Address, Network, Prefix
from ipsec_client.plan.objects import (
    LAST_METRIC,
    MAIN_TABLE,
    PRIORITIES,
    TABLES,
    Object,
    Phase,
    Route,
    Rule,
    Sysctl,
)
from ipsec_client.plan.preference import preferred
from ipsec_client.plan.transports import ports, selectors
from ipsec_client.wire.document import Document

ASK_AGAIN = "20"
"""Milliseconds until the neighbour on a KNI is asked for again. As a KNI is lowered, and as it is raised, there is a
moment in which a packet may ask and nobody is answered: those that follow would wait out the kernel's second.
"""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of the node: its ``device`` as Linux knows it, whether it carries packets at all.

    ``carries`` is the version of IP of the tunnel behind an ingress KNI; None elsewhere.
    """

    device: str
    made_of: NetworkInterface
    kni: bool
    used: bool
    carries: int | None = None

    @property
    def tenant(self) -> str | None:
        """Whom the packets belong to that come in by it; none come in by one that is not used."""
        return self.made_of.tenant if self.used else None

    @property
    def addresses(self) -> tuple[InterfaceAddress, ...]:
        return self.made_of.address

    @property
    def vectors(self) -> list[str]:
        """Labels of the paths by it."""
        return [vector for each in self.made_of.neighborhood for vector in each.vector]

    def way(self, hop: NextHop, family: int) -> Address | str | None:
        """The gateway that the hop's packets of that family go by; empty: none is needed, None: there is no way.

        A KNI's gateway is always the namespace's end, and it has a way for what its tunnel carries alone.
        """
        if self.carries and self.carries != family:
            return None
        found = None if self.kni else hop.gateway_ip
        found = found or _gateway(self, family)
        if found:
            return found if found.version == family else None
        versions = {address.ip_address.version for address in self.addresses}
        return "" if not versions or family in versions else None


@dataclass(frozen=True, slots=True)
class Claim:
    """One prefix of a service with one of its transports: the unit that rules and firewall are made of."""

    service: Service
    network: Network
    transport: Transport | None

    @property
    def family(self) -> int:
        return self.network.version

    @property
    def order(self) -> tuple[int, bool]:
        """Most specific prefix first, one with a transport before one without."""
        return (-self.network.prefixlen, self.transport is None)

    def matches(self) -> list[str]:
        """What nftables matches the claim's packets by."""
        address = f"{'ip' if self.family == 4 else 'ip6'} daddr {self.network}"
        if self.transport is None:
            return [address]
        protocol = self.transport.protocol
        if not self.transport.port_range:
            named = "ipv6-icmp" if (protocol, self.family) == ("icmp", 6) else protocol
            return [f"{address} meta l4proto {named}"]
        return [
            f"{address} {protocol} dport {first}-{last}" for first, last in ports(self.transport)
        ]


@dataclass(frozen=True)
class Forwarding:
    """The router side of a document. ``tables`` are the service tables given before, by service name."""

    document: Document
    tables: Mapping[str, int]

    @cached_property
    def interfaces(self) -> dict[str, Interface]:
        """The node's network interfaces by name."""
        client = self.document.client
        carried = {
            remote.name: inside_version(remote) for remote in (client.remote if client else ())
        }
        return {
            interface.name: Interface(
                linux_name(device, interface),
                interface,
                generated := is_generated(device),
                device.enabled is not False and device.forwarding is not False,
                carried.get(device.name) if generated else None,
            )
            for device in self.document.node.device_interface
            for interface in device.network_interface
        }

    @cached_property
    def devices(self) -> list[str]:
        """The Linux devices of the configuration: what comes in by them is denied unless a service allows it."""
        return list(dict.fromkeys(item.device for item in self.interfaces.values()))

    @cached_property
    def knis(self) -> list[str]:
        """The KNIs' devices."""
        return [item.device for item in self.interfaces.values() if item.kni]

    @property
    def ingress(self) -> list[str]:
        """Those of the KNIs that lead to a tunnel."""
        return [kni for kni in self.knis if self.egress is None or kni != self.egress.device]

    @cached_property
    def six(self) -> list[str]:
        """Those of the KNIs that have an IPv6 address."""
        return [
            item.device
            for item in self.interfaces.values()
            if item.kni and any(address.ip_address.version == 6 for address in item.addresses)
        ]

    @cached_property
    def egress(self) -> Interface | None:
        """The interface that encrypted packets come from the namespace by."""
        client = self.document.client
        return self.interfaces.get(f"{client.name}-intf") if client else None

    @cached_property
    def claims(self) -> list[Claim]:
        """Every prefix of every service with every transport, the most specific first."""
        found = [
            Claim(service, network, transport)
            for service in self.document.authority.service
            for network in dict.fromkeys(prefix.network for prefix in service.address)
            for transport in service.transport or (None,)
        ]
        return sorted(found, key=lambda claim: claim.order)

    def hops(self, service: Service) -> list[tuple[Interface, NextHop]]:
        """The next hops of a service on this node, best first."""
        policies = self.document.authority.service_policy
        policy = next((item for item in policies if item.name == service.service_policy), None)
        return preferred(
            policy,
            (
                (
                    (interface, hop),
                    [hop.vector] if hop.vector else route.vector or interface.vectors,
                )
                for route in self.document.router.service_route
                if route.service_name == service.name
                for hop in route.next_hop
                if hop.node_name == self.document.node.name
                and (interface := self.interfaces.get(hop.interface))
                and interface.used
            ),
        )

    def path_mtu(self, gateway: Address, tenant: str | None) -> int:
        """The largest packet in bytes that the tenant's way to a gateway carries, as far as is configured."""
        service = service_for(self.document.authority.service, tenant or "", gateway, "udp", IKE)
        ways = [interface for interface, _ in self.hops(service)] if service else []
        mtus = [way.made_of.mtu for way in ways if way.made_of.mtu]
        return min([PATH_MTU, *mtus])

    def routed(self, service: Service) -> bool:
        """Whether a service-route takes the service's packets; if none does, they stay in connected networks."""
        routes = self.document.router.service_route
        return any(route.service_name == service.name for route in routes)

    def connected(self, network: Network) -> list[str]:
        """The devices (KNIs aside) that the network is connected to."""
        return [
            interface.device
            for interface, own in self._networks()
            if not interface.kni
            and interface.used
            and own.version == network.version
            and own.prefixlen <= network.prefixlen
            and network.network_address in own
        ]

    def exits(self, claim: Claim) -> list[str]:
        """The devices that packets of the claim may leave by."""
        direct = self.connected(claim.network)
        return list(
            dict.fromkeys([*(item.device for item, _ in self.hops(claim.service)), *direct])
        )

    def _networks(self) -> Iterator[tuple[Interface, Network]]:
        for interface in self.interfaces.values():
            for address in interface.addresses:
                if address.prefix_length is not None:
                    yield interface, _network(address)

    # --- rules and tables -------------------------------------------------------------------------

    def table_of(self, service: Service) -> int:
        """The routing table of a service."""
        return self.tables[service.name]

    def routes(self) -> Iterator[Route]:
        """The tables of the services: a route a next hop, in order of preference, then ``unreachable``."""
        for service in self.document.authority.service:
            if not service.address:
                continue
            for family in sorted({prefix.network.version for prefix in service.address}):
                yield Route(
                    "", self.table_of(service), "default", LAST_METRIC, family, phase=Phase.GUARD
                )
                for place, (interface, hop) in enumerate(self.hops(service), 1):
                    gateway = interface.way(hop, family)
                    if gateway is not None:
                        yield Route(
                            "", self.table_of(service), "default", place * 10, family,
                            dev=interface.device, via=str(gateway),
                        )  # fmt: skip

    def rules(self) -> Iterator[Rule]:
        """Connected networks by the main table, then each claim by its service's table, most specific first.

        Decrypted packets go where the main table knows a way, never by its default route. What comes out
        of a namespace and fits no service is unreachable.
        """
        priorities = _priorities()
        for network in sorted({str(own) for _, own in self._networks()}):
            yield Rule(
                "", next(priorities), MAIN_TABLE, _family(network), to=network, phase=Phase.GUARD
            )
        for kni in self.ingress:
            for family in (4, 6):
                yield Rule(
                    "", next(priorities), MAIN_TABLE, family, iif=kni, suppress_default=True,
                    phase=Phase.GUARD,
                )  # fmt: skip
        for claim in self.claims:
            for iif in self._selected_from(claim):
                for protocol, numbers in selectors(claim.transport, claim.family):
                    yield Rule(
                        "", next(priorities), self.table_of(claim.service), claim.family, iif=iif,
                        to=str(claim.network), protocol=protocol, ports=numbers, phase=Phase.GUARD,
                    )  # fmt: skip
        for kni in self.knis:
            for family in (4, 6):
                yield Rule("", next(priorities), 0, family, iif=kni, phase=Phase.GUARD)

    def _selected_from(self, claim: Claim) -> list[str]:
        """Where packets must come in to be routed by the claim; ``[""]``: anywhere, the router itself included.

        A prefix that several services claim goes to each by tenant. The whole address space is never
        taken from the router's own packets: its names, time and management would vanish in a tunnel.
        """
        if not self.routed(claim.service) and self.connected(claim.network):
            return []
        rivals = {other.service.name for other in self.claims if other.network == claim.network}
        if len(rivals) == 1 and claim.network.prefixlen > 0:
            return [""]
        return self.let_in(claim.service)

    def let_in(self, service: Service) -> list[str]:
        """The devices whose tenant may use the service."""
        return [
            item.device
            for item in self.interfaces.values()
            if item.tenant and permission(service, item.tenant)
        ]

    def objects(self) -> Iterator[Object]:
        """The router side but for its firewall."""
        yield from self.rules()
        yield from self.routes()
        yield Sysctl("", "net/ipv4/ip_forward", "1")
        if self.six:
            yield Sysctl("", "net/ipv6/conf/all/forwarding", "1")
        for kni in self.knis:
            # 2 is loose: the answer to a packet sent by one KNI may come back by another.
            for key, value in (("rp_filter", "2"), ("ignore_routes_with_linkdown", "1")):
                yield Sysctl("", f"net/ipv4/conf/{kni}/{key}", value, phase=Phase.SETTINGS)
            yield ask_again("", kni, 4)
        for kni in self.six:
            key = f"net/ipv6/conf/{kni}/ignore_routes_with_linkdown"
            yield Sysctl("", key, "1", phase=Phase.SETTINGS)
            yield known_to_be_alone("", kni)
            yield ask_again("", kni, 6)


def known_to_be_alone(netns: str, kni: str) -> Sysctl:
    """Nobody else is on a KNI. Each time that one is raised, its link-local address would first be asked for, and no
    neighbour could be until that is over: up to two seconds (RFC 4862, 5.4).
    """
    return Sysctl(netns, f"net/ipv6/conf/{kni}/accept_dad", "0", phase=Phase.SETTINGS)


def ask_again(netns: str, kni: str, version: int) -> Sysctl:
    """How soon the neighbour on a KNI is asked for again."""
    key = f"net/ipv{version}/neigh/{kni}/retrans_time_ms"
    return Sysctl(netns, key, ASK_AGAIN, phase=Phase.SETTINGS)


def _priorities() -> Iterator[int]:
    """Those of our rules, in order; raises InputFault where there are none left."""
    yield from PRIORITIES
    said = (
        f"the networks of all services need more than the {len(PRIORITIES)} routing rules there are"
    )
    raise InputFault(said, cure="Bring networks that adjoin into one prefix")


def allocate_tables(services: Iterable[str], given: Mapping[str, int]) -> dict[str, int]:
    """A routing table for each service: the one it had, or the lowest that nobody has.

    Raises InputFault for more services than there are tables.
    """
    wanted = list(dict.fromkeys(services))
    if len(wanted) > len(TABLES):
        said = f"{len(wanted)} services are more than the {len(TABLES)} that have a routing table"
        raise InputFault(said, cure="Bring networks of the same access and route into one service")
    kept = {name: given[name] for name in wanted if given.get(name) in TABLES}
    free = iter(sorted(set(TABLES) - set(kept.values())))
    return {name: kept[name] if name in kept else next(free) for name in wanted}


def _network(address: InterfaceAddress) -> Network:
    try:
        return Prefix(f"{address.ip_address}/{address.prefix_length}").network
    except ValueError:
        said = f"{address.ip_address} has no prefix-length of {address.prefix_length}"
        raise InputFault(said) from None


def _gateway(interface: Interface, family: int) -> Address | None:
    return next(
        (
            address.gateway
            for address in interface.addresses
            if address.gateway is not None and address.gateway.version == family
        ),
        None,
    )


def _family(network: str) -> int:
    return 6 if ":" in network else 4
