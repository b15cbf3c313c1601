"""``ping``: echo requests through a tunnel, or out of an interface; the answers as they come."""

from __future__ import annotations

import ipaddress

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.command import NodeAction
from ipsec_client.commands.grammar import ONE_NODE, ONE_ROUTER, Argument, Arguments
from ipsec_client.commands.numbers import number
from ipsec_client.commands.port import NodePort, Ping
from ipsec_client.wire.request import Say

MOST = 100_000
LARGEST = 65_507  # bytes of data in an IPv4 datagram
LONGEST = 10  # seconds (reference, 8.7)


async def act(port: NodePort, arguments: Arguments, _: str, say: Say) -> None:
    """Sends them on the node; raises InputFault for what cannot be meant."""
    address = arguments.values["ip"]
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise InputFault(f"'{address}' is no IP address", cure="Write it as 8.8.8.8") from None
    remote, device = arguments.get("remote") or "", arguments.get("egress-interface") or ""
    if remote and device:
        raise InputFault("remote and egress-interface are two ways", cure="Name one of them")
    order = Ping(
        address,
        remote,
        device,
        count=number(arguments, "count", 4, 1, MOST),
        size=number(arguments, "size", 56, 0, LARGEST),
        timeout=number(arguments, "timeout", 1, 1, LONGEST),
        whole=arguments.get("set-df-bit") is not None,
    )
    await port.ping(order, say)


COMMAND = NodeAction(
    words=("ping",),
    help="Echo requests through a tunnel, or out of an interface; the answers as they come",
    arguments=(
        Argument("remote", "The remote whose tunnel they take", known="remote"),
        Argument("count", f"How many, up to {MOST}; unset: 4"),
        Argument("size", "Bytes of data in each; unset: 56"),
        Argument("timeout", f"Seconds to wait for each answer, up to {LONGEST}; unset: 1"),
        Argument("set-df-bit", "Forbid fragments", kind="choice", words=("set-df-bit",)),
        Argument("egress-interface", "The interface they leave by", known="network"),
        ONE_ROUTER,
        ONE_NODE,
        Argument("ip", "The address", kind="place", required=True),
    ),
    act=act,
    changes=False,
    framed=False,
    patient=False,
)
