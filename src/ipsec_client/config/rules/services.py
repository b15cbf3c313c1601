"""Services: whether they cover something, let somebody in, and are told from each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ipsec_client.config.findings import Finding, error, warning
from ipsec_client.config.rules.scope import Domain
from ipsec_client.model.access import carries, is_narrow, permission, tenant_named
from ipsec_client.model.definition import Path
from ipsec_client.model.elements import AccessPolicy, Service, Transport
from ipsec_client.model.values import Network

_WITH_PORTS = ("tcp", "udp")


def services(domain: Domain) -> Iterator[Finding]:
    """Each service by itself, and those of one prefix."""
    of_network: defaultdict[Network, list[Service]] = defaultdict(list)
    for service in domain.authority.service:
        path = (*domain.path, "service", service.name)
        if not service.address:
            yield warning(path, "has no address, so it covers nothing", "Add an address")
        if not service.access_policy:
            said = "has no access-policy, so it lets nobody in"
            yield warning(path, said, "Add an access-policy for a tenant")
        for policy in service.access_policy:
            if is_narrow(policy.source):
                yield _narrow(policy, (*path, "access-policy", policy.source, "source"))
        networks = [prefix.network for prefix in service.address]
        for place, network in enumerate(networks):
            if network in networks[:place]:
                yield warning((*path, "address"), f"{network} is written twice", "Remove one")
            else:
                of_network[network].append(service)
        for transport in service.transport:
            yield from _ports(transport, (*path, "transport", transport.protocol))
    for network, several in of_network.items():
        for place, service in enumerate(several):
            yield from _rivals(domain, network, several[:place], service)


def _narrow(policy: AccessPolicy, path: Path) -> Finding:
    who = tenant_named(policy.source)
    whole = f"tenant {who}" if who else "everybody"
    if policy.permission == "deny":
        said = f"is narrower than a tenant, and keeps out {whole}"
    else:
        said = "is narrower than a tenant, and lets nobody in"
    return warning(path, said, "Name a tenant that these packets alone belong to")


def _ports(transport: Transport, path: Path) -> Iterator[Finding]:
    for ports in transport.port_range:
        below = (*path, "port-range", str(ports.start_port))
        if transport.protocol not in _WITH_PORTS:
            yield error(below, f"{transport.protocol} has no ports", "Remove the port-range")
        if ports.end_port is not None and ports.end_port < ports.start_port:
            said = f"{ports.end_port} is below start-port"
            yield error((*below, "end-port"), said, f"Write {ports.start_port} or more")


def _rivals(
    domain: Domain, network: Network, before: list[Service], service: Service
) -> Iterator[Finding]:
    """An earlier service that takes a tenant's packets to the network, so that this one never gets them."""
    for other in before:
        if other.applies_to or service.applies_to or not _alike(other, service):
            continue
        for tenant in map(tenant_named, (policy.source for policy in service.access_policy)):
            if permission(service, tenant) and permission(other, tenant):
                said = f"{network} is service {other.name}'s already for tenant {tenant}"
                path = (*domain.path, "service", service.name, "address")
                yield warning(path, said, "Let each tenant into one of the two")
                return


def _alike(one: Service, other: Service) -> bool:
    """Whether no transport tells the two apart: both cover all protocols, or share a port."""
    if not one.transport or not other.transport:
        return not one.transport and not other.transport
    return any(
        carries(one, transport.protocol, ports.start_port)
        for transport in other.transport
        for ports in transport.port_range
    ) or any(
        carries(one, transport.protocol)
        for transport in other.transport
        if not transport.port_range
    )
