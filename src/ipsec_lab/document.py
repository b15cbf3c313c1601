"""Reads from the node document what the lab must supply around the router: the only place that knows its shape."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network
from typing import Any

from ipsec_lab.errors import LabError

ANY = IPv4Network("0.0.0.0/0")
_ANYWHERE = IPv4Address("198.51.100.1")
"""Stands for a service of any address; RFC 5737."""
_MONITOR_NETWORK = "10.128.128.0/28"
_PLUGIN_NETWORK = "169.254.129.0/27"

Tree = Mapping[str, Any]


@dataclass(frozen=True)
class Port:
    """An interface of the router that leads into the lab: its Linux name, its address, its next hop."""

    device: str
    address: IPv4Interface
    gateway: IPv4Address | None


@dataclass(frozen=True)
class Remote:
    """What the gateway of a remote must know, and what is behind it."""

    name: str
    host: IPv4Address
    profile: Mapping[str, Any]
    key: str = field(repr=False)
    local_id: str
    remote_id: str
    subnets: tuple[IPv4Network, ...]
    local_subnets: tuple[IPv4Network, ...]
    monitored: tuple[IPv4Address, ...]


@dataclass(frozen=True)
class Site:
    """A router with its client, as the lab sees it."""

    router: str
    node: str
    client: str
    lans: tuple[Port, ...]
    wan: Port
    remotes: tuple[Remote, ...]
    services: tuple[IPv4Network, ...]
    """What LAN hosts reach through the tunnels."""
    monitor_network: IPv4Network

    def behind(self, remote: Remote) -> tuple[IPv4Address, ...]:
        """The addresses of the host behind a remote's gateway: one of each service and subnet, and the monitored."""
        subnets = [subnet for subnet in remote.subnets if subnet != ANY]
        wanted = [a_host(network) for network in (*self.services, *subnets)]
        return tuple(dict.fromkeys((*wanted, *remote.monitored)))

    @property
    def private(self) -> tuple[IPv4Network, ...]:
        """Networks whose addresses must not show on the provider's network."""
        subnets = (subnet for remote in self.remotes for subnet in remote.subnets)
        monitored = (IPv4Network(host) for remote in self.remotes for host in remote.monitored)
        lans = (port.address.network for port in self.lans)
        everything = (*lans, *self.services, *subnets, *monitored, self.monitor_network)
        return tuple(dict.fromkeys(network for network in everything if network != ANY))

    def remote(self, name: str) -> Remote:
        """The remote of this name; raises LabError if there is none."""
        for remote in self.remotes:
            if remote.name == name:
                return remote
        known = ", ".join(remote.name for remote in self.remotes)
        raise LabError(f"there is no remote {name}", cure=f"The remotes are {known}")


def a_host(network: IPv4Network) -> IPv4Address:
    """An address of a network: the only one, or the first host's; of any network, one kept for documentation."""
    if network == ANY:
        return _ANYWHERE
    return network.network_address if network.prefixlen >= 31 else network.network_address + 1


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
    services = [_networks(service.get("address", [])) for service in authority.get("service", [])]
    hosts = [
        _address(remote["host"], f"remote {remote['name']} host") for remote in client["remote"]
    ]
    if len(set(hosts)) < len(hosts):
        raise LabError(
            "two remotes have the same host", cure="The lab makes one gateway for each remote"
        )
    generated = {client["name"], *(remote["name"] for remote in client["remote"])}
    wan, lans = _ports(router, node, generated, authority, hosts)
    own = _egress_address(node, client)
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
            if network == ANY or not any(host in network for host in hosts)
        ),
        monitor_network=_network(client.get("tunnel-monitor-nat-network", _MONITOR_NETWORK)),
    )


def _remote(remote: Tree, host: IPv4Address, profile: Tree, own: str) -> Remote:
    monitor = remote.get("tunnel-monitor", {})
    destinations = monitor.get("destination", []) if monitor.get("enabled", True) else []
    where = f"remote {remote['name']} tunnel-monitor destination"
    return Remote(
        name=remote["name"],
        host=host,
        profile={name: value for name, value in profile.items() if name != "pre-shared-key"},
        key=profile["pre-shared-key"],
        local_id=profile.get("local-id", own),
        remote_id=remote.get("remote-id", str(host)),
        subnets=_networks(remote.get("subnet", [])) or (ANY,),
        local_subnets=_networks(remote.get("local-subnet", [])) or (ANY,),
        monitored=tuple(
            _address(destination.get("host", destination["address"]), where)
            for destination in destinations
        ),
    )


def _ports(
    router: Tree, node: Tree, generated: set[str], authority: Tree, hosts: list[IPv4Address]
) -> tuple[Port, tuple[Port, ...]]:
    """The port to the provider: the one that the gateways' service is routed to; and the others."""
    outside = {
        service["name"]
        for service in authority.get("service", [])
        if any(host in network for host in hosts for network in _networks(service["address"]))
    }
    next_hops = [
        hop["interface"]
        for route in router.get("service-route", [])
        if route.get("service-name") in outside
        for hop in route.get("next-hop", [])
    ]
    ports: dict[str, Port] = {}
    for device in node.get("device-interface", []):
        if device["name"] in generated:
            continue
        for interface in device.get("network-interface", []):
            for address in interface.get("address", []):
                ports.setdefault(interface["name"], _port(device, address))
    wan = next((name for name in next_hops if name in ports), None)
    if wan is None:
        raise LabError(
            "no interface leads to the gateways",
            cure="Give a service that covers a remote's host, with a service-route to the WAN interface",
        )
    return ports[wan], tuple(port for name, port in ports.items() if name != wan)


def _port(device: Tree, address: Tree) -> Port:
    try:
        interface = IPv4Interface(f"{address['ip-address']}/{address['prefix-length']}")
    except AddressValueError:
        raise LabError(
            f"interface {device['name']} has the address {address['ip-address']}",
            cure="The lab's own networks are IPv4",
        ) from None
    gateway = address.get("gateway")
    return Port(
        device.get("target-interface", device["name"]),
        interface,
        IPv4Address(gateway) if gateway else None,
    )


def _egress_address(node: Tree, client: Tree) -> str:
    """The client's identity when none is written: the namespace's side of the egress KNI."""
    for device in node.get("device-interface", []):
        if device["name"] == client["name"]:
            return str(device["network-interface"][0]["address"][0]["gateway"])
    return str(_network(client.get("plugin-network", _PLUGIN_NETWORK)).network_address + 2)


def _address(text: str, where: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except AddressValueError:
        raise LabError(
            f"{where} {text} is not an IPv4 address", cure="The lab has no name server"
        ) from None


def _network(text: str) -> IPv4Network:
    return IPv4Network(text, strict=False)


def _networks(texts: Iterable[str]) -> tuple[IPv4Network, ...]:
    return tuple(_network(text) for text in texts if ":" not in text)
