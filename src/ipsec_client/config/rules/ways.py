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
    """The remotes of a node beside the services that are led to them."""
    if place.client is None or place.client.enabled is False:
        return
    led = _led(place)
    for remote in place.remotes:
        # Where there is no service-route at all, the text is a part of a whole.
        if place.site.hops and remote.name not in led:
            kni = interface_name(remote.name)
            said = f"no service-route has a next-hop by {kni}, so nothing is sent into this tunnel"
            cure = f"Add next-hop {place.node.name} {kni} to the service-route of a service"
            yield warning(place.remote_path(remote), said, cure)
        for name in dict.fromkeys(led.get(remote.name, ())):
            service = place.site.domain.services.get(name)
            if service is not None and service.address:
                yield from _carried(place, remote, service)


def _led(place: Place) -> dict[str, list[str]]:
    """The services that have a next-hop by a KNI, by the KNI's name."""
    led: dict[str, list[str]] = {}
    alone = len(place.site.places) == 1
    for service, hops in place.site.hops.items():
        for hop in hops:
            if (alone or hop.node_name == place.node.name) and hop.interface in place.knis:
                led.setdefault(place.knis[hop.interface], []).append(service)
    return led


def _carried(place: Place, remote: Remote, service: Service) -> Iterator[Finding]:
    version = inside_version(remote)
    networks = [prefix.network for prefix in service.address if _version(prefix) == version]
    path = place.remote_path(remote)
    if not networks:
        said = f"carries IPv{version}, of which service {service.name} has no address"
        cure = f"Add an IPv{version} address to the service, or remove the next-hop"
        yield warning(path, said, cure)
        return
    theirs = _joined(remote.subnet)
    if theirs:
        outside = next((each for each in networks if not _within(each, theirs)), None)
        if outside:
            said = f"does not hold all of {outside} of service {service.name}, which is led into the tunnel"
            yield warning((*path, "subnet"), said, "Make the one wider or the other narrower")
    ours = _joined(remote.local_subnet)
    for at in place.connected if ours else ():
        if at.address.ip_address.version != version or not _uses(at, service):
            continue
        if not any(at.network.overlaps(each) for each in ours):
            tenant = at.interface.tenant
            said = f"holds nothing of {at.network}, whence tenant {tenant} may use service {service.name}"
            yield warning((*path, "local-subnet"), said, f"Add {at.network}")


def _uses(at: Connected, service: Service) -> bool:
    return bool(at.interface.tenant and permission(service, at.interface.tenant))


def _version(prefix: Prefix) -> int:
    return 6 if ":" in prefix.text else 4


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
