"""What names something else: the tenant, profile, service, node or interface must exist."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ipsec_client.config.findings import Finding, error, warning
from ipsec_client.config.generated import interface_name
from ipsec_client.config.recovery import near
from ipsec_client.config.rules.scope import Domain, Place, Site
from ipsec_client.model.access import applies, tenant_named
from ipsec_client.model.definition import Path
from ipsec_client.model.elements import NextHop


def policies(domain: Domain) -> Iterator[Finding]:
    """The tenants that services let in; a policy for one that does not exist is idle, not wrong."""
    for service in domain.authority.service:
        for policy in service.access_policy:
            tenant = tenant_named(policy.source)
            if tenant and tenant not in domain.tenants:
                path = (*domain.path, "service", service.name, "access-policy", policy.source)
                yield warning((*path, "source"), *_no_tenant(tenant, domain))


def routers(domain: Domain) -> Iterator[Finding]:
    """The routers and groups that services apply to."""
    if not domain.selective:
        return
    names = {router.name for router in domain.authority.router}
    groups = {group for router in domain.authority.router for group in router.group}
    for service in domain.authority.service:
        for item in service.applies_to:
            path = (*domain.path, "service", service.name, "applies-to", item.type)
            for name in item.router_name:
                if name not in names:
                    cure = near(name, list(names)) or f"Add router {name}"
                    yield warning((*path, "router-name"), f"there is no router {name}", cure)
            for name in item.group_name:
                if name not in groups:
                    said = f"no router is in group {name}"
                    cure = near(name, list(groups)) or f"Add group {name} to a router"
                    yield warning((*path, "group-name"), said, cure)


def tenants(place: Place) -> Iterator[Finding]:
    """The tenants of a node's interfaces and client."""
    known = place.site.domain.tenants
    for device in place.own:
        for interface in device.network_interface:
            if interface.tenant and interface.tenant not in known:
                path = (*place.interface_path(device, interface), "tenant")
                yield error(path, *_no_tenant(interface.tenant, place.site.domain))
    if place.client and place.client.tenant and place.client.tenant not in known:
        path = (*place.client_path, "tenant")
        yield error(path, *_no_tenant(place.client.tenant, place.site.domain))
    for remote in place.remotes:
        if remote.tenant and remote.tenant not in known:
            path = (*place.remote_path(remote), "tenant")
            yield error(path, *_no_tenant(remote.tenant, place.site.domain))


def _no_tenant(name: str, domain: Domain) -> tuple[str, str]:
    return f"there is no tenant {name}", near(name, list(domain.tenants)) or f"Add tenant {name}"


def profiles(place: Place) -> Iterator[Finding]:
    """The profiles of a node's remotes."""
    known = place.site.profiles
    for remote in place.remotes:
        if remote.profile and remote.profile not in known:
            path = (*place.remote_path(remote), "profile")
            said = f"router {place.site.router.name} has no ipsec-profile {remote.profile}"
            yield error(path, said, _instead(remote.profile, known))


def _instead(name: str, known: Collection[str]) -> str:
    return near(name, list(known)) or (f"It has {', '.join(known)}" if known else "Add one")


def routes(site: Site) -> Iterator[Finding]:
    """The services, nodes and interfaces of a router's service-routes."""
    services = site.domain.services
    for route in site.router.service_route:
        path = (*site.path, "service-route", route.name)
        if route.service_name and route.service_name not in services:
            said = f"there is no service {route.service_name}"
            cure = near(route.service_name, list(services)) or f"Add service {route.service_name}"
            yield error((*path, "service-name"), said, cure)
        elif route.service_name and not applies(services[route.service_name], site.router):
            said = f"service {route.service_name} does not apply to router {site.router.name}"
            yield warning((*path, "service-name"), said, "Add the router to its applies-to")
        elif route.service_name and not services[route.service_name].address:
            said = f"service {route.service_name} has no address, so nothing takes this route"
            yield warning((*path, "service-name"), said, "Give the service an address")
        if not route.next_hop:
            yield warning(path, "has no next-hop, so its service is unreachable", "Add a next-hop")
        met: set[tuple[str, str]] = set()
        for hop in route.next_hop:
            yield from _next_hop(site, hop, (*path, "next-hop", hop.node_name, hop.interface), met)


def _next_hop(site: Site, hop: NextHop, path: Path, met: set[tuple[str, str]]) -> Iterator[Finding]:
    place = site.places.get(hop.node_name)
    if place is None:
        if len(site.places) != 1:
            said = f"router {site.router.name} has no node {hop.node_name}"
            yield error((*path, "node-name"), said, _instead(hop.node_name, site.places))
            return
        place = next(iter(site.places.values()))
        said = f"{hop.node_name} is not the router's node; {place.node.name} is taken"
        yield warning((*path, "node-name"), said, f"Write {place.node.name}")
    if (place.node.name, hop.interface) in met:
        yield warning(path, "is written twice", "Remove one")
    met.add((place.node.name, hop.interface))
    kni = place.knis.get(hop.interface)
    if kni is not None:
        yield from _kni_hop(place, hop, kni, path)
    elif hop.interface not in place.interfaces:
        said = f"node {place.node.name} has no network-interface {hop.interface}"
        yield error((*path, "interface"), said, _interface_instead(place, hop.interface))
    else:
        yield from _gateway(place, hop, path)


def _kni_hop(place: Place, hop: NextHop, kni: str, path: Path) -> Iterator[Finding]:
    assert place.client
    if kni == place.client.name:
        said = "is the egress KNI, where only encrypted packets come from"
        yield error((*path, "interface"), said, "Name the interface of a remote")
    elif place.client.enabled is False:
        said = f"is generated only when ipsec-client {place.client.name} is enabled"
        yield warning((*path, "interface"), said, "Enable it, or remove the next-hop")
    elif (
        hop.gateway_ip
        and kni in place.slots
        and hop.gateway_ip != (address := place.slots[kni].of_namespace(hop.gateway_ip.version))
    ):
        said = f"{hop.gateway_ip} is not the namespace's address of {kni}, which is {address}"
        yield warning((*path, "gateway-ip"), said, "Leave gateway-ip out")


def _gateway(place: Place, hop: NextHop, path: Path) -> Iterator[Finding]:
    if hop.gateway_ip is None:
        return
    _, interface = place.interfaces[hop.interface]
    networks = [at for at in place.connected if at.interface is interface]
    if networks and not any(at.holds(hop.gateway_ip) for at in networks):
        said = f"{hop.gateway_ip} is in no network of {hop.interface}"
        yield warning((*path, "gateway-ip"), said, f"Its network is {networks[0].network}")


def _interface_instead(place: Place, interface: str) -> str:
    if interface_name(interface) in place.knis:
        return f"Did you mean {interface_name(interface)}?"
    return _instead(interface, [*place.interfaces, *place.knis])
