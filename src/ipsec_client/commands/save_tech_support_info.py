"""``save tech-support-info``: what helps others to find a fault, in one file without any key."""

from __future__ import annotations

import re

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.command import NodeAction
from ipsec_client.commands.grammar import ONE_NODE, ONE_ROUTER, Argument, Arguments
from ipsec_client.commands.port import NodePort
from ipsec_client.wire.request import Say

_PREFIX = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


async def act(port: NodePort, arguments: Arguments, _: str, say: Say) -> None:
    """Saves it on the node, and says where; raises InputFault for a prefix that is no part of a name."""
    prefix = arguments.get("prefix") or ""
    if prefix and not _PREFIX.fullmatch(prefix):
        raise InputFault(
            f"'{prefix}' cannot begin the name of a file", cure="Use letters, digits, '.', '-', '_'"
        )
    await say("Retrieving Tech Support Info...\n")
    await say(f"{await port.tech_support(prefix)}\n")


COMMAND = NodeAction(
    words=("save", "tech-support-info"),
    help="What helps to find a fault, in one file without any key",
    arguments=(
        ONE_ROUTER,
        ONE_NODE,
        Argument("prefix", "What the file's name begins with", kind="place"),
    ),
    act=act,
    framed=False,
)
