"""Requests between our processes and the stream of replies to each, as they cross a local socket.

A request has an id of its own; asked again with the same id it is answered from memory, not done twice.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ipsec_client.base.errors import Fault, InputFault, UsageFault

FORMAT = 1
"""The format written. Both ends read this one."""

READABLE = (1,)

Json = Any

KINDS = {
    "hello": "who is asked: data {daemon, prompt}",
    "command": "a line of the PCLI for a person: body {line, tty, width, interactive, context, answers, shown}; "
    "text in chunks; data {context, prompt, question, kept}",
    "complete": "what may follow a half-written line: body {line, context}; data [[word, help], …]",
    "ask": "to the agent: body {command, arguments, rest, request} by exact names; data its result",
    "apply": "to the agent: body {document} is to be in force; data the report",
    "report": "to the agent: data the node's report",
    "teardown": "to the agent: all it made is to go, and its document with it",
    "hook": "to the agent, of a Session Smart Router: body {hook, interface, ip, prefix, gateway, namespace}; "
    "data what the hook is to print",
    "commit": "to the conductor: body {text, name} is to be the running configuration",
    "unit-start": "to the supervisor: body {client}; data its unit's state, as with the others of a unit",
    "unit-stop": "to the supervisor: the client's pluto is to run no more",
    "unit-restart": "to the supervisor: the client's pluto is to be ended and started again",
    "unit-state": "to the supervisor: what has become of the client's pluto",
    "unit-turn": "to the supervisor, from a spare process: answered when its turn has come",
}
"""Every kind of request to our processes, with what its body and its answer hold."""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing asked. ``caller`` and ``process`` are user and process by the kernel's word, never the wire's."""

    id: str
    kind: str
    body: Mapping[str, Json] = field(default_factory=dict)
    caller: int | None = None
    process: int | None = None

    def to_json(self) -> dict[str, Json]:
        """The request as a JSON object."""
        return {"format": FORMAT, "id": self.id, "kind": self.kind, "body": dict(self.body)}

    @classmethod
    def from_json(
        cls, data: Mapping[str, Json], caller: int | None = None, process: int | None = None
    ) -> Request:
        """The request in a JSON object; raises InputFault when it is none, or of a format that is not ours."""
        if data.get("format") not in READABLE:
            raise InputFault(
                f"a request of format {data.get('format')!r}; this software reads {sorted(READABLE)}",
                cure="Upgrade the older of the two programs",
            )
        match data:
            case {"id": str(id_), "kind": str(kind), **rest} if id_:
                body = rest.get("body", {})
                if isinstance(body, dict):
                    return cls(id_, kind, body, caller, process)
        raise InputFault("a request lacks its id, its kind or its body")


@dataclass(frozen=True, slots=True)
class Reply:
    """A part of an answer: ``text`` to show now, or, with a ``status``, the end of it.

    ``status`` is 0 when it was done; else ``error`` says what failed and ``cure`` what to do,
    unless the text has said so already.
    """

    text: str = ""
    status: int | None = None
    data: Json = None
    error: str = ""
    cure: str = ""

    @classmethod
    def failed(cls, fault: Fault) -> Reply:
        """The end of an answer that failed."""
        return cls(status=fault.status, error=fault.what, cure=fault.cure)

    def to_json(self) -> dict[str, Json]:
        """The reply as a JSON object; absent fields are empty."""
        if self.status is None:
            return {"text": self.text}
        end: dict[str, Json] = {"status": self.status, "data": self.data}
        if self.error:
            end |= {"error": self.error, "cure": self.cure}
        return end

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Reply:
        """The reply in a JSON object; what is not understood in it is passed over."""
        status = data.get("status")
        return cls(
            text=str(data.get("text", "")),
            status=status if isinstance(status, int) else None,
            data=data.get("data"),
            error=str(data.get("error", "")),
            cure=str(data.get("cure", "")),
        )

    def result(self) -> Json:
        """The data of an answer that went well; raises the Fault of one that did not."""
        if self.status == 0:
            return self.data
        fault = UsageFault if self.status == UsageFault.status else Fault
        raise fault(self.error or "the request failed", cure=self.cure)


Say = Callable[[str], Awaitable[bool | None]]
"""Sends text to whoever asked, to be shown at once; False: nobody listens any more."""

Handler = Callable[[Request, Say], Awaitable[Json]]
"""Does what a request of its kind asks: returns the data of the answer, or a Reply, or raises a Fault."""


class Answered:
    """The latest answers by request, so that a repeated request is not done twice.

    Bounded in number and in characters; the oldest go first.
    """

    def __init__(self, most: int = 256, characters: int = 4 * 1024 * 1024) -> None:
        self._most = most
        self._characters = characters
        self._size = 0
        self._answers: OrderedDict[tuple[int | None, str], tuple[Sequence[Reply], int]] = (
            OrderedDict()
        )

    def find(self, request: Request) -> Sequence[Reply] | None:
        """The replies the request was given; None when it is new, or was forgotten."""
        found = self._answers.get((request.caller, request.id))
        if found is None:
            return None
        self._answers.move_to_end((request.caller, request.id))
        return found[0]

    def keep(self, request: Request, replies: Sequence[Reply]) -> None:
        """Remembers the replies to a request."""
        size = sum(len(reply.text) + len(repr(reply.data)) for reply in replies)
        self._size += size
        self._answers[request.caller, request.id] = (replies, size)
        while len(self._answers) > self._most or self._size > self._characters:
            _, (_, gone) = self._answers.popitem(last=False)
            self._size -= gone
