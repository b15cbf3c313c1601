"""Reads from the node document what the lab must supply around the router: the only place that knows its shape."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import Any

from ipsec_lab.errors import LabError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ANY, ANY_SIX = IPv4Network("0.0.0.0/0"), IPv6Network("::/0")
_ANYWHERE: Mapping[int, Address] = {
    4: IPv4Address("198.51.100.1"),
    6: IPv6Address("2001:db8:ffff::1"),
}
"""Stands for a service of any address; RFC 5737, RFC 3849."""
_MONITOR_NETWORK = "10.128.128.0/28"
_PLUGIN_NETWORK = "169.254.129.0/27"
KNIS_SIX = IPv6Network("fdb6:dc80:a25f::/96")
"""The IPv6 side of the client's KNIs (docs/forwarding.md); probes by IPv6 come from there."""

Tree = Mapping[str, Any]


@dataclass(frozen=True)
class Port:
    """An interface of the router that leads into the lab: its Linux name, its address, its next hop; both by
    IPv6 too, where it is configured.
    """

    device: str
    address: IPv4Interface
    gateway: IPv4Address | None
    six: IPv6Interface | None = None
    gateway_six: IPv6Address | None = None

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks it is in."""
        return (self.address.network, *((self.six.network,) if self.six else ()))


@dataclass(frozen=True)
class Remote:
    """What the gateway of a remote must know, and what is behind it."""

    name: str
    host: Address
    profile: Mapping[str, Any]
    key: str = field(repr=False)
    local_id: str
    remote_id: str
    subnets: tuple[Network, ...]
    local_subnets: tuple[Network, ...]
    monitored: tuple[Address, ...]
    host_name: str = ""
    """What the configuration calls the gateway, where that is a name."""
    other: Address | None = None
    """The second address of a gateway that is named."""

    @property
    def hosts(self) -> tuple[Address, ...]:
        """The gateway's addresses outside."""
        return (self.host, *((self.other,) if self.other else ()))


@dataclass(frozen=True)
class Site:
    """A router with its client, as the lab sees it."""

    router: str
    node: str
    client: str
    lans: tuple[Port, ...]
    wan: Port
    remotes: tuple[Remote, ...]
    services: tuple[Network, ...]
    """What LAN hosts reach through the tunnels."""
    monitor_network: IPv4Network

    def behind(self, remote: Remote) -> tuple[Address, ...]:
        """The addresses of the host behind a remote's gateway: one of each service and subnet, and the monitored."""
        subnets = [subnet for subnet in remote.subnets if subnet.prefixlen]
        wanted = [a_host(network) for network in (*self.services, *subnets)]
        return tuple(dict.fromkeys((*wanted, *remote.monitored)))

    @property
    def private(self) -> tuple[Network, ...]:
        """Networks whose addresses must not show on the provider's network."""
        subnets = (subnet for remote in self.remotes for subnet in remote.subnets)
        monitored = (ip_network(host) for remote in self.remotes for host in remote.monitored)
        lans = (network for port in self.lans for network in port.networks)
        everything = (*lans, *self.services, *subnets, *monitored, self.monitor_network)
        if self.six:
            everything += (KNIS_SIX,)
        return tuple(dict.fromkeys(network for network in everything if network.prefixlen))

    @property
    def name_server(self) -> IPv4Address:
        """The provider's address at the router."""
        own = self.wan.address
        return self.wan.gateway or next(host for host in own.network.hosts() if host != own.ip)

    @property
    def six(self) -> bool:
        """Whether there is IPv6 on any wire of it."""
        return any(port.six for port in (*self.lans, self.wan))

    def remote(self, name: str) -> Remote:
        """The remote of this name; raises LabError if there is none."""
        for remote in self.remotes:
            if remote.name == name:
                return remote
        known = ", ".join(remote.name for remote in self.remotes)
        raise LabError(f"there is no remote {name}", cure=f"The remotes are {known}")


def a_host(network: Network) -> Address:
    """An address of a network: the only one, or the first host's; of any network, one kept for documentation."""
    if not network.prefixlen:
        return _ANYWHERE[network.version]
    few = network.max_prefixlen - network.prefixlen <= 1
    return network.network_address if few else network.network_address + 1


def read(text: str) -> Site:
    """The site that a node document (with its keys) tells of; raises LabError where the lab cannot supply it."""
    authority = json.loads(text)["authority"]
    router = authority["router"][0]
    node = router["node"][0]
    clients = [client for client in node.get("ipsec-client", []) if client.get("enabled", True)]
    if not clients:
        raise LabError(
            f"node {node['name']} has no enabled ipsec-client",
            cure="The lab has nothing to connect",
        )
    client = clients[0]
    services = [ip_networks(service.get("address", [])) for service in authority.get("service", [])]
    hosts = _hosts(client["remote"], _outside(router, node, client, authority))
    if len(set(hosts)) < len(hosts):
        raise LabError(
            "two remotes have the same host", cure="The lab makes one gateway for each remote"
        )
    generated = {client["name"], *(remote["name"] for remote in client["remote"])}
    wan, lans = _ports(router, node, generated, authority, hosts)
    own = _egress_addresses(node, client)
    profiles = {profile["name"]: profile for profile in router.get("ipsec-profile", [])}
    return Site(
        router=router["name"],
        node=node["name"],
        client=client["name"],
        lans=lans,
        wan=wan,
        remotes=tuple(
            _remote(remote, host, profiles[remote["profile"]], own)
            for remote, host in zip(client["remote"], hosts, strict=True)
        ),
        services=tuple(
            network
            for networks in services
            for network in networks
            if not network.prefixlen or not any(host in network for host in hosts)
        ),
        monitor_network=IPv4Network(
            client.get("tunnel-monitor-nat-network", _MONITOR_NETWORK), strict=False
        ),
    )


