"""Devices with their states and counters, in one dump on a socket held open in the namespace."""

from __future__ import annotations

from dataclasses import dataclass

from ipsec_client.kernel import rtnetlink
from ipsec_client.kernel.netlink import NETLINK_ROUTE, Netlink
from ipsec_client.kernel.rtnetlink import IF_OPER_UP, Link


@dataclass(frozen=True, slots=True)
class Device:
    """A network device at one instant. Counters run from its birth; octets are bytes."""

    name: str
    index: int
    mac: str
    mtu: int
    admin_up: bool
    oper_up: bool
    in_packets: int
    in_octets: int
    in_errors: int
    in_discards: int
    out_packets: int
    out_octets: int
    out_errors: int
    out_discards: int


class Counters:
    """Reads the devices of a namespace as often as wanted (0.1 ms each time)."""

    def __init__(self, netns: str) -> None:
        self._kernel = Netlink(NETLINK_ROUTE, netns)

    def read(self) -> dict[str, Device]:
        """Every device by name."""
        return {link.name: as_device(link) for link in rtnetlink.links(self._kernel)}

    def close(self) -> None:
        """Closes the socket; while it is open the kernel keeps the namespace, even an unnamed one."""
        self._kernel.close()


def devices(netns: str) -> dict[str, Device]:
    """Every device of a namespace by name, once."""
    with Netlink(NETLINK_ROUTE, netns) as kernel:
        return {link.name: as_device(link) for link in rtnetlink.links(kernel)}


def as_device(link: Link) -> Device:
    """A link as a device with its counters."""
    count = link.counters
    return Device(
        name=link.name,
        index=link.index,
        mac=link.mac,
        mtu=link.mtu,
        admin_up=link.admin_up,
        # A device that has no notion of an operational state (an XFRM interface) is as its carrier is.
        oper_up=link.operational == IF_OPER_UP or (link.operational == 0 and link.carrier),
        in_packets=count[0],
        in_octets=count[2],
        in_errors=count[4],
        in_discards=count[6],
        out_packets=count[1],
        out_octets=count[3],
        out_errors=count[5],
        out_discards=count[7],
    )
