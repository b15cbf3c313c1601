"""``show plugins state``: all that is known of each remote, as a table or in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ipsec_client.base.clock import moment
from ipsec_client.base.errors import InputFault
from ipsec_client.base.table import table
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import FORCE, NODE, ROUTER, Argument, Arguments
from ipsec_client.commands.layout import span, tree
from ipsec_client.commands.show_device_interface import monitor
from ipsec_client.commands.view import MonitorView, NodeView, TunnelView
from ipsec_client.commands.why import repair

PLUGIN = "128T-ipsec-client"
_WIDE = 47  # where values begin in the detail of a plugin (reference, 8.7)
_RULE = "=" * 79
HEADER = ("Remote", "Status", "Remote Id", "SA Count", "In", "Out", "Monitor")


@dataclass(frozen=True, slots=True)
class PluginState:
    """The plugin on one node: its remotes, the commit in force, the software under it."""

    tunnels: tuple[TunnelView, ...]
    document: str = ""
    versions: tuple[tuple[str, str], ...] = ()


def answer(view: NodeView, arguments: Arguments) -> PluginState:
    """The node's state; raises InputFault for another plugin than this one."""
    plugin = arguments.get("plugin") or arguments.get("name")
    if plugin not in (None, PLUGIN):
        raise InputFault(f"the plugin {plugin} is not installed", cure=f"Installed: {PLUGIN}")
    return PluginState(view.tunnels, view.document, view.versions)


def layout(answers: Sequence[Answer[PluginState]], arguments: Arguments, screen: Screen) -> str:
    """A target for each node, its state below (reference, 8.7)."""
    if (arguments.get("verbosity") or "detail").startswith("summ"):
        told = "\n".join(_summary(answer, screen) for answer in answers)
    else:
        told = "".join(_detail(answer) for answer in answers)
    return f"{told}\nRetrieved state data.\n"


def _summary(answer: Answer[PluginState], screen: Screen) -> str:
    rows = [
        (
            tunnel.remote,
            tunnel.verdict,
            tunnel.remote_id,
            len(tunnel.sas),
            tunnel.ingress,
            tunnel.egress,
            _monitored(tunnel),
        )
        for tunnel in answer.result.tunnels
    ]
    return f"Target: {answer.place}\n\n{table(HEADER, rows, width=screen.width, wrapped=2)}"


def _monitored(tunnel: TunnelView) -> str:
    if tunnel.monitors is None:
        return "--"
    up = sum(view.status == "up" for view in tunnel.monitors)
    return f"{up}/{len(tunnel.monitors)} up"


def _detail(answer: Answer[PluginState]) -> str:
    state = {
        "Document": answer.result.document or "none",
        "Software": dict(answer.result.versions),
        "Remotes": [_tunnel(tunnel) for tunnel in answer.result.tunnels],
    }
    lines = ["", _RULE, str(answer.place), _RULE, "state:", *tree(state, column=_WIDE)]
    return "".join(f"{line}\n" for line in lines)


def _tunnel(tunnel: TunnelView) -> dict[str, Any]:
    told: dict[str, Any] = {
        "Name": tunnel.remote,
        "Client": tunnel.client,
        "Host": tunnel.host,
        "Profile": tunnel.profile,
        "Connection": tunnel.connection,
        "Remote id": tunnel.remote_id,
        "Verdict": tunnel.verdict,
        "Reason": tunnel.reason or "none",
        "For": span(tunnel.age),
        "Loaded": tunnel.loaded,
        "Negotiation": tunnel.negotiation,
        **_diagnosis(tunnel),
        "Carrying": tunnel.carrying,
        "Ingress Total (bytes)": tunnel.ingress,
        "Egress Total (bytes)": tunnel.egress,
        "SA Count": len(tunnel.sas),
        "SA Details": [
            {"Add time": moment(sa.add_time), "In bytes": sa.in_bytes, "Out bytes": sa.out_bytes}
            for sa in tunnel.sas
        ],
        "Last Restart": "never" if tunnel.last_restart is None else moment(tunnel.last_restart),
    }
    if tunnel.monitors is not None:
        told["Tunnel Monitoring"] = [monitor(view) | _measured(view) for view in tunnel.monitors]
    return told


def _diagnosis(tunnel: TunnelView) -> dict[str, Any]:
    """What is in its way, where something is."""
    found = tunnel.diagnosis
    if found is None:
        return {}
    probably = "probably " if found.probable else ""
    return {
        "Diagnosis": f"{probably}{found.plain}",
        "Look At": [path for path, _ in found.look],
        "Repair": repair(found),
    }


def _measured(view: MonitorView) -> dict[str, str]:
    latency = "unknown" if view.latency is None else f"{view.latency * 1000:.1f} ms"
    host = {} if view.host in ("", view.destination) else {"Host": view.host}
    return {
        **host,
        "Protocol": view.protocol,
        "Loss": f"{view.loss * 100:.1f} %",
        "Latency": latency,
        "Monitor Reason": view.reason or "none",
    }


COMMAND = NodeQuery(
    words=("show", "plugins", "state"),
    spellings=(("show", "plugin", "state"),),
    help="All that is known of each remote",
    arguments=(
        FORCE,
        ROUTER,
        NODE,
        Argument(
            "verbosity",
            "How much to tell; unset: detail",
            kind="choice",
            words=("detail", "summary", "summmary"),
        ),
        Argument("name", "The plugin", known="plugin"),
        Argument("plugin", "The plugin", kind="place", known="plugin"),
    ),
    result=PluginState,
    answer=answer,
    layout=layout,
)
