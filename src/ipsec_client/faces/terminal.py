"""The terminal: commands of a Dispatcher for ``pcli``, over a local socket. Text only, as a person reads it."""

from __future__ import annotations

import pwd
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ipsec_client.commands.port import Dispatcher, Terminal
from ipsec_client.faces import service
from ipsec_client.wire.request import Json, Reply, Request, Say

WIDEST = 1000
"""Columns of a terminal beyond which nobody reads."""


@asynccontextmanager
async def serving(
    path: Path, dispatcher: Dispatcher, others: service.Handlers, *, mode: int = 0o600
) -> AsyncIterator[None]:
    """Serves the terminal at ``path`` beside the daemon's ``others`` requests until the block is left."""
    handlers = {**others, **Face(dispatcher).handlers}
    async with service.serving(path, handlers, mode=mode):
        yield


class Face:
    """The requests a terminal sends."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    @property
    def handlers(self) -> service.Handlers:
        """Its handlers by kind of request."""
        return {"hello": self.hello, "command": self.command, "complete": self.complete}

    async def hello(self, request: Request, _: Say) -> Json:
        """Who answers here, and the prompt of a session (reference, 7.1)."""
        here = self._dispatcher.here
        prompt = f"{_user(request.caller)}@{here or self._dispatcher.daemon}# "
        return {"daemon": self._dispatcher.daemon, "prompt": prompt}

    async def command(self, request: Request, say: Say) -> Json:
        """One line of the PCLI; what it prints is said as it comes."""
        terminal = Terminal(
            width=min(_number(request.body.get("width")) or 80, WIDEST),
            tty=request.body.get("tty") is True,
            user=_user(request.caller),
        )
        line = str(request.body.get("line", ""))
        return Reply(status=await self._dispatcher.execute(line, terminal, request.id, say))

    async def complete(self, request: Request, _: Say) -> Json:
        """What may follow a half-written line."""
        return self._dispatcher.complete(str(request.body.get("line", "")))


def _number(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _user(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid).pw_name if uid is not None else "admin"
    except KeyError:
        return str(uid)
