"""Which part of ``plugin-network`` each KNI of a client has: slots, read from the generated interfaces.

A slot is the index of a /30; address, if_id, mark and table follow from it, so a slot once given stays:
interfaces that are there keep theirs, new ones take the lowest free, the egress first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address

from ipsec_client.model.definition import value_of
from ipsec_client.model.elements import DeviceInterface, IpsecClient, Node
from ipsec_client.model.values import Prefix

DESCRIPTION = "Auto-generated host interface for use with ipsec-client"
"""The description of every generated device-interface, by which it is known again (page)."""

SLOTS = 64
"""Slots a client may have; tables and marks are reserved for so many."""

_PREFIX_LENGTH = 30
PREFIX_LENGTH_SIX = 126
"""Of the IPv6 network beside a slot's /30."""
ROOM = 4
"""Addresses that a slot takes."""


UNIQUE_LOCAL = int(IPv6Address("fdb6:dc80:a25f::"))
"""The IPv6 side of slots: a unique local prefix (RFC 4193, 3.2.2), followed by the slot's IPv4 address."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A KNI's /30: the ``router`` has its first host address, the ``namespace`` its second (page).

    Where IPv6 is carried too, both have an address of a /126 beside it.
    """

    index: int
    router: IPv4Address
    namespace: IPv4Address
    prefix_length: int = _PREFIX_LENGTH

    @property
    def router_six(self) -> IPv6Address:
        """The router's IPv6 address."""
        return IPv6Address(UNIQUE_LOCAL + int(self.router))

    @property
    def namespace_six(self) -> IPv6Address:
        """The namespace's IPv6 address."""
        return IPv6Address(UNIQUE_LOCAL + int(self.namespace))

    def of_namespace(self, version: int) -> IPv4Address | IPv6Address:
        """The namespace's address of that version of IP."""
        return self.namespace_six if version == 6 else self.namespace


def is_generated(device: DeviceInterface) -> bool:
    """Whether the device-interface is one that the client's generation made."""
    return (
        device.description == DESCRIPTION
        and device.type == "host"
        and device.network_namespace is not None
    )


def plugin_network(client: IpsecClient) -> IPv4Network | None:
    """The network the client's KNIs are in, host bits dropped; None where an IPv6 one is written."""
    return _ipv4(value_of(client, "plugin_network"))


def monitor_network(client: IpsecClient) -> IPv4Network | None:
    """The network that the client's probes come from; None where an IPv6 one is written."""
    return _ipv4(value_of(client, "tunnel_monitor_nat_network"))


def slots(node: Node, client: IpsecClient, running: Node | None = None) -> dict[str, Slot]:
    """The slot of the client's egress and of each remote, by name, in that order.

    Interfaces of ``running`` are believed before those of ``node``. A name is absent when the network
    has no room for it, which the rules report.
    """
    network = plugin_network(client)
    if network is None:
        return {}
    names = (client.name, *(remote.name for remote in client.remote))
    room = min(SLOTS, network.num_addresses // ROOM)
    taken: dict[str, int] = {}
    used: set[int] = set()
    for name, index in _found(network, room, *((running, node) if running else (node,))):
        if name in names and name not in taken and index not in used:
            taken[name] = index
            used.add(index)
    free = (index for index in range(room) if index not in used)
    for name in names:
        if name not in taken and (index := next(free, -1)) >= 0:
            taken[name] = index
    first = int(network.network_address)
    return {name: _slot(first, taken[name]) for name in names if name in taken}


def _found(network: IPv4Network, room: int, *nodes: Node) -> Iterator[tuple[str, int]]:
    """The generated interfaces of the nodes that lie in the network as a slot does."""
    first = int(network.network_address)
    for node in nodes:
        for device in node.device_interface:
            if not is_generated(device):
                continue
            for interface in device.network_interface:
                for address in interface.address:
                    index = (int(address.ip_address) - first) // ROOM
                    if 0 <= index < room:
                        slot = _slot(first, index)
                        if (slot.router, slot.namespace) == (address.ip_address, address.gateway):
                            yield device.name, index


@lru_cache(maxsize=4096)
def _slot(first: int, index: int) -> Slot:
    """The slot of that index in the network with this first address; a fleet's are mostly the same few."""
    base = first + index * ROOM
    return Slot(index, IPv4Address(base + 1), IPv4Address(base + 2))


def probe_source(
    client: IpsecClient, slot: Slot, version: int = 4
) -> IPv4Address | IPv6Address | None:
    """What a remote's probes come from at the far end: the namespace's last octet, in the monitor network (page).

    The octet counts modulo the network's size; None where an IPv6 network is written. Probes by IPv6 come
    from the namespace's own address.
    """
    if version == 6:
        return slot.namespace_six
    network = monitor_network(client)
    if network is None:
        return None
    return network[(int(slot.namespace) & 0xFF) % network.num_addresses]


def _ipv4(prefix: Prefix) -> IPv4Network | None:
    network = prefix.network
    return network if isinstance(network, IPv4Network) else None
