"""Addresses and networks of a node: its own, its KNIs', and those that probes come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ipsec_client.config.findings import Finding, error, warning
from ipsec_client.config.rules.scope import Connected, Place
from ipsec_client.model.definition import dotted
from ipsec_client.model.slots import ROOM, monitor_network
from ipsec_client.model.values import Address, reserved


def addresses(place: Place) -> Iterator[Finding]:
    """The addresses of a node's own interfaces."""
    met: dict[Address, Connected] = {}
    for at in place.connected:
        own, length, gateway = at.address.ip_address, at.address.prefix_length, at.address.gateway
        if length is not None and length > own.max_prefixlen:
            said = f"{length} is more than the {own.max_prefixlen} bits of an IPv4 address"
            cure = f"Write {own.max_prefixlen} or less"
            yield error((*place.address_path(at), "prefix-length"), said, cure)
            continue
        if gateway is not None and not at.holds(gateway):
            path = (*place.address_path(at), "gateway")
            said = f"{gateway} is outside {at.network}"
            yield warning(path, said, "Name a gateway in the interface's own network")
        if gateway == own:
            path = (*place.address_path(at), "gateway")
            yield error(path, f"{own} is the interface's own address", "Name the next router's")
        if reserved(own):
            yield error(place.address_path(at), reserved(own), "Write an address of a host")
        if own in met:
            said = f"is also the address at {dotted(place.address_path(met[own]))}"
            yield error(place.address_path(at), said, "Remove one of the two")
        else:
            yield from _overlaps(place, at, met.values())
        met.setdefault(own, at)


def _overlaps(place: Place, at: Connected, before: Iterable[Connected]) -> Iterator[Finding]:
    """Networks of other interfaces that share addresses with this one's: by which a packet leaves is open."""
    for other in before:
        if other.interface is not at.interface and (
            other.address.ip_address.version == at.address.ip_address.version
            and other.first <= at.last
            and at.first <= other.last
        ):
            where = dotted(place.address_path(other))
            said = f"its network {at.network} overlaps {other.network} of {where}"
            yield warning(place.address_path(at), said, "Give each interface a network of its own")


def plugin(place: Place) -> Iterator[Finding]:
    """``plugin-network``: large enough for egress and remotes, and apart from every other network."""
    client = place.client
    if client is None:
        return
    path = (*place.client_path, "plugin-network")
    network = place.plugin_network
    if network is None:
        yield error(path, f"{client.plugin_network} is not an IPv4 network", "Write an IPv4 one")
        return
    if client.plugin_network is not None and reserved(network.network_address):
        said = f"{network} {reserved(network.network_address)}"
        yield error(path, said, "Use a network that nothing else uses")
    needed = 1 + len(place.remotes)
    room = network.num_addresses // ROOM
    if room < needed:
        said = f"{network} has room for {room} of {needed} KNIs, each of which takes a /30"
        length = 32 - (needed * ROOM - 1).bit_length()
        yield error(path, said, f"Use a /{length} or larger")
    for at in place.connected:
        if at.overlaps(network):
            said = f"{network} overlaps {at.network} of {dotted(place.address_path(at))}"
            yield error(path, said, "Use a network that nothing else uses")
    for remote, gateway in place.gateways:
        if gateway in network:
            said = f"{remote.host} is in plugin-network {network}"
            yield error((*place.remote_path(remote), "host"), said, "Use another plugin-network")


def monitor_nat(place: Place) -> Iterator[Finding]:
    """``tunnel-monitor-nat-network``: IPv4, and apart from the networks of the node."""
    client = place.client
    if client is None:
        return
    path = (*place.client_path, "tunnel-monitor-nat-network")
    network = monitor_network(client)
    if network is None:
        said = f"{client.tunnel_monitor_nat_network} is not an IPv4 network"
        yield error(path, said, "Write an IPv4 one")
        return
    ours = place.plugin_network
    if ours and network.overlaps(ours):
        said = f"{network} overlaps plugin-network {ours}"
        yield error(path, said, "Use a network that nothing else uses")
    for at in place.connected:
        if at.overlaps(network):
            said = f"{network} overlaps {at.network} of {dotted(place.address_path(at))}"
            yield warning(path, said, "Use a network that nothing else uses")
