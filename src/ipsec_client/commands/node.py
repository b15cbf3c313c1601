"""Commands where nodes carry them out: for their own terminal, and for the conductor that asks by request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ipsec_client.base.clock import Now
from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.commands.catalogue import COMMANDS
from ipsec_client.commands.command import Answer, AnyCommand, NodeAction, NodeQuery
from ipsec_client.commands.data import encode
from ipsec_client.commands.execute import Executor
from ipsec_client.commands.grammar import EVERY, Arguments
from ipsec_client.commands.port import NodePort, Place
from ipsec_client.commands.show_plugins_state import PLUGIN
from ipsec_client.commands.view import NodeView
from ipsec_client.wire.request import Handler, Json, Request, Say


class OnNode(Executor):
    """A Dispatcher for the node itself."""

    daemon = "agent"

    def __init__(self, port: NodePort, clock: Callable[[], Now]) -> None:
        super().__init__(clock)
        self._port = port

    @property
    def here(self) -> Place | None:
        """The node, once a document has named it."""
        return _place(self._port.view())

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What a node answers to its conductor: requests of kind ``ask``."""
        return {"ask": self.ask}

    async def ask(self, request: Request, say: Say) -> Json:
        """A command as the conductor sends it, by exact names; a query's result as JSON."""
        command, arguments = received(request.body)
        if isinstance(command, NodeQuery):
            return encode(command.answer(await self._port.look(command.part), arguments))
        await command.act(self._port, arguments, str(request.body.get("request", request.id)), say)
        return None

    def names(self, kind: str) -> Iterable[str]:
        """The names on this node."""
        view = self._port.view()
        found: dict[str, Iterable[str]] = {
            "router": [view.router] if view.router else [],
            "node": [view.node] if view.node else [],
            "device": [device.name for device in view.devices],
            "network": [f"{device.name}-intf" for device in view.devices if device.tunnel],
            "remote": [tunnel.remote for tunnel in view.tunnels],
            "plugin": [PLUGIN],
        }
        return found.get(kind, ())

    def _full_names(self, arguments: Arguments) -> bool:
        return False

    def _target(self, arguments: Arguments) -> Place:
        return _meant(self._port.view(), arguments)

    async def _ask(
        self, command: NodeQuery[Any], arguments: Arguments, request: str
    ) -> tuple[Sequence[Answer[Any]], Sequence[Fault]]:
        place = _meant(self._port.view(), arguments)
        view = await self._port.look(command.part)
        return [Answer(place, command.answer(view, arguments))], []

    async def _act(
        self, command: NodeAction, arguments: Arguments, place: Place, request: str, say: Say
    ) -> None:
        await command.act(self._port, arguments, request, say)


def _place(view: NodeView) -> Place | None:
    return Place(view.router, view.node) if view.node else None


def _meant(view: NodeView, arguments: Arguments) -> Place:
    """The node itself; raises InputFault where another one is named."""
    place = _place(view)
    if place is None:
        raise Fault("this node has no configuration yet", cure="Start ipsec-client run FILE")
    for name, own in (("router", place.router), ("node", place.node)):
        if arguments.get(name) not in (None, EVERY, own):
            raise InputFault(
                f"{name} {arguments.get(name)} is not here: this is {place}, without its conductor",
                cure="Ask where its conductor runs",
            )
    return place


def sent(command: AnyCommand, arguments: Arguments, request: str) -> dict[str, Json]:
    """The body of an ``ask`` request: the command by its exact words, without whom it is for."""
    values = {
        name: value for name, value in arguments.values.items() if name not in ("router", "node")
    }
    return {
        "command": " ".join(command.words),
        "arguments": values,
        "rest": list(arguments.rest),
        "request": request,
    }


def received(body: Mapping[str, Json]) -> tuple[NodeQuery[Any] | NodeAction, Arguments]:
    """The command and arguments in such a body; raises InputFault for what this release does not know."""
    match body:
        case {"command": str(name), "arguments": dict(values), "rest": list(rest)}:
            pass
        case _:
            raise InputFault("a request lacks its command or its arguments")
    for command in COMMANDS:
        if isinstance(command, NodeQuery | NodeAction) and " ".join(command.words) == name:
            unknown = sorted(values.keys() - {argument.name for argument in command.arguments})
            if not unknown:
                texts = {key: str(value) for key, value in values.items()}
                return command, Arguments(texts, tuple(map(str, rest)))
            name = f"{', '.join(unknown)} of {name}"
    raise InputFault(f"this node does not know {name}", cure="Upgrade this node's software")
