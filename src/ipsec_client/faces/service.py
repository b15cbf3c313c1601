"""Requests on a local socket, handed to the handlers of their kinds; a repeated one is answered, not redone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ipsec_client.base import sockets
from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.wire.request import Answered, Handler, Reply, Request

log = logging.getLogger(__name__)

Handlers = Mapping[str, Handler]
"""The handler of each kind of request (wire.request.KINDS)."""


@asynccontextmanager
async def serving(
    path: Path, handlers: Handlers, *, mode: int = 0o600, refusal: sockets.Refusal | None = None
) -> AsyncIterator[None]:
    """Answers requests on the socket at ``path`` until the block is left; those of whom there is no ``refusal``."""
    service = Service(handlers)
    try:
        async with sockets.serving(path, service.handle, mode=mode, refusal=refusal):
            yield
    finally:
        await service.close()


class Service:
    """One socket's requests. Work goes on when whoever asked hangs up; asked again, it is joined."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers
        self._answered = Answered()
        self._running: dict[tuple[int | None, str], asyncio.Task[None]] = {}

    async def handle(self, message: Any, peer: sockets.Peer, send: sockets.Send) -> None:
        """Answers one request, from memory if it was answered before."""
        try:
            request = Request.from_json(message, peer.uid, peer.pid)
        except InputFault as fault:
            await send(Reply.failed(fault).to_json())
            return
        key = (request.caller, request.id)
        running = self._running.get(key)
        if running is not None:
            await running
        replies = self._answered.find(request)
        if replies is not None:
            for reply in replies:
                await send(reply.to_json())
            return
        task = self._running[key] = asyncio.ensure_future(self._carry_out(request, send))
        task.add_done_callback(lambda _: self._running.pop(key, None))
        await task

    async def close(self) -> None:
        """Ends the work that is still going on."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _carry_out(self, request: Request, send: sockets.Send) -> None:
        replies: list[Reply] = []

        async def answer(reply: Reply) -> bool | None:
            if reply.text:
                replies.append(reply)
            return await send(reply.to_json())

        end = await self._end(request, lambda text: answer(Reply(text=text)))
        replies.append(end)
        self._answered.keep(request, replies)
        await send(end.to_json())

    async def _end(self, request: Request, say: Any) -> Reply:
        handler = self._handlers.get(request.kind)
        try:
            if handler is None:
                raise InputFault(
                    f"this daemon does not know the request {request.kind!r}",
                    cure="Upgrade the older of the two programs",
                )
            data = await handler(request, say)
        except Fault as fault:
            return Reply.failed(fault)
        except Exception:
            log.exception("request %s (%s) failed", request.id, request.kind)
            return Reply.failed(Fault("internal error", cure="The daemon's log has the details"))
        return data if isinstance(data, Reply) else Reply(status=0, data=data)
