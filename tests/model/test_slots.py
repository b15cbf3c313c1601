"""Slots: which part of plugin-network each KNI has. That they stay is in tests/config/test_generated.py."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from ipsec_client.model.elements import (
    DeviceInterface,
    InterfaceAddress,
    IpsecClient,
    NetworkInterface,
    Node,
    Remote,
)
from ipsec_client.model.slots import DESCRIPTION, SLOTS, Slot, probe_source, slots
from ipsec_client.model.values import Prefix

REMOTES = tuple(Remote(name=f"rem{number}") for number in (1, 2, 3, 4))
CLIENT = IpsecClient(name="client1", remote=REMOTES)
NODE = Node(name="n", ipsec_client=(CLIENT,))


def kni(name: str, router: str, namespace: str, description: str = DESCRIPTION) -> DeviceInterface:
    address = InterfaceAddress(
        ip_address=IPv4Address(router), prefix_length=30, gateway=IPv4Address(namespace)
    )
    return DeviceInterface(
        name=name,
        description=description,
        type="host",
        network_namespace="client1",
        network_interface=(NetworkInterface(name=f"{name}-intf", address=(address,)),),
    )


def indexes(node: Node, client: IpsecClient = CLIENT) -> dict[str, int]:
    return {name: slot.index for name, slot in slots(node, client).items()}


def test_a_new_client_has_its_egress_first() -> None:
    given = slots(NODE, CLIENT)
    assert list(given) == ["client1", "rem1", "rem2", "rem3", "rem4"]
    assert given["client1"] == Slot(0, IPv4Address("169.254.129.1"), IPv4Address("169.254.129.2"))
    assert given["rem4"] == Slot(4, IPv4Address("169.254.129.17"), IPv4Address("169.254.129.18"))


def test_interfaces_that_are_there_keep_their_slots() -> None:
    node = replace(NODE, device_interface=(kni("rem2", "169.254.129.1", "169.254.129.2"),))
    assert indexes(node) == {"client1": 1, "rem1": 2, "rem2": 0, "rem3": 3, "rem4": 4}


@pytest.mark.parametrize(
    "not_ours",
    [
        kni("rem2", "169.254.129.17", "169.254.129.18", description="mine"),
        kni("rem2", "169.254.129.18", "169.254.129.17"),
        kni("rem2", "169.254.130.17", "169.254.130.18"),
        kni("other", "169.254.129.17", "169.254.129.18"),
        replace(kni("rem2", "169.254.129.17", "169.254.129.18"), network_namespace=None),
    ],
)
def test_what_is_no_slot_is_not_kept(not_ours: DeviceInterface) -> None:
    node = replace(NODE, device_interface=(not_ours,))
    assert indexes(node) == indexes(NODE)


def test_one_slot_is_never_given_twice() -> None:
    twins = (
        kni("rem1", "169.254.129.5", "169.254.129.6"),
        kni("rem2", "169.254.129.5", "169.254.129.6"),
    )
    given = indexes(replace(NODE, device_interface=twins))
    assert given["rem1"] == 1
    assert sorted(given.values()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("network", "count"), [("10.0.0.0/29", 2), ("10.0.0.0/31", 0), ("::/64", 0)]
)
def test_what_has_no_room_has_no_slot(network: str, count: int) -> None:
    client = replace(CLIENT, plugin_network=Prefix(network))
    assert len(slots(NODE, client)) == count


def test_a_slot_beyond_the_reserved_ones_is_not_kept() -> None:
    client = replace(CLIENT, plugin_network=Prefix("10.0.0.0/8"))
    last, beyond = 4 * (SLOTS - 1), 4 * SLOTS
    kept = kni("rem1", f"10.0.0.{last + 1}", f"10.0.0.{last + 2}")
    lost = kni("rem2", str(IPv4Address("10.0.0.1") + beyond), str(IPv4Address("10.0.0.2") + beyond))
    given = indexes(replace(NODE, device_interface=(kept, lost)), client)
    assert (given["rem1"], given["rem2"]) == (SLOTS - 1, 1)


def test_probes_come_from_the_namespaces_octet_in_the_monitor_network() -> None:
    given = slots(NODE, CLIENT)
    sources = [str(probe_source(CLIENT, given[remote.name])) for remote in REMOTES]
    assert sources == ["10.128.128.6", "10.128.128.10", "10.128.128.14", "10.128.128.2"]
    assert (
        probe_source(replace(CLIENT, tunnel_monitor_nat_network=Prefix("::/64")), given["rem1"])
        is None
    )
