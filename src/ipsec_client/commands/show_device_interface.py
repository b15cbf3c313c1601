"""``show device-interface``: counters and state of the node's devices, and the tunnel behind each ingress KNI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ipsec_client.base.clock import moment
from ipsec_client.base.table import table
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import FORCE, NODE, ROUTER, Argument, Arguments, known
from ipsec_client.commands.layout import block, counter, labelled, tree
from ipsec_client.commands.view import DeviceView, MonitorView, NodeView, TunnelView

STATUS = {"up": "Up", "degraded": "Up", "down": "Down"}
"""The tunnel's status by its verdict; a degraded tunnel still carries traffic."""


@dataclass(frozen=True, slots=True)
class Devices:
    """The devices of one node that were asked for."""

    devices: tuple[DeviceView, ...]


def answer(view: NodeView, arguments: Arguments) -> Devices:
    """The devices; raises InputFault for a name that is not there."""
    name = arguments.get("name")
    known((device.name for device in view.devices), name, "device-interface", view.node)
    return Devices(tuple(device for device in view.devices if name in (None, device.name)))


def layout(answers: Sequence[Answer[Devices]], arguments: Arguments, screen: Screen) -> str:
    """One block for each device, or one row (summary)."""
    if arguments.get("verbosity") in (None, "detail"):
        return "\n" + "".join(
            block(f"{screen.name(answer.place)}:{device.name}", detail(device)) + "\n"
            for answer in answers
            for device in answer.result.devices
        )
    rows = [
        (
            screen.name(answer.place),
            device.name,
            device.type,
            _up(device.admin_up),
            _up(device.oper_up),
            _status(device.tunnel) if device.tunnel else "--",
        )
        for answer in answers
        for device in answer.result.devices
    ]
    header = ("Node", "Name", "Type", "Admin Status", "Oper Status", "Tunnel Status")
    return f"\n{table(header, rows, width=screen.width)}\n"


def detail(device: DeviceView) -> list[str]:
    """The lines of a device's block, as on the page. Forwarding and redundancy are what a veth KNI always has."""
    lines = [
        labelled("Type", device.type),
        labelled("Forwarding", "true"),
        labelled("Mode", device.mode),
        labelled("MAC Address", device.mac or "--"),
        "",
        labelled("Admin Status", _up(device.admin_up)),
        labelled("Operational Status", _up(device.oper_up)),
        labelled("Redundancy Status", "non-redundant"),
        labelled("Speed", device.speed if device.oper_up else 0),
        labelled("Duplex", device.duplex if device.oper_up else "unknown"),
        "",
        counter("in-octets", device.in_octets),
        counter("in-unicast-pkts", device.in_packets),
        counter("in-errors", device.in_errors),
        counter("out-octets", device.out_octets),
        counter("out-unicast-pkts", device.out_packets),
        counter("out-errors", device.out_errors),
    ]
    if device.tunnel:
        lines += ["", *tree({"IPSec": state(device.tunnel)})]
    return lines


def state(tunnel: TunnelView) -> Any:
    """The tunnel's state in the shape that prints as on the page: an object when down, else in an array."""
    if tunnel.verdict not in ("up", "degraded"):
        return {"Tunnel Status": _status(tunnel)}
    name = {"Name": tunnel.connection, "Remote id": tunnel.remote_id}
    told: dict[str, Any] = {"Tunnel Status": _status(tunnel)}
    if tunnel.monitors is None:
        told["Tunnel Details"] = [name | _totals(tunnel)]
        return [told | {"SA Count": len(tunnel.sas)}]
    told["Tunnel Details"] = [name | _each(tunnel)]
    told["SA Count"] = len(tunnel.sas)
    return [told | {"Tunnel Monitoring": [[monitor(item) for item in tunnel.monitors]]}]


def _totals(tunnel: TunnelView) -> dict[str, Any]:
    return {
        "SA creation time": [moment(sa.add_time) for sa in tunnel.sas],
        "In bytes": sum(sa.in_bytes for sa in tunnel.sas),
        "Out bytes": sum(sa.out_bytes for sa in tunnel.sas),
    }


def _each(tunnel: TunnelView) -> dict[str, Any]:
    return {
        "SA Details": [
            {"Add time": moment(sa.add_time), "In bytes": sa.in_bytes, "Out bytes": sa.out_bytes}
            for sa in tunnel.sas
        ],
        "Ingress Total (bytes)": tunnel.ingress,
        "Egress Total (bytes)": tunnel.egress,
    }


def monitor(view: MonitorView) -> dict[str, str]:
    """One destination of ``Tunnel Monitoring``."""
    return {
        "Destination": view.destination,
        "Status": view.status,
        "Last Attempt": _time(view.last_attempt),
        "Last Restart": _time(view.last_restart),
    }


def _time(wall: float | None) -> str:
    return "never" if wall is None else moment(wall)


def _status(tunnel: TunnelView) -> str:
    return STATUS.get(tunnel.verdict, "Unknown")


def _up(up: bool) -> str:
    return "up" if up else "down"


COMMAND = NodeQuery(
    words=("show", "device-interface"),
    help="Counters and state of device-interfaces, and of the tunnels behind them",
    arguments=(
        Argument("name", "The device-interface", known="device"),
        FORCE,
        ROUTER,
        NODE,
        Argument("verbosity", "How much to tell", kind="choice", words=("detail", "summary")),
    ),
    result=Devices,
    answer=answer,
    layout=layout,
)
