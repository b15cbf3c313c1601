"""Commands where the conductor carries them out: its own from the running configuration, a node's on the nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ipsec_client.base.clock import Now
from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.commands.command import Answer, AnyCommand, NodeAction, NodeQuery
from ipsec_client.commands.data import decode
from ipsec_client.commands.execute import Executor
from ipsec_client.commands.grammar import EVERY, Arguments
from ipsec_client.commands.node import sent
from ipsec_client.commands.port import ConfigPort, Place
from ipsec_client.commands.show_plugins_state import PLUGIN
from ipsec_client.model.elements import Authority, Node
from ipsec_client.wire.request import Json, Request, Say


class OnConductor(Executor):
    """A Dispatcher for the authority."""

    daemon = "conductor"

    def __init__(self, port: ConfigPort, clock: Callable[[], Now]) -> None:
        super().__init__(clock, port)
        self._port = port

    @property
    def here(self) -> Place | None:
        """The node of this machine."""
        return self._port.here

    def names(self, kind: str) -> Iterable[str]:
        """The names in the running configuration; devices and remotes are those of this machine's node."""
        authority = self._port.running() or Authority()
        node = self._node(authority)
        found: dict[str, Iterable[str]] = {
            "router": [router.name for router in authority.router],
            "node": [node.name for router in authority.router for node in router.node],
            "device": [device.name for device in node.device_interface],
            "network": [
                interface.name
                for device in node.device_interface
                for interface in device.network_interface
            ],
            "remote": [remote.name for client in node.ipsec_client for remote in client.remote],
            "plugin": [PLUGIN],
            "export": [export.name for export in self._port.exports()],
        }
        found["datastore"] = ["running", "candidate", *found["export"]]
        return dict.fromkeys(found.get(kind, ()))

    def _node(self, authority: Authority) -> Node:
        for router in authority.router:
            for node in router.node:
                if Place(router.name, node.name) == self.here:
                    return node
        return Node(name="")

    def _running(self) -> Authority:
        running = self._port.running()
        if running is None:
            raise Fault("nothing has been committed yet", cure="Start ipsec-client run FILE")
        return running

    def _full_names(self, arguments: Arguments) -> bool:
        return arguments.get("router") is not None or self.here is None

    def _places(self, arguments: Arguments) -> list[Place]:
        """The nodes meant: those named, else this machine's. Raises InputFault where there are none."""
        router, node = arguments.get("router"), arguments.get("node")
        here = self.here
        if router is None and here is not None:
            router = here.router
            node = node or here.node
        places = [
            Place(item.name, below.name)
            for item in self._running().router
            for below in item.node
            if router in (None, EVERY, item.name) and node in (None, EVERY, below.name)
        ]
        if not places:
            named = f"{router}" if node is None else f"{node} of router {router}"
            raise InputFault(f"there is no {'router' if node is None else 'node'} {named}")
        return places

    def _target(self, arguments: Arguments) -> Place:
        places = self._places(arguments)
        if len(places) > 1:
            names = ", ".join(map(str, places))
            raise InputFault(f"several nodes are meant: {names}", cure="Name router and node")
        return places[0]

    async def _ask(
        self, command: NodeQuery[Any], arguments: Arguments, request: str
    ) -> tuple[Sequence[Answer[Any]], Sequence[Fault]]:
        places = self._places(arguments)
        told = await asyncio.gather(
            *(self._call(command, arguments, place, request, _pass_over) for place in places),
            return_exceptions=True,
        )
        answers: list[Answer[Any]] = []
        faults: list[Fault] = []
        for place, data in zip(places, told, strict=True):
            try:
                if isinstance(data, BaseException):
                    raise data
                answers.append(Answer(place, decode(command.result, data)))
            except Fault as fault:
                what = fault.what if len(places) == 1 else f"{place}: {fault.what}"
                faults.append(type(fault)(what, cure=fault.cure))
        if command.own:
            for router in dict.fromkeys(place.router for place in places):
                view = self._port.own(router)
                if getattr(view, command.own):
                    place = Place(view.router, view.node)
                    answers.append(Answer(place, command.answer(view, arguments)))
        return answers, faults

    async def _act(
        self, command: NodeAction, arguments: Arguments, place: Place, request: str, say: Say
    ) -> None:
        async def relay(text: str) -> None:
            if await say(text) is False and not command.patient:
                raise Fault("nobody listens any more")  # which hangs up on the node, for it to hear

        await self._call(command, arguments, place, request, relay)

    async def _call(
        self, command: AnyCommand, arguments: Arguments, place: Place, request: str, say: Say
    ) -> Json:
        asked = Request(f"{request} {place}", "ask", sent(command, arguments, request))
        return await self._port.call(place, asked, say)


async def _pass_over(_: str) -> None:
    return None