def _outside(router: Tree, node: Tree, client: Tree, authority: Tree) -> list[Network]:
    """The networks of services that go by an interface of the node's own: where gateways are that have names."""
    generated = {client["name"], *(remote["name"] for remote in client["remote"])}
    own = {
        interface["name"]
        for device in node.get("device-interface", [])
        if device["name"] not in generated
        for interface in device.get("network-interface", [])
    }
    routed = {
        route.get("service-name")
        for route in router.get("service-route", [])
        if any(hop["interface"] in own for hop in route.get("next-hop", []))
    }
    return [
        network
        for service in authority.get("service", [])
        if service["name"] in routed
        for network in ip_networks(service.get("address", []))
    ]


def _hosts(remotes: Iterable[Tree], outside: list[Network]) -> list[Address]:
    """The gateways' addresses; those of names from the end of the first network that gateways are in, two each."""
    found: list[Address] = []
    named = 0
    for remote in remotes:
        try:
            found.append(ip_address(remote["host"]))
        except ValueError:
            if not outside or outside[0].num_addresses < 64:
                raise LabError(
                    f"remote {remote['name']} host {remote['host']} is a name",
                    cure="Give a service routed to the WAN that covers at least a /26 for named gateways",
                ) from None
            named += 1
            found.append(outside[0][-16 * named])
    return found


def _remote(remote: Tree, host: Address, profile: Tree, own: Mapping[int, str]) -> Remote:
    subnets, local_subnets = (
        ip_networks(remote.get(end, [])) for end in ("subnet", "local-subnet")
    )
    given = (*subnets, *local_subnets)
    whole = (ANY_SIX if given and given[0].version == 6 else ANY,)
    monitor = remote.get("tunnel-monitor", {})
    destinations = monitor.get("destination", []) if monitor.get("enabled", True) else []
    where = f"remote {remote['name']} tunnel-monitor destination"
    return Remote(
        name=remote["name"],
        host=host,
        profile={name: value for name, value in profile.items() if name != "pre-shared-key"},
        key=profile["pre-shared-key"],
        local_id=profile.get("local-id", own[host.version]),
        remote_id=remote.get("remote-id", str(host)),
        subnets=subnets or whole,
        local_subnets=local_subnets or whole,
        monitored=tuple(
            _address(destination.get("host", destination["address"]), where)
            for destination in destinations
        ),
        host_name="" if _is_address(remote["host"]) else remote["host"],
        other=None if _is_address(remote["host"]) else host + 1,
    )


def _ports(
    router: Tree, node: Tree, generated: set[str], authority: Tree, hosts: list[Address]
) -> tuple[Port, tuple[Port, ...]]:
    """The port to the provider: the one that the gateways' service is routed to; and the others."""
    outside = {
        service["name"]
        for service in authority.get("service", [])
        if any(host in network for host in hosts for network in ip_networks(service["address"]))
    }
    next_hops = [
        hop["interface"]
        for route in router.get("service-route", [])
        if route.get("service-name") in outside
        for hop in route.get("next-hop", [])
    ]
    ports = {
        interface["name"]: _port(device, interface["address"])
        for device in node.get("device-interface", [])
        if device["name"] not in generated
        for interface in device.get("network-interface", [])
        if interface.get("address")
    }
    wan = next((name for name in next_hops if name in ports), None)
    if wan is None:
        raise LabError(
            "no interface leads to the gateways",
            cure="Give a service that covers a remote's host, with a service-route to the WAN interface",
        )
    return ports[wan], tuple(port for name, port in ports.items() if name != wan)


def _port(device: Tree, addresses: Iterable[Tree]) -> Port:
    """The first address of either version of IP is taken."""
    port: dict[type, Any] = {}
    for address in addresses:
        interface = ip_interface(f"{address['ip-address']}/{address['prefix-length']}")
        gateway = address.get("gateway")
        port.setdefault(type(interface), (interface, ip_address(gateway) if gateway else None))
    if IPv4Interface not in port:
        raise LabError(
            f"interface {device['name']} has no IPv4 address",
            cure="Give it one beside its IPv6 address",
        )
    name = device.get("target-interface", device["name"])
    return Port(name, *port[IPv4Interface], *port.get(IPv6Interface, (None, None)))


def _egress_addresses(node: Tree, client: Tree) -> dict[int, str]:
    """The client's identity when none is written, by version of IP: the namespace's side of the egress KNI."""
    plugin_network = IPv4Network(client.get("plugin-network", _PLUGIN_NETWORK), strict=False)
    found = {4: str(plugin_network.network_address + 2)}
    for device in node.get("device-interface", []):
        if device["name"] == client["name"]:
            for address in device["network-interface"][0]["address"]:
                found[ip_address(address["gateway"]).version] = address["gateway"]
    return found


def _address(text: str, where: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise LabError(
            f"{where} {text} is not an address", cure="The lab has no name server"
        ) from None


def _is_address(text: str) -> bool:
    return text.replace(".", "").isdigit() or ":" in text


def ip_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks that are written."""
    return tuple(ip_network(text, strict=False) for text in texts)
