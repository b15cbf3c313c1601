"""A node's devices and what is routed on them: its own ones, and those generated for the KNIs of a client."""

from __future__ import annotations

from dataclasses import dataclass

from ipsec_client.model import values as v
from ipsec_client.model.definition import Element, children, key, leaf
from ipsec_client.model.services import NOTE


@dataclass(frozen=True, kw_only=True)
class InterfaceAddress(Element):
    """An address of a network interface."""

    ip_address: v.Address = key(
        v.ADDRESS,
        "The router's address",
        effect="Packets to its network go by the main table; a KNI's end on the router is given it",
        name="ip-address",
    )
    prefix_length: int | None = leaf(
        v.number(0, 128),
        "Length of the prefix",
        effect="The size of the network that is reached directly",
        required=True,
    )
    gateway: v.Address | None = leaf(
        v.ADDRESS,
        "Next hop; on a KNI, the namespace's address",
        effect="The gateway of routes by this interface that name none",
    )


@dataclass(frozen=True, kw_only=True)
class NetworkInterface(Element):
    """What is routed on a device."""

    name: str = key(
        v.NAME, "The name of the interface", effect="Next hops that name it leave by its device"
    )
    type: str | None = leaf(
        v.choice("external", "fabric", "shared"), "Kind of network", default="external"
    )
    tenant: str | None = leaf(
        v.TENANT,
        "Tenant of the packets that arrive here",
        effect="The firewall admits what comes in here to the services that let this tenant in",
    )
    enforced_mss: int | str | None = leaf(
        v.number_or(64, 8960, "automatic", "disabled"), "TCP MSS in bytes", default="disabled"
    )
    address: tuple[InterfaceAddress, ...] = children(InterfaceAddress)


@dataclass(frozen=True, kw_only=True)
class DeviceInterface(Element):
    """A Linux interface of the node."""

    name: str = key(
        v.DEVICE_NAME, "The name of the device", effect="The Linux interface that is looked for"
    )
    description: str | None = leaf(v.TEXT, "For people", effect=NOTE)
    type: str | None = leaf(
        v.choice("ethernet", "host", "bridged", "pppoe", "lte", "t1", "bond", "vhost"),
        "Kind of device",
        default="ethernet",
    )
    target_interface: str | None = leaf(
        v.TARGET,
        "The Linux interface, where it is named otherwise",
        effect="The Linux interface that rules, routes and firewall name, in place of the device's name",
    )
    network_namespace: str | None = leaf(v.NAMESPACE, "The namespace of the device's other end")
    network_interface: tuple[NetworkInterface, ...] = children(NetworkInterface)
