"""Clients' plutos kept by our own supervisor, asked over its socket."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from ipsec_client.base import sockets
from ipsec_client.base.errors import HostFault
from ipsec_client.units.port import UnitState
from ipsec_client.wire.request import Json, Reply, Request

PATIENCE = 30.0
"""Seconds to wait for an answer: a stop may take as long as pluto takes to say farewell to its peers."""

FOREVER = 1e8
"""Seconds, as far as a socket counts them."""


class Supervised:
    """``Units`` where ``ipsec-client run`` supervises."""

    def start(self, client: str) -> None:
        """Has the client's pluto run from now on."""
        self._ask("unit-start", client)

    def stop(self, client: str) -> None:
        """Has it run no more."""
        self._ask("unit-stop", client)

    def restart(self, client: str) -> None:
        """Ends it and starts it again."""
        self._ask("unit-restart", client)

    def state(self, client: str) -> UnitState:
        """What has become of it."""
        return self._ask("unit-state", client)

    def states(self) -> dict[str, UnitState]:
        """Every child, by the name of its unit."""
        found = _ask("unit-states", {}, PATIENCE)
        return {name: UnitState(**state) for name, state in found.items()}

    def _ask(self, kind: str, client: str) -> UnitState:
        return UnitState(**_ask(kind, {"client": client}, PATIENCE))


def await_turn() -> None:
    """Waits until this process, started ahead by a supervisor, is to do its work; raises HostFault if never."""
    _ask("unit-turn", {}, FOREVER)


def _ask(kind: str, body: Mapping[str, Json], deadline: float) -> Json:
    request = Request(uuid.uuid4().hex, kind, body)
    path = sockets.socket_path("supervisor")
    for message in sockets.ask(path, request.to_json(), deadline=deadline):
        return Reply.from_json(message).result()
    raise HostFault(f"the supervisor hung up on {kind}", cure="See what it printed")
