"""Whether the encrypted packets of a client get out of the router, by its services and service-routes."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.findings import Finding, warning
from ipsec_client.config.rules.scope import Place
from ipsec_client.model.access import IKE, NAT_T, permission
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
    table = place.site.table
    service = table.taking(tenant, gateway, "udp", IKE)
    if service and service.transport and not table.taking(tenant, gateway, "udp", NAT_T):
        service = None
    if service:
        if service.name in place.site.routed or any(at.holds(gateway) for at in place.connected):
            return None
        router = place.site.router.name
        said = f"router {router} has no service-route for service {service.name}, which leads there"
        return said, f"Add one with service-name {service.name}"
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
