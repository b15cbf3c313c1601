"""Questions about the state that people and alarms ask. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ipsec_client.base.clock import Now
from ipsec_client.health.observe import GRACE
from ipsec_client.health.types import Client, Tunnel

Kind = Literal["refused", "key", "proposal", "identity", "name", "last", "pluto"]


LASTING = 2.0
"""Seconds that a tunnel must be degraded to be a trouble: one that comes up may be so for a moment."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong besides a KNI that is down, with a remote or ("") the whole client.

    refused: pluto does not take the connection; key, proposal, identity, name: what blocks the negotiation;
    last: degraded, and carrying because no other tunnel is up; pluto: it is dead.
    """

    kind: Kind
    remote: str
    reason: str


def troubles(client: Client, now: Now) -> tuple[Trouble, ...]:
    """The client's troubles, in configuration order; a level, not an edge."""
    if client.pluto_alive is False and not (client.cold and now.mono < client.started + GRACE):
        return (Trouble("pluto", "", "pluto is dead"),)
    found = (_trouble(tunnel, now) for tunnel in client.tunnels)
    return tuple(trouble for trouble in found if trouble is not None)


def proving(client: Client) -> frozenset[str]:
    """The remotes that are new and still have time to come up before their KNI's being down is an alarm."""
    return frozenset(
        tunnel.intent.remote for tunnel in client.tunnels if tunnel.proving_until is not None
    )


def _trouble(tunnel: Tunnel, now: Now) -> Trouble | None:
    remote = tunnel.intent.remote
    if tunnel.loaded.state == "refused":
        return Trouble("refused", remote, tunnel.loaded.reason)
    negotiation = tunnel.negotiation
    if negotiation.state == "blocked" and negotiation.blocker is not None:
        return Trouble(negotiation.blocker, remote, negotiation.notify)
    verdict = tunnel.verdict
    lasts = now.mono - verdict.since >= LASTING
    if verdict.judgement == "degraded" and lasts and tunnel.carrying.state == "raised":
        return Trouble("last", remote, verdict.reason)
    return None
