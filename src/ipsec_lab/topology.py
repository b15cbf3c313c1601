"""Which machines the lab has and how they are wired, as `ip` commands.

::

    lan ── router ── provider ──┬── rem1 ── behind-rem1
                                └── rem2 ── behind-rem2

Pure: a site in, commands out. The addresses that the configuration does not give are from 100.64.0.0/10 (RFC 6598)
and fd64::/16 (RFC 4193).
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from ipsec_lab.document import KNIS_SIX, Address, Network, Port, Remote, Site, a_host

ROUTER, PROVIDER = "router", "provider"
UPLINK = "uplink"
"""The device of any machine that leads towards the router or the provider."""
INWARD = "inward"
"""The device of a gateway that leads to the host behind it."""
TUNNEL = "tunnel"
"""The device of a gateway that its tunnel's packets come out of and go into."""
TO_ROUTER = "to-router"
"""The provider's device that the router is at."""

_CARRIER = {4: IPv4Address("100.64.0.1"), 6: IPv6Address("fd64::1")}
"""The provider, as a gateway sees it."""
_INSIDE_GATEWAY = {4: IPv4Address("100.64.1.1"), 6: IPv6Address("fd64::1:1")}
_INSIDE_HOST = {4: IPv4Address("100.64.1.2"), 6: IPv6Address("fd64::1:2")}
_FAMILIES = (4, 6)

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


def lan_address_six(port: Port) -> IPv6Address | None:
    """Its IPv6 address, where the port has one."""
    if port.six is None:
        return None
    taken = {port.six.ip, port.gateway_six}
    return next(host for host in port.six.network.hosts() if host not in taken)


def wiring(site: Site, namespaces: Mapping[str, str]) -> Wiring:
    """The commands that wire a site; ``namespaces`` gives each machine's network namespace as `ip` takes it."""
    lines: Wiring = {name: ["link set lo up"] for name in hosts(site)}
    for port in site.lans:
        _lan(lines, lan_name(site, port), port, namespaces)
    _provider(lines, site, namespaces)
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
    if port.six:
        lines[name] += [
            f"addr add {lan_address_six(port)}/{port.six.network.prefixlen} dev {UPLINK} nodad",
            f"route add default via {port.six.ip}",
        ]
    lines[ROUTER] += _port(port)


def _port(port: Port) -> list[str]:
    six = [f"addr add {port.six} dev {port.device} nodad"] if port.six else []
    return [f"addr add {port.address} dev {port.device}", *six, f"link set {port.device} up"]


def _provider(lines: Wiring, site: Site, namespaces: Mapping[str, str]) -> None:
    """The router's default routes lead to the provider, so that whatever leaks is seen there."""
    wan = site.wan
    lines[ROUTER] += [_pair(namespaces, wan.device, PROVIDER, TO_ROUTER), *_port(wan)]
    lines[PROVIDER].append(f"link set {TO_ROUTER} up")
    ways: list[tuple[IPv4Interface | IPv6Interface, Address]] = [(wan.address, site.name_server)]
    if wan.six:
        own_six = wan.six
        first = next(host for host in own_six.network.hosts() if host != own_six.ip)
        ways.append((own_six, wan.gateway_six or first))
    for own, next_hop in ways:
        lines[ROUTER].append(f"route add default via {next_hop} dev {wan.device} onlink")
        lines[PROVIDER] += [
            f"addr add {next_hop}/{own.network.prefixlen} dev {TO_ROUTER}{_at_once(own.version)}",
            f"route replace {own.ip} dev {TO_ROUTER}",
        ]


def _at_once(version: int) -> str:
    """Without it an IPv6 address serves only after a second of asking whether another has it (RFC 4862, 5.4)."""
    return " nodad" if version == 6 else ""


def _gateway(lines: Wiring, site: Site, remote: Remote, namespaces: Mapping[str, str]) -> None:
    link, behind = link_name(remote), behind_of(remote.name)
    version = remote.host.version
    at_once = _at_once(version)
    lines[PROVIDER] += [
        _pair(namespaces, link, remote.name, UPLINK),
        f"addr add {_CARRIER[version]} dev {link}{at_once}",
        f"link set {link} up",
        *(f"route add {host} dev {link}" for host in remote.hosts),
    ]
    if version == 6:  # it may lie in the network that the router believes to be on its own link
        lines[PROVIDER] += [f"neigh add proxy {host} dev {TO_ROUTER}" for host in remote.hosts]
    lines[remote.name] += [
        *(f"addr add {host}/{host.max_prefixlen} dev {UPLINK}{at_once}" for host in remote.hosts),
        f"link set {UPLINK} up",
        f"route add {_CARRIER[version]} dev {UPLINK}",
        f"route add default via {_CARRIER[version]} dev {UPLINK}",
        _pair(namespaces, INWARD, behind, UPLINK),
        f"link set {INWARD} up",
    ]
    lines[behind].append(f"link set {UPLINK} up")
    reached = site.behind(remote)
    for family in _FAMILIES if any(address.version == 6 for address in reached) else (4,):
        here, there, at_once = _INSIDE_GATEWAY[family], _INSIDE_HOST[family], _at_once(family)
        own = [address for address in reached if address.version == family]
        lines[remote.name] += [
            f"addr add {here} peer {there} dev {INWARD}{at_once}",
            *(f"route add {address} via {there} dev {INWARD} onlink" for address in own),
        ]
        lines[behind] += [
            f"addr add {there} peer {here} dev {UPLINK}{at_once}",
            *(f"addr add {address}/{address.max_prefixlen} dev lo{at_once}" for address in own),
            # told that it is there: by IPv6 it is not believed while the link is coming up
            f"route add default via {here} dev {UPLINK} onlink",
        ]


def tunnel_routes(site: Site, remote: Remote) -> list[str]:
    """The routes of a gateway that lead into its tunnel: what is on the router's side of it."""
    networks: list[Network] = [network for port in site.lans for network in port.networks]
    networks += [subnet for subnet in remote.local_subnets if subnet.prefixlen]
    networks += [site.monitor_network, *([KNIS_SIX] if site.six else [])]
    return [f"route replace {network} dev {TUNNEL}" for network in dict.fromkeys(networks)]


def target(site: Site) -> Address:
    """The address that is measured to unless another is named: one of the first service."""
    return a_host(site.services[0])
