"""Whether the encrypted packets of a client get out of the router, by its services and service-routes."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.findings import Finding, warning
from ipsec_client.config.rules.scope import Place
from ipsec_client.model.access import IKE, NAT_T, permission
from ipsec_client.model.elements import NextHop, Service
from ipsec_client.model.values import Address


def reach(place: Place) -> Iterator[Finding]:
    """The gateways that the client's tenant does not reach, with the service that is in the way."""
    client = place.client
    if client is None or client.enabled is False or client.tenant is None:
        return
    for remote, gateway in place.gateways:
        found = _obstacle(place, client.tenant, gateway)
        if found:
            yield warning((*place.remote_path(remote), "host"), *found)


def _obstacle(place: Place, tenant: str, gateway: Address) -> tuple[str, str] | None:
    """What keeps IKE and ESP from the gateway, and the cure."""
    table = place.site.in_force.table
    service = table.taking(tenant, gateway, "udp", IKE)
    if service and service.transport and not table.taking(tenant, gateway, "udp", NAT_T):
        service = None
    if service:
        found = _no_way_out(place, service, gateway)
        if found and any(at.holds(gateway) for at in place.connected):
            return None  # it is next door
        return found
    covering = table.covering(gateway)
    if not covering:
        said = f"no service covers {gateway}, so no IKE leaves for it"
        return said, f"Add {gateway} to a service that allows tenant {tenant}"
    allowing = [service for service in covering if permission(service, tenant)]
    if not allowing or permission(covering[0], tenant) is False:
        said = f"service {covering[0].name} covers {gateway} and does not allow tenant {tenant}"
        return said, f"Add an access-policy for {tenant} to service {covering[0].name}"
    said = f"service {allowing[0].name} covers {gateway} without udp {IKE} or {NAT_T}"
    return said, f"Add both ports to service {allowing[0].name}"


def _no_way_out(place: Place, service: Service, gateway: Address) -> tuple[str, str] | None:
    """Why no next hop of the service leads out of this node, and the cure."""
    hops = place.site.hops.get(service.name)
    if hops is None:
        router = place.site.router.name
        said = f"router {router} has no service-route for service {service.name}, which leads there"
        return said, f"Add one with service-name {service.name}"
    if len(place.site.places) > 1:
        hops = [hop for hop in hops if hop.node_name == place.node.name]
    if not hops:
        said = (
            f"service {service.name}, which leads there, has no next-hop by node {place.node.name}"
        )
        return said, "Add one to its service-route"
    back = next((hop.interface for hop in hops if hop.interface in place.knis), None)
    if back:
        said = f"service {service.name}, which leads there, leads encrypted packets back by {back}"
        return said, f"Lead {gateway} by a service of its own, whose next-hops are no KNIs"
    if not any(_has_gateway(place, hop, gateway.version) for hop in hops):
        family = f"IPv{gateway.version}"
        said = (
            f"the next-hops of service {service.name}, which leads there, have no {family} gateway"
        )
        return said, f"Give one a gateway-ip, or its interface an {family} address with a gateway"
    return None


_WITHOUT_GATEWAYS = ("pppoe", "lte", "t1", "conduit")
"""Types of devices whose other end is the only one there is."""


def _has_gateway(place: Place, hop: NextHop, version: int) -> bool:
    if hop.gateway_ip is not None:
        return hop.gateway_ip.version == version
    if hop.interface not in place.interfaces:
        return True  # told elsewhere
    device, interface = place.interfaces[hop.interface]
    if device.type in _WITHOUT_GATEWAYS:
        versions = {address.ip_address.version for address in interface.address}
        return not versions or version in versions
    return any(
        address.gateway and address.gateway.version == version for address in interface.address
    )
