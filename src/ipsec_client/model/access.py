"""Who may reach what: which services cover a destination, and whether their access policy lets a tenant use them.

Pure questions about the configuration; the rules ask them of a text, the plan turns them into a firewall.
A service without a transport covers every protocol; a transport without a port-range every port.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from ipsec_client.model.elements import INTERNAL_TENANT, Remote, Service
from ipsec_client.model.values import Address


def tenant_of(remote: Remote) -> str:
    """Whom the packets belong to that arrive by the remote's tunnel."""
    return remote.tenant or INTERNAL_TENANT


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


@lru_cache(maxsize=4096)
def _tenant_in(source: str) -> tuple[str, bool]:
    """The tenant that a policy's source names ("" for everyone), and whether it means all of it."""
    try:
        ipaddress.ip_network(source, strict=False)
    except ValueError:
        tenant = source.partition("@")[0].partition("/")[0]
        return tenant, tenant == source
    return "", False


def covers(
    service: Service, destination: Address, protocol: str | None = None, port: int | None = None
) -> bool:
    """Whether packets to ``destination`` are the service's; without protocol or port, whether some are."""
    return _matched_length(service, destination) >= 0 and carries(service, protocol, port)


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


def services_for(
    services: Iterable[Service],
    destination: Address,
    protocol: str | None = None,
    port: int | None = None,
) -> list[Service]:
    """The services that cover the destination: longest prefix first, one with transports before one without."""
    found = [
        (-length, not service.transport, place, service)
        for place, service in enumerate(services)
        if (length := _matched_length(service, destination)) >= 0
        and carries(service, protocol, port)
    ]
    return [entry[-1] for entry in sorted(found, key=lambda entry: entry[:-1])]


def service_for(
    services: Iterable[Service],
    tenant: str,
    destination: Address,
    protocol: str | None = None,
    port: int | None = None,
) -> Service | None:
    """The service that takes the tenant's packets to the destination; None: they are dropped.

    Services that say nothing of the tenant do not exist for it; the first of the others decides.
    """
    for service in services_for(services, destination, protocol, port):
        allowed = permission(service, tenant)
        if allowed is not None:
            return service if allowed else None
    return None


def _matched_length(service: Service, destination: Address) -> int:
    """Length of the service's longest prefix that holds the destination; -1: none does."""
    return max(
        (
            prefix.network.prefixlen
            for prefix in service.address
            if prefix.network.version == destination.version and destination in prefix.network
        ),
        default=-1,
    )
