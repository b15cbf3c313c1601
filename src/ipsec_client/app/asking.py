"""One question to this machine's agent, for the verbs that have one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import aclosing

from ipsec_client.base import sockets
from ipsec_client.base.errors import HostFault
from ipsec_client.wire.request import Json, Reply, Request


async def ask_agent(kind: str, *, silence: float, body: Mapping[str, Json] | None = None) -> Json:
    """The data of its answer; raises HostFault when it cannot be reached, Fault when it refuses."""
    request = Request(uuid.uuid4().hex, kind, body or {})
    path = sockets.socket_path("agent")
    async with aclosing(sockets.asked(path, request.to_json(), silence=silence)) as messages:
        async for message in messages:
            reply = Reply.from_json(message)
            if reply.status is not None:
                return reply.result()
    raise HostFault(f"the agent hung up on {kind}", cure="Its log tells why")
