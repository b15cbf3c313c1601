"""Which machines the lab has and how they are wired, as `ip` commands.

::

    lan ── router ── provider ──┬── rem1 ── behind-rem1
                                └── rem2 ── behind-rem2

Pure: a site in, commands out. The addresses that the configuration does not give are from 100.64.0.0/10 (RFC 6598).
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address

from ipsec_lab.document import ANY, Port, Remote, Site, a_host

ROUTER, PROVIDER = "router", "provider"
UPLINK = "uplink"
"""The device of any machine that leads towards the router or the provider."""
INWARD = "inward"
"""The device of a gateway that leads to the host behind it."""
TUNNEL = "tunnel"
"""The device of a gateway that its tunnel's packets come out of and go into."""
TO_ROUTER = "to-router"
"""The provider's device that the router is at."""

_CARRIER = IPv4Address("100.64.0.1")
_INSIDE_GATEWAY, _INSIDE_HOST = IPv4Address("100.64.1.1"), IPv4Address("100.64.1.2")

Wiring = dict[str, list[str]]
"""The `ip` commands for each machine, in an order of machines that makes a link before it is used."""


def lan_name(site: Site, port: Port) -> str:
    """The name of the host at one of the router's inner ports: `lan` for the first, else as the device."""
    return "lan" if port is site.lans[0] else f"at-{port.device}"


def behind_of(remote: str) -> str:
    """The name of the host behind a remote's gateway."""
    return f"behind-{remote}"


def link_name(remote: Remote) -> str:
    """The provider's device that a gateway is at."""
    return f"to-{remote.name}"


def hosts(site: Site) -> tuple[str, ...]:
    """The names of all machines."""
    lans = (lan_name(site, port) for port in site.lans)
    gateways = (name for remote in site.remotes for name in (remote.name, behind_of(remote.name)))
    return (*lans, ROUTER, PROVIDER, *gateways)


def lan_address(port: Port) -> IPv4Address:
    """The address of the host at an inner port: the tenth of the network, or the first that is free."""
    network = port.address.network
    taken = {port.address.ip, port.gateway}
    tenth = network.network_address + 10
    if tenth in network and tenth not in taken and tenth != network.broadcast_address:
        return tenth
    return next(host for host in network.hosts() if host not in taken)


def wiring(site: Site, namespaces: Mapping[str, str]) -> Wiring:
    """The commands that wire a site; ``namespaces`` gives each machine's network namespace as `ip` takes it."""
    lines: Wiring = {name: ["link set lo up"] for name in hosts(site)}
    for port in site.lans:
        _lan(lines, lan_name(site, port), port, namespaces)
    _provider(lines, site.wan, namespaces)
    for remote in site.remotes:
        _gateway(lines, site, remote, namespaces)
    return lines


def _pair(namespaces: Mapping[str, str], device: str, other: str, there: str) -> str:
    return f"link add {device} type veth peer name {there} netns {namespaces[other]}"


def _lan(lines: Wiring, name: str, port: Port, namespaces: Mapping[str, str]) -> None:
    lines[name] += [
        _pair(namespaces, UPLINK, ROUTER, port.device),
        f"addr add {lan_address(port)}/{port.address.network.prefixlen} dev {UPLINK}",
        f"link set {UPLINK} up",
        f"route add default via {port.address.ip}",
    ]
    lines[ROUTER] += [
        f"addr add {port.address} dev {port.device}",
        f"link set {port.device} up",
    ]


def _provider(lines: Wiring, wan: Port, namespaces: Mapping[str, str]) -> None:
    """The router's default route leads to the provider, so that whatever leaks is seen there."""
    network = wan.address.network
    next_hop = wan.gateway or next(host for host in network.hosts() if host != wan.address.ip)
    lines[ROUTER] += [
        _pair(namespaces, wan.device, PROVIDER, TO_ROUTER),
        f"addr add {wan.address} dev {wan.device}",
        f"link set {wan.device} up",
        f"route add default via {next_hop} dev {wan.device} onlink",
    ]
    lines[PROVIDER] += [
        f"addr add {next_hop}/{network.prefixlen} dev {TO_ROUTER}",
        f"link set {TO_ROUTER} up",
        f"route replace {wan.address.ip} dev {TO_ROUTER}",
    ]


def _gateway(lines: Wiring, site: Site, remote: Remote, namespaces: Mapping[str, str]) -> None:
    link, behind = link_name(remote), behind_of(remote.name)
    lines[PROVIDER] += [
        _pair(namespaces, link, remote.name, UPLINK),
        f"addr add {_CARRIER} dev {link}",
        f"link set {link} up",
        f"route add {remote.host} dev {link}",
    ]
    lines[remote.name] += [
        f"addr add {remote.host}/32 dev {UPLINK}",
        f"link set {UPLINK} up",
        f"route add {_CARRIER} dev {UPLINK}",
        f"route add default via {_CARRIER} dev {UPLINK}",
        _pair(namespaces, INWARD, behind, UPLINK),
        f"addr add {_INSIDE_GATEWAY} peer {_INSIDE_HOST} dev {INWARD}",
        f"link set {INWARD} up",
        *(f"route add {address} via {_INSIDE_HOST}" for address in site.behind(remote)),
    ]
    lines[behind] += [
        f"addr add {_INSIDE_HOST} peer {_INSIDE_GATEWAY} dev {UPLINK}",
        *(f"addr add {address}/32 dev lo" for address in site.behind(remote)),
        f"link set {UPLINK} up",
        f"route add default via {_INSIDE_GATEWAY}",
    ]


def tunnel_routes(site: Site, remote: Remote) -> list[str]:
    """The routes of a gateway that lead into its tunnel: what is on the router's side of it."""
    networks = [port.address.network for port in site.lans]
    networks += [subnet for subnet in remote.local_subnets if subnet != ANY]
    networks.append(site.monitor_network)
    return [f"route replace {network} dev {TUNNEL}" for network in dict.fromkeys(networks)]


def target(site: Site) -> IPv4Address:
    """The address that is measured to unless another is named: one of the first service."""
    return a_host(site.services[0])
