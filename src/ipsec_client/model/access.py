"""Who may reach what: which services cover a destination, and whether their access policy lets a tenant use them.

Pure questions about the configuration; the rules ask them of a text, the plan turns them into a firewall.
A service without a transport covers every protocol; a transport without a port-range every port.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from ipsec_client.model.elements import INTERNAL_TENANT, Remote, Router, Service
from ipsec_client.model.values import ADDRESS, Address

IKE = 500
"""UDP (RFC 7296, 2)."""

NAT_T = 4500
"""UDP, IKE and ESP once a NAT is found (RFC 3948); the egress KNI is always behind one."""

MOST_SERVICES = 1000
"""Services that may be in force on a router: each has a routing table of its own."""

MOST_RULES = 1000
"""Routing rules that a node may have for its networks, its KNIs and the prefixes of its services."""


def applies(service: Service, router: Router) -> bool:
    """Whether the service is in force on the router: one that names no router at all is in force on each."""
    if not service.applies_to:
        return True
    return any(
        router.name in item.router_name
        if item.type == "router"
        else not set(router.group).isdisjoint(item.group_name)
        for item in service.applies_to
    )


def tenant_of(remote: Remote) -> str:
    """Whom the packets belong to that arrive by the remote's tunnel."""
    return remote.tenant or INTERNAL_TENANT


def remote_address(remote: Remote) -> Address | None:
    """The address of the gateway; None where it is known by a name."""
    try:
        return ADDRESS.read(remote.host or "")
    except ValueError:
        return None


def outside_version(remote: Remote) -> int:
    """The version of IP that its encrypted packets go by; a name stands for an IPv4 address."""
    return 6 if ":" in (remote.host or "") else 4


def inside_version(remote: Remote) -> int:
    """The version of IP that its tunnel carries; of networks left open it is IPv4."""
    prefixes = (*remote.subnet, *remote.local_subnet)
    return 6 if any(":" in prefix.text for prefix in prefixes) else 4


@lru_cache(maxsize=4096)
def tenant_chain(tenant: str) -> tuple[str, ...]:
    """The tenant and those it is a part of, most specific first: ``a.b`` gives ``("a.b", "b")``."""
    parts = tenant.split(".")
    return tuple(".".join(parts[start:]) for start in range(len(parts)))


def permission(service: Service, tenant: str) -> bool | None:
    """Whether the service's access policy lets the tenant in; None where it says nothing of the tenant.

    The most specific tenant named decides, and deny wins beside allow. A source narrower than a tenant
    (a prefix, ``tenant@prefix``) cannot be told here: its deny counts for the whole tenant, its allow
    for nobody, so that nobody gets more than was written.
    """
    verdicts: dict[str, bool] = {}
    for policy in service.access_policy:
        source, exact = _tenant_in(policy.source)
        if policy.permission == "deny":
            verdicts[source] = False
        elif exact:
            verdicts.setdefault(source, True)
    if "" in verdicts:
        return False
    return next((verdicts[name] for name in tenant_chain(tenant) if name in verdicts), None)


def tenant_named(source: str) -> str:
    """The tenant that the source of an access policy names; empty where it names none."""
    return _tenant_in(source)[0]


def is_narrow(source: str) -> bool:
    """Whether the source of an access policy means less than all of a tenant."""
    return not _tenant_in(source)[1]


@lru_cache(maxsize=4096)
def _tenant_in(source: str) -> tuple[str, bool]:
    """The tenant that a policy's source names ("" for everyone), and whether it means all of it."""
    try:
        ipaddress.ip_network(source, strict=False)
    except ValueError:
        tenant = source.partition("@")[0].partition("/")[0]
        return tenant, tenant == source
    return "", False


def carries(service: Service, protocol: str | None = None, port: int | None = None) -> bool:
    """Whether the service's transports include the protocol and port; None asks for any."""
    if protocol is None or not service.transport:
        return True
    for transport in service.transport:
        if transport.protocol != protocol:
            continue
        if port is None or not transport.port_range:
            return True
        for ports in transport.port_range:
            last = ports.start_port if ports.end_port is None else ports.end_port
            if ports.start_port <= port <= last:
                return True
    return False


class ServiceTable:
    """Services by their prefixes, so that looking one up takes as long among thousands as among few."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._by_length: dict[tuple[int, int], dict[int, list[Service]]] = {}
        for service in services:
            for prefix in service.address:
                network = prefix.network
                same_length = self._by_length.setdefault((network.version, network.prefixlen), {})
                start = int(network.network_address)
                same_length.setdefault(start, []).append(service)
        for same_length in self._by_length.values():
            for several in same_length.values():
                several.sort(key=lambda service: not service.transport)
        self._lengths = sorted(self._by_length, reverse=True)
        self._permissions: dict[tuple[str, str], bool | None] = {}

    def covering(
        self, destination: Address, protocol: str | None = None, port: int | None = None
    ) -> list[Service]:
        """The services of the destination: longest prefix first, one with transports before one without."""
        found: dict[str, Service] = {}
        for version, length in self._lengths:
            if version == destination.version:
                free = destination.max_prefixlen - length
                start = int(destination) >> free << free
                for service in self._by_length[version, length].get(start, ()):
                    if carries(service, protocol, port):
                        found.setdefault(service.name, service)
        return list(found.values())

    def taking(
        self, tenant: str, destination: Address, protocol: str | None, port: int | None
    ) -> Service | None:
        """The service that takes the tenant's packets to the destination; None: they are dropped.

        Services that say nothing of the tenant do not exist for it; the first of the others decides.
        """
        for service in self.covering(destination, protocol, port):
            asked = service.name, tenant
            if asked not in self._permissions:
                self._permissions[asked] = permission(service, tenant)
            allowed = self._permissions[asked]
            if allowed is not None:
                return service if allowed else None
        return None


def services_for(
    services: Iterable[Service],
    destination: Address,
    protocol: str | None = None,
    port: int | None = None,
) -> list[Service]:
    """The services of the destination, as ``ServiceTable.covering`` gives them."""
    return ServiceTable(services).covering(destination, protocol, port)


def service_for(
    services: Iterable[Service],
    tenant: str,
    destination: Address,
    protocol: str | None = None,
    port: int | None = None,
) -> Service | None:
    """The service that takes the tenant's packets to the destination, as ``ServiceTable.taking`` gives it."""
    return ServiceTable(services).taking(tenant, destination, protocol, port)
