"""``set log level``: how finely a node's agent and its pluto log, from now on."""

from __future__ import annotations

from ipsec_client.base.logs import LEVELS
from ipsec_client.commands.command import NodeAction
from ipsec_client.commands.grammar import ONE_NODE, ONE_ROUTER, Argument, Arguments
from ipsec_client.commands.port import NodePort
from ipsec_client.wire.request import Say


async def act(port: NodePort, arguments: Arguments, _: str, say: Say) -> None:
    """Changes the level on the node."""
    level = arguments.values["level"]
    await port.set_log_level(level)
    await say(f"The log level is {level}; tunnels are as they were\n")


COMMAND = NodeAction(
    words=("set", "log", "level"),
    help="How finely agent and pluto log from now on, over restarts; no tunnel is touched",
    arguments=(
        ONE_ROUTER,
        ONE_NODE,
        Argument("level", "The level", kind="choice", words=tuple(LEVELS), required=True),
    ),
    act=act,
    framed=False,
)
