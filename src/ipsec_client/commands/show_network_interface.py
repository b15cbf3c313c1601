"""``show network-interface``: the node's network-interfaces with their addresses, and whether their devices are up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ipsec_client.base.table import table
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import FORCE, NODE, ROUTER, Argument, Arguments, known
from ipsec_client.commands.particulars import NetworkView
from ipsec_client.commands.view import NodeView

HEADER = (
    *("Router", "Node", "Device", "Name", "Forwarding", "VLAN", "Device Type", "Type", "DHCP"),
    *("Address", "Gateway", "Hostname", "Admin Status", "Oper Status", "GIID"),
)


@dataclass(frozen=True, slots=True)
class Networks:
    """The network-interfaces of one node that were asked for."""

    networks: tuple[NetworkView, ...]


def answer(view: NodeView, arguments: Arguments) -> Networks:
    """All, or the one of that ``name``; raises InputFault where it is not there."""
    name = arguments.get("name")
    known((item.name for item in view.networks), name, "network-interface", view.node)
    return Networks(tuple(item for item in view.networks if name in (None, item.name)))


def layout(answers: Sequence[Answer[Networks]], _: Arguments, screen: Screen) -> str:
    """A row for each address."""
    rows = [
        (
            answer.place.router,
            screen.name(answer.place),
            item.device,
            item.name,
            str(item.forwarding).lower(),
            item.vlan,
            item.device_type,
            item.type,
            item.dhcp,
            item.address or "--",
            item.gateway or "--",
            "--",
            "up" if item.admin_up else "down",
            "up" if item.oper_up else "down",
            "--" if item.giid is None else item.giid,
        )
        for answer in answers
        for item in answer.result.networks
    ]
    return f"\n{table(HEADER, rows)}\n"


COMMAND = NodeQuery(
    words=("show", "network-interface"),
    help="Network-interfaces with their addresses",
    arguments=(
        Argument("name", "The network-interface", known="network"),
        FORCE,
        ROUTER,
        NODE,
    ),
    part="networks",
    result=Networks,
    answer=answer,
    layout=layout,
)
