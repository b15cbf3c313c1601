"""Questions about the state that people and alarms ask. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ipsec_client.base.clock import Now
from ipsec_client.dialect.diagnosis import CAUSES, Blocker
from ipsec_client.health.observe import GRACE
from ipsec_client.health.types import Client, Tunnel

Kind = Literal["refused", "last", "pluto"] | Blocker

SUSPICION = 10.0
"""Seconds that a tunnel must be down for what nobody signed to be a trouble: much of it passes by itself."""

LASTING = 2.0
"""Seconds that a tunnel must be degraded to be a trouble: one that comes up may be so for a moment."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong besides a KNI that is down, with a remote or ("") the whole client.

    refused: pluto does not take the connection; a blocker: what is in the way of the negotiation;
    last: degraded, and carrying because no other tunnel is up; pluto: it is dead. ``look`` is the field to look
    at, ``probable`` says that nobody signed what tells of it, ``carries`` that what was agreed before goes on: only
    what is new is not in force.
    """

    kind: Kind
    remote: str
    reason: str
    look: str = ""
    probable: bool = False
    carries: bool = False


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
        return Trouble("refused", remote, tunnel.loaded.reason, carries=tunnel.connected)
    negotiation = tunnel.negotiation
    verdict = tunnel.verdict
    if negotiation.blocker is not None:
        signed = negotiation.state == "blocked" and negotiation.blocker != "name"
        down = verdict.judgement == "down" and now.mono - verdict.since >= SUSPICION
        if signed or down:
            probable = negotiation.state == "trying" and not CAUSES[negotiation.blocker].restart
            return Trouble(
                negotiation.blocker,
                remote,
                negotiation.notify,
                probable=probable,
                carries=signed and tunnel.connected,
            )
    lasts = now.mono - verdict.since >= LASTING
    if verdict.judgement == "degraded" and lasts and tunnel.carrying.state == "raised":
        return Trouble("last", remote, verdict.reason)
    return None
