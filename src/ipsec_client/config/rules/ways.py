"""Whether packets get into the tunnels: by a service-route, and within the networks that a tunnel carries."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import collapse_addresses

from ipsec_client.config.findings import Finding, warning
from ipsec_client.config.generated import interface_name
from ipsec_client.config.rules.scope import Connected, Place
from ipsec_client.model.access import inside_version, permission
from ipsec_client.model.elements import Remote, Service
from ipsec_client.model.values import Network, Prefix


def ways(place: Place) -> Iterator[Finding]:
    """The services that are led out by a node's next-hops, and the tunnels that they are led into."""
    alone = len(place.site.places) == 1
    hops = {
        service: [hop.interface for hop in several if alone or hop.node_name == place.node.name]
        for service, several in place.site.hops.items()
    }
    yield from _staying(place, hops)
    if place.client is None or place.client.enabled is False:
        return
    led: dict[str, dict[str, None]] = {}
    for service, interfaces in hops.items():
        for interface in interfaces:
            if interface in place.knis:
                led.setdefault(place.knis[interface], {})[service] = None
    for remote in place.remotes:
        # Where there is no service-route at all, the text is a part of a whole.
        if hops and remote.name not in led:
            kni = interface_name(remote.name)
            said = f"no service-route has a next-hop by {kni}, so nothing is sent into this tunnel"
            cure = f"Add next-hop {place.node.name} {kni} to the service-route of a service"
            yield warning(place.remote_path(remote), said, cure)
        version = inside_version(remote)
        for name in led.get(remote.name, ()):
            extents = place.site.domain.extents.get(name)
            if extents and version not in {extent.version for extent in extents}:
                said = f"carries IPv{version}, of which service {name} has no address"
                cure = f"Add an IPv{version} address to the service, or remove the next-hop"
                yield warning(place.remote_path(remote), said, cure)
            elif extents and (remote.subnet or remote.local_subnet):
                yield from _outside(place, remote, place.site.domain.services[name])


def _staying(place: Place, hops: dict[str, list[str]]) -> Iterator[Finding]:
    """Prefixes of services in a network of the node's own, where they go before any service-route counts."""
    for name, interfaces in hops.items():
        for extent in place.site.domain.extents.get(name, ()) if interfaces else ():
            for at in place.connected:
                if (
                    at.first <= extent.first
                    and extent.last <= at.last
                    and at.address.ip_address.version == extent.version
                    and at.interface.name not in interfaces
                ):
                    prefix = extent.network
                    said = f"its network {at.network} holds {prefix} of service {name}, which stays there"
                    cure = "Take a narrower prefix-length, or the service's next-hops away"
                    yield warning(place.address_path(at), said, cure)


def _outside(place: Place, remote: Remote, service: Service) -> Iterator[Finding]:
    """What of the service, and of those who may use it, is outside the networks that the tunnel carries."""
    version = inside_version(remote)
    path = place.remote_path(remote)
    theirs, ours = _joined(remote.subnet), _joined(remote.local_subnet)
    for network in (prefix.network for prefix in service.address if theirs):
        if network.version == version and not _within(network, theirs):
            said = f"does not hold all of {network} of service {service.name}, which is led into the tunnel"
            yield warning((*path, "subnet"), said, "Make the one wider or the other narrower")
            break
    for at in place.connected if ours else ():
        if at.address.ip_address.version != version or not _uses(at, service):
            continue
        if not any(at.network.overlaps(each) for each in ours):
            tenant = at.interface.tenant
            said = f"holds nothing of {at.network}, whence tenant {tenant} may use service {service.name}"
            yield warning((*path, "local-subnet"), said, f"Add {at.network}")


def _uses(at: Connected, service: Service) -> bool:
    return bool(at.interface.tenant and permission(service, at.interface.tenant))


def _joined(prefixes: tuple[Prefix, ...]) -> list[Network]:
    """The networks, those that adjoin as one; none where they are of both versions, which is refused elsewhere."""
    networks = [prefix.network for prefix in prefixes]
    if len({network.version for network in networks}) > 1:
        return []
    return list(collapse_addresses(networks))  # type: ignore[type-var]


def _within(network: Network, wider: list[Network]) -> bool:
    return any(
        each.prefixlen <= network.prefixlen and network.network_address in each for each in wider
    )
