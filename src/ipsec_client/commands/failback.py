"""``failback ipsec client``: traffic goes back to the preferred tunnels that are up, as an operator wants it."""

from __future__ import annotations

from ipsec_client.commands.command import NodeAction
from ipsec_client.commands.grammar import FORCE, NODE, ROUTER, Arguments
from ipsec_client.commands.port import NodePort
from ipsec_client.wire.request import Say


async def act(port: NodePort, arguments: Arguments, request: str, say: Say) -> None:
    """Ends what holds KNIs down that would carry otherwise, and tells what has become of each."""
    held = {tunnel.remote for tunnel in port.view().tunnels if tunnel.carrying.startswith("held")}
    if not held:
        await say("No tunnel waits to take traffic back.\n")
        return
    await port.failback()
    for tunnel in port.view().tunnels:
        if tunnel.remote in held:
            await say(f"{tunnel.remote} {tunnel.carrying}\n")


COMMAND = NodeAction(
    words=("failback", "ipsec", "client"),
    help="Move traffic back to the preferred tunnels that are up",
    arguments=(FORCE, ROUTER, NODE),
    act=act,
    question="Traffic moves to another tunnel. Continue?",
)
