"""How much a node's kernel is given: services have a routing table each, and their prefixes a routing rule each.

The plan refuses what goes beyond; here it is told before anything is committed.
"""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.findings import Finding, error
from ipsec_client.config.rules.scope import Extent, Place, Site, selectors
from ipsec_client.model.access import (
    MOST_RULES,
    MOST_SERVICES,
    inside_version,
    outside_version,
    permission,
    tenant_of,
)
from ipsec_client.model.elements import Service
from ipsec_client.model.values import Network


def services(site: Site) -> Iterator[Finding]:
    """The services in force on a router."""
    found = len(site.in_force.services)
    if found > MOST_SERVICES:
        said = f"{found} services are in force, and {MOST_SERVICES} have a routing table"
        yield error(site.path, said, "Bring networks of the same access and route into one service")


def rules(place: Place) -> Iterator[Finding]:
    """The routing rules of a node."""
    # A prefix takes a rule for each interface it is taken from; a KNI is one, and has six rules at most.
    knis = len(place.knis)
    most = len(place.connected) + 6 * knis
    if most + place.site.in_force.rules * (len(place.interfaces) + knis + 1) <= MOST_RULES:
        return
    tenants = _tenants(place)
    needed = _own_rules(place) + sum(
        _of_service(place, service, tenants) for service in place.site.in_force.services
    )
    if needed > MOST_RULES:
        said = f"its networks and services need {needed} routing rules, and there are {MOST_RULES}"
        yield error(place.path, said, "Bring networks that adjoin into one prefix")


def _tenants(place: Place) -> list[str]:
    """Of each interface that packets come in by, KNIs included, the tenant."""
    client = place.client if place.client and place.client.enabled is not False else None
    return [
        *(
            interface.tenant
            for device in place.own
            for interface in device.network_interface
            if interface.tenant and device.enabled is not False and device.forwarding is not False
        ),
        *((client.tenant or "",) if client else ()),
        *(tenant_of(remote) for remote in (client.remote if client else ())),
    ]


def _own_rules(place: Place) -> int:
    """A rule for each network that is connected, two for each KNI, and two more for an ingress KNI."""
    networks = len({(at.first, at.last, at.address.ip_address.version) for at in place.connected})
    if place.client is None or place.client.enabled is False:
        return networks
    remotes = place.remotes
    six = any(outside_version(remote) == 6 for remote in remotes)
    six_inside = sum(inside_version(remote) == 6 for remote in remotes)
    return networks + (1 + six + 2) + len(remotes) * (1 + 4) + six_inside


def _of_service(place: Place, service: Service, tenants: list[str]) -> int:
    total = 0
    for network in {prefix.network for prefix in service.address}:
        if service.name not in place.site.hops and _connected(place, network):
            continue
        if place.site.in_force.claims[network] == 1 and network.prefixlen > 0:
            total += 1
        else:
            total += sum(bool(permission(service, tenant)) for tenant in tenants)
    return total * selectors(service)


def _connected(place: Place, network: Network) -> bool:
    extent = Extent.of(network)
    return any(
        at.first <= extent.first and extent.last <= at.last
        for at in place.connected
        if at.address.ip_address.version == extent.version
        and at.device.enabled is not False
        and at.device.forwarding is not False
    )
