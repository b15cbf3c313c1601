"""``capture``: the packets of one tunnel, inside it or outside, in a file for root or shown one by one."""

from __future__ import annotations

from ipsec_client.commands.command import NodeAction
from ipsec_client.commands.grammar import ONE_NODE, ONE_ROUTER, Argument, Arguments
from ipsec_client.commands.numbers import number
from ipsec_client.commands.port import Capture, NodePort
from ipsec_client.wire.request import Say

LONGEST = 3600
MOST = 100_000


async def act(port: NodePort, arguments: Arguments, _: str, say: Say) -> None:
    """Captures on the node; raises InputFault for what cannot be meant."""
    where = arguments.get("where") or "inside"
    order = Capture(
        arguments.values["remote"],
        inside=where != "outside",
        outside=where != "inside",
        seconds=number(arguments, "seconds", 10, 1, LONGEST),
        packets=number(arguments, "packets", 1000, 1, MOST),
        filter=arguments.get("filter") or "",
        shown=arguments.get("screen") is not None,
    )
    if order.inside:
        await say("WARNING: inside the tunnel packets are in the clear: this holds users' data\n")
    await say(f"For {order.seconds:g} s or {order.packets} packets; Ctrl-C ends it\n")
    await port.capture(order, say)


COMMAND = NodeAction(
    words=("capture",),
    help="Capture the packets of one tunnel, in the clear inside it or encrypted outside",
    arguments=(
        Argument("remote", "The remote", known="remote", required=True),
        Argument(
            "where",
            "Before encryption, after it, or both; unset: inside",
            kind="choice",
            words=("inside", "outside", "both"),
        ),
        Argument("seconds", "How long; unset: 10"),
        Argument("packets", "How many; unset: 1000"),
        Argument("filter", 'Which: "host 10.1.1.1 and tcp and port 443"; unset: all'),
        Argument("screen", "Show them, and keep no file", kind="choice", words=("screen",)),
        ONE_ROUTER,
        ONE_NODE,
    ),
    act=act,
    framed=False,
    patient=False,
)
