"""``restart ipsec remote``: one tunnel is terminated and initiated, as an operator wants it."""

from __future__ import annotations

from dataclasses import replace

from ipsec_client.commands.command import NodeAction
from ipsec_client.commands.grammar import NODE, ROUTER, Argument, Arguments, known
from ipsec_client.commands.port import NodePort
from ipsec_client.wire.request import Say


async def act(port: NodePort, arguments: Arguments, request: str, say: Say) -> None:
    """Restarts the remote, passing Libreswan's lines through; raises InputFault for one that is not there."""
    remote = arguments.values["remote"]
    view = port.view()
    known((tunnel.remote for tunnel in view.tunnels), remote, "remote", view.node)
    await port.restart(remote, request, say)


COMMAND = NodeAction(
    words=("restart", "ipsec", "remote"),
    help="Terminate and initiate the tunnel of one remote",
    arguments=(
        replace(ROUTER, help="The router it is a tunnel of", words=()),
        replace(NODE, help="The node it is a tunnel of", words=()),
        Argument("remote", "The remote", kind="place", required=True, known="remote"),
    ),
    act=act,
)
