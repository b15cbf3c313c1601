"""Clients' plutos kept by our own supervisor, asked over its socket."""

from __future__ import annotations

import uuid

from ipsec_client.base import sockets
from ipsec_client.base.errors import HostFault
from ipsec_client.units.port import UnitState
from ipsec_client.wire.request import Reply, Request

PATIENCE = 30.0
"""Seconds to wait for an answer: a stop may take as long as pluto takes to say farewell to its peers."""


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

    def _ask(self, kind: str, client: str) -> UnitState:
        request = Request(uuid.uuid4().hex, kind, {"client": client})
        path = sockets.socket_path("supervisor")
        for message in sockets.ask(path, request.to_json(), deadline=PATIENCE):
            return UnitState(**Reply.from_json(message).result())
        raise HostFault(f"the supervisor hung up on {kind} of {client}", cure="See its output")
