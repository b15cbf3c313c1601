"""Fields that are accepted, kept and printed, but that nothing acts on yet. Each is told, so that nobody waits."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.findings import Finding, warning
from ipsec_client.config.rules.scope import Domain, Place

_LEAVE = "It may stay; it changes nothing"


def services(domain: Domain) -> Iterator[Finding]:
    """Fields of services."""
    for service in domain.authority.service:
        if service.scope == "public":
            path = (*domain.path, "service", service.name, "scope")
            yield warning(path, "services are not announced to other routers", _LEAVE)


def interfaces(place: Place) -> Iterator[Finding]:
    """Fields of a node's own interfaces and of its remotes."""
    for device in place.own:
        path = (*place.path, "device-interface", device.name)
        if device.type not in (None, "ethernet", "bond"):
            said = f"{device.type} is used as a Linux device that must be there; nothing makes it"
            yield warning((*path, "type"), said, _LEAVE)
        if device.network_namespace is not None:
            said = "only generated device-interfaces are put into a namespace"
            yield warning((*path, "network-namespace"), said, _LEAVE)
        for interface in device.network_interface:
            below = place.interface_path(device, interface)
            if interface.type in ("fabric", "shared"):
                said = f"{interface.type} is treated as external: there are no other routers"
                yield warning((*below, "type"), said, _LEAVE)
            if interface.enforced_mss not in (None, "disabled"):
                said = "the MSS is enforced on the KNIs of remotes only"
                yield warning((*below, "enforced-mss"), said, "Set it on the remotes")
    for remote in place.remotes:
        if remote.vector_name is not None:
            path = (*place.remote_path(remote), "vector-name")
            said = "next hops are taken in the order they are written, whatever their vector"
            yield warning(path, said, _LEAVE)
