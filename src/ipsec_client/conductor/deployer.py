"""How a node's agent is reached. On one machine: by its socket."""

from __future__ import annotations

from contextlib import aclosing
from typing import Protocol

from ipsec_client.base import sockets
from ipsec_client.base.errors import HostFault
from ipsec_client.commands.port import Place
from ipsec_client.wire.request import Json, Reply, Request, Say


class Deployer(Protocol):
    """The road to the nodes of the authority."""

    async def call(self, place: Place, request: Request, say: Say) -> Json:
        """Has a node's agent answer; raises HostFault when it cannot be reached, Fault when it refuses."""


class Local:
    """The agent of this machine; ``silence`` seconds without a word are taken for its end."""

    def __init__(self, silence: float = 120.0) -> None:
        self._silence = silence

    async def call(self, place: Place, request: Request, say: Say) -> Json:
        """As of a Deployer."""
        messages = sockets.asked(
            sockets.socket_path("agent"), request.to_json(), silence=self._silence
        )
        async with aclosing(messages) as replies:
            async for message in replies:
                reply = Reply.from_json(message)
                if reply.status is not None:
                    return reply.result()
                await say(reply.text)
        raise HostFault(f"the agent of {place} ended before its answer did", cure="Ask again")
