"""Shows an operator what stands where in the lab. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ipsec_lab import topology
from ipsec_lab.document import Site
from ipsec_lab.gateways.base import Gateway


def picture(site: Site, gateways: Mapping[str, Gateway]) -> str:
    """The machines, a line each, in the order that packets meet them."""
    rows = [
        (
            topology.lan_name(site, port),
            _both(topology.lan_address(port), topology.lan_address_six(port)),
            "a host of the LAN",
        )
        for port in site.lans
    ]
    ports = ", ".join(
        f"{port.device} {_both(port.address.ip, port.six and port.six.ip)}"
        for port in (*site.lans, site.wan)
    )
    rows.append((topology.ROUTER, ports, f"{site.node} of {site.router}, client {site.client}"))
    next_hops = _both(site.wan.gateway, site.wan.gateway_six)
    rows.append((topology.PROVIDER, next_hops, "sees what leaves the router"))
    for remote in site.remotes:
        gateway = gateways[remote.name]
        rows.append(
            (remote.name, str(remote.host), f"gateway, {gateway.software} {gateway.version}")
        )
        behind = ", ".join(map(str, site.behind(remote)))
        rows.append((topology.behind_of(remote.name), behind, f"the hosts behind {remote.name}"))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(
        f"  {name:<{widths[0]}}  {addresses:<{widths[1]}}  {what}" for name, addresses, what in rows
    )


def _both(four: object, six: object) -> str:
    return f"{four}, {six}" if six else str(four)
