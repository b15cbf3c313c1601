"""The terminal: commands of a Dispatcher for ``pcli``, over a local socket. Text only, as a person reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.port import Terminal
from ipsec_client.commands.session import Context, Dispatcher, Line
from ipsec_client.faces import roles, service
from ipsec_client.wire.request import Handler, Json, Reply, Request, Say

WIDEST = 1000
"""Columns of a terminal beyond which nobody reads."""


@asynccontextmanager
async def serving(
    path: Path, dispatcher: Dispatcher, others: service.Handlers
) -> AsyncIterator[None]:
    """Serves the terminal at ``path`` beside the daemon's ``others`` requests until the block is left.

    Those are for daemons and root. Who may neither look nor configure is not listened to at all.
    """
    handlers = {kind: for_daemons(handler) for kind, handler in others.items()}
    handlers |= Face(dispatcher).handlers
    async with service.serving(path, handlers, mode=roles.mode(), refusal=roles.refusal):
        yield


def for_daemons(handler: Handler) -> Handler:
    """A handler that answers root and our daemons only."""

    async def guarded(request: Request, say: Say) -> Json:
        asker = await roles.person(request.caller, request.process)
        if not asker.daemon:
            raise InputFault(f"{request.kind} is not for {asker.name}", cure="Use pcli, or sudo")
        return await handler(request, say)

    return guarded


class Face:
    """The requests a terminal sends."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    @property
    def handlers(self) -> dict[str, Handler]:
        """Its handlers by kind of request."""
        return {"hello": self.hello, "command": self.command, "complete": self.complete}

    async def hello(self, request: Request, _: Say) -> Json:
        """Who answers here, and the prompt of a session (reference, 7.1)."""
        line = await _line(request)
        prompt = self._dispatcher.prompt(line.terminal, line.context)
        return {"daemon": self._dispatcher.daemon, "prompt": prompt}

    async def command(self, request: Request, say: Say) -> Json:
        """A line of the PCLI; what it prints is said as it comes, then where the session stands."""
        line = await _line(request)
        outcome = await self._dispatcher.execute(line, say)
        data: dict[str, Json] = {
            "context": outcome.context.to_json(),
            "prompt": self._dispatcher.prompt(line.terminal, outcome.context),
        }
        if outcome.question is not None:
            data["question"] = outcome.question.to_json()
        if outcome.kept is not None:
            data["kept"] = outcome.kept
        return Reply(status=outcome.status, data=data)

    async def complete(self, request: Request, _: Say) -> Json:
        """What may follow a half-written line."""
        return self._dispatcher.complete(await _line(request))


async def _line(request: Request) -> Line:
    """What a terminal sent, from whom the kernel says it is."""
    body = request.body
    asker = await roles.person(request.caller, request.process)
    terminal = Terminal(
        width=min(_number(body.get("width")) or 80, WIDEST),
        tty=body.get("tty") is True,
        user=asker.name,
        interactive=body.get("interactive") is True,
        admin=asker.admin,
    )
    answers = body.get("answers")
    return Line(
        str(body.get("line", "")),
        terminal,
        request.id,
        Context.from_json(body.get("context")),
        tuple(map(str, answers)) if isinstance(answers, list) else (),
        str(body.get("shown", "")),
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
