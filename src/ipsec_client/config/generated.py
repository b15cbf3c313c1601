"""The parts of a configuration that follow from the clients in it: a device-interface per KNI (page).

Generating is repeatable: interfaces generated before are known again by their description, keep their
addresses, and go when what they stand for is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ipsec_client.model.access import inside_version, outside_version, tenant_of
from ipsec_client.model.definition import make
from ipsec_client.model.elements import (
    Authority,
    DeviceInterface,
    InterfaceAddress,
    IpsecClient,
    Neighborhood,
    NetworkInterface,
    Node,
    Router,
)
from ipsec_client.model.slots import (
    DESCRIPTION,
    PREFIX_LENGTH_SIX,
    Slot,
    is_generated,
    slots,
)
from ipsec_client.model.values import Address


def generate(authority: Authority, running: Authority | None = None) -> Authority:
    """The authority with its generated interfaces, each node's own first, then egress and remotes in order.

    Interfaces of the ``running`` authority keep their addresses even where ``authority`` lacks them.
    """
    before = {
        (router.name, node.name): node
        for router in (running.router if running else ())
        for node in router.node
    }

    def complete(router: Router, node: Node) -> Node:
        own = tuple(device for device in node.device_interface if not is_generated(device))
        made = _interfaces(node, before.get((router.name, node.name)))
        return replace(node, device_interface=own + made)

    return _each_node(authority, complete)


def only_generated(authority: Authority) -> Authority:
    """What of a generated authority was generated: its routers and nodes with nothing else in them."""

    def bare(router: Router, node: Node) -> Node:
        return Node(
            name=node.name,
            device_interface=tuple(filter(is_generated, node.device_interface)),
        )

    cut = _each_node(authority, bare)
    routers = (
        Router(name=router.name, node=tuple(node for node in router.node if node.device_interface))
        for router in cut.router
    )
    return Authority(router=tuple(router for router in routers if router.node))


def interface_name(device: str) -> str:
    """The network-interface that is generated on the KNI of this name (page)."""
    return f"{device}-intf"


def _each_node(authority: Authority, change: Callable[[Router, Node], Node]) -> Authority:
    return replace(
        authority,
        router=tuple(
            replace(router, node=tuple(change(router, node) for node in router.node))
            for router in authority.router
        ),
    )


def _interfaces(node: Node, before: Node | None) -> tuple[DeviceInterface, ...]:
    client = next((client for client in node.ipsec_client if client.enabled is not False), None)
    if client is None:
        return ()
    given = slots(node, client, before)
    six = any(outside_version(remote) == 6 for remote in client.remote)
    made = [_interface(client, client.name, given, six, tenant=client.tenant)]
    for remote in client.remote:
        vector = remote.vector_name
        made.append(
            _interface(
                client,
                remote.name,
                given,
                inside_version(remote) == 6,
                tenant=tenant_of(remote),
                enforced_mss=remote.enforced_mss,
                neighborhood=(Neighborhood(name=vector, vector=(vector,)),) if vector else (),
            )
        )
    return tuple(device for device in made if device)


def _interface(
    client: IpsecClient, name: str, given: dict[str, Slot], six: bool, **fields: Any
) -> DeviceInterface | None:
    """The KNI of that name, for ``six`` with an IPv6 address too; ``fields`` are of its network interface."""
    slot = given.get(name)
    if slot is None:
        return None
    addresses: list[tuple[Address, int, Address]] = [
        (slot.router, slot.prefix_length, slot.namespace)
    ]
    if six:
        addresses.append((slot.router_six, PREFIX_LENGTH_SIX, slot.namespace_six))
    made = {
        "name": interface_name(name),
        "type": "external",
        "address": tuple(_address(*each) for each in addresses),
    }
    return make(
        DeviceInterface,
        {
            "name": name,
            "description": DESCRIPTION,
            "type": "host",
            "network_namespace": client.name,
            "network_interface": (make(NetworkInterface, made | fields),),
        },
    )


def _address(router: Address, length: int, namespace: Address) -> InterfaceAddress:
    values = {"ip_address": router, "prefix_length": length, "gateway": namespace}
    return make(InterfaceAddress, values)
