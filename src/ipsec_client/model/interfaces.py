"""A node's devices and what is routed on them: its own ones, and those generated for the KNIs of a client."""

from __future__ import annotations

from dataclasses import dataclass

from ipsec_client.model import values as v
from ipsec_client.model.definition import Element, children, key, leaf, leaves
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
    utility_ip_address: v.Address | None = leaf(v.ADDRESS, "Address for the router's own services")


@dataclass(frozen=True, kw_only=True)
class Neighborhood(Element):
    """A network that the interface is in, with the labels of paths through it."""

    name: str = key(v.NAME, "The name of the neighborhood", effect=NOTE)
    vector: tuple[str, ...] = leaves(
        v.NAME,
        "Labels of paths by this interface",
        effect="The place of routes by this interface in the tables of services with a service-policy",
    )


@dataclass(frozen=True, kw_only=True)
class NetworkInterface(Element):
    """What is routed on a device."""

    name: str = key(
        v.NAME, "The name of the interface", effect="Next hops that name it leave by its device"
    )
    global_id: int | None = leaf(v.number(1, 4_294_967_295), "Number of the interface")
    type: str | None = leaf(
        v.choice("external", "fabric", "shared"), "Kind of network", default="external"
    )
    vlan: int | None = leaf(
        v.number(0, 4094),
        "VLAN of its packets; 0: untagged",
        effect="The Linux interface DEVICE.VLAN takes the place of the device",
        default=0,
    )
    tenant: str | None = leaf(
        v.TENANT,
        "Tenant of the packets that arrive here",
        effect="The firewall admits what comes in here to the services that let this tenant in",
    )
    mtu: int | None = leaf(
        v.number(576, 9000),
        "Largest packet in bytes that is carried on the way out by this interface, up to 1500",
        effect="The MTU of tunnel devices whose gateways are reached by this interface",
    )
    enforced_mss: int | str | None = leaf(
        v.number_or(64, 8960, "automatic", "disabled"),
        "TCP MSS in bytes",
        effect="The MSS that the router's firewall writes into TCP handshakes by this interface",
        default="disabled",
    )
    source_nat: bool | None = leaf(
        v.BOOLEAN,
        "Whether packets leave with the interface's own address",
        effect="The router's firewall masquerades what leaves by the device",
        default=False,
    )
    dhcp: str | None = leaf(
        v.choice("disabled", "v4"), "Where the address comes from", default="disabled"
    )
    icmp: str | None = leaf(v.choice("allow", "drop"), "Whether pings are answered")
    neighborhood: tuple[Neighborhood, ...] = children(Neighborhood)
    address: tuple[InterfaceAddress, ...] = children(InterfaceAddress)


@dataclass(frozen=True, kw_only=True)
class DeviceInterface(Element):
    """A Linux interface of the node."""

    name: str = key(
        v.DEVICE_NAME, "The name of the device", effect="The Linux interface that is looked for"
    )
    description: str | None = leaf(v.TEXT, "For people", effect=NOTE)
    type: str | None = leaf(
        v.choice(
            "ethernet", "host", "bridged", "pppoe", "lte", "t1", "bond", "vhost", "conduit", "kni"
        ),
        "Kind of device",
        default="ethernet",
    )
    enabled: bool | None = leaf(
        v.BOOLEAN,
        "Whether the device is used",
        effect="Nothing is routed or let in by a device that is not",
        default=True,
    )
    forwarding: bool | None = leaf(
        v.BOOLEAN,
        "Whether the device carries the packets of others",
        effect="Nothing is routed or let in by a device that does not",
        default=True,
    )
    target_interface: str | None = leaf(
        v.TARGET,
        "The Linux interface, where it is named otherwise",
        effect="The Linux interface that rules, routes and firewall name, in place of the device's name",
    )
    bridge_name: str | None = leaf(v.TARGET, "The bridge that the device is part of")
    capture_filter: tuple[str, ...] = leaves(v.TEXT, "What is captured on the device")
    network_namespace: str | None = leaf(v.NAMESPACE, "The namespace of the device's other end")
    network_interface: tuple[NetworkInterface, ...] = children(NetworkInterface)


LONGEST_DEVICE = 15
"""Characters that the name of a Linux interface may have (IFNAMSIZ less its end)."""


def linux_name(device: DeviceInterface, interface: NetworkInterface) -> str:
    """What Linux calls the interface: the device by its own name, or DEVICE.VLAN."""
    name = device.target_interface or device.name
    return f"{name}.{interface.vlan}" if interface.vlan else name
