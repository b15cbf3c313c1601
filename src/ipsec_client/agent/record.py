"""What the node keeps for people: events and decisions in a ring, alarms that stand, totals; all on disk."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from ipsec_client.agent.diagnosis import with_fields
from ipsec_client.agent.ring import Ring
from ipsec_client.agent.shelf import Shelf
from ipsec_client.agent.side_door import knis, links
from ipsec_client.agent.totals import Totals
from ipsec_client.alarms import access, book, levels, ports
from ipsec_client.base.clock import Now
from ipsec_client.dialect import render
from ipsec_client.health import types as h
from ipsec_client.health import view as seen
from ipsec_client.health.observe import GRACE
from ipsec_client.plan.build import Plan

log = logging.getLogger(__name__)


class Record:
    """The node's events and alarms. ``update`` compares alarms with what is; ``tell`` notes what happened."""

    def __init__(self, shelf: Shelf, clock: Callable[[], Now]) -> None:
        self._shelf = shelf
        self._clock = clock
        self.totals = Totals(shelf)
        self.ring = Ring(shelf.read("events"))
        self.book = book.from_memory(shelf.read("alarms"))

    def tell(
        self, type_: str, message: str, *, severity: str = "info", source: str = "unavailable"
    ) -> None:
        """An event of the configuration, kept at once."""
        self.ring.event(
            self._clock().wall, "config", type_, message,
            severity=severity, source=source, category="system",
        )  # fmt: skip
        self._shelf.write("events", self.ring.kept(), durable=False)

    def update(self, plan: Plan | None, health: h.Client, others: Iterable[book.Alarm]) -> None:
        """Raises and clears alarms, so that those stand which are true now."""
        now = self._clock()
        found = {name: device.oper_up for name, device in links(plan).items()}
        watched = _devices(plan) if plan else {}
        self.book = replace(self.book, ports=ports.assign(self.book.ports, watched))
        wanted = levels.levels(
            {name: found.get(device, False) for name, device in watched.items()},
            self.book.ports,
            seen.proving(health) | _rising(health, plan, now),
            with_fields(seen.troubles(health, now), plan),
            [*others, *(_denied(plan) if plan else ())],
        )
        self.book, changes = book.update(self.book, wanted, now)
        for change in changes:
            alarm = change.alarm
            self.ring.event(
                now.wall, "alarm", change.type, alarm.message, severity=alarm.severity,
                source=alarm.source, category=alarm.category,
            )  # fmt: skip
            log.warning("alarm %s: %s", change.type, alarm.message)
        if changes:
            self._shelf.write("alarms", book.to_memory(self.book))
            self._shelf.write("events", self.ring.kept(), durable=False)


def _devices(plan: Plan) -> dict[str, str]:
    """The node's device-interfaces and what Linux calls them; but for KNIs a Session Smart Router sees to its own."""
    ours = set(knis(plan)) if plan.inside and plan.inside.given else None
    return {
        device.name: device.target_interface or device.name
        for device in plan.document.node.device_interface
        if ours is None or device.name in ours
    }


def _rising(health: h.Client, plan: Plan | None, now: Now) -> set[str]:
    """Interfaces that are just being made: KNIs raised whose link has not been heard of since, and at a cold
    boot the egress KNI.
    """
    rising = {
        tunnel.intent.remote
        for tunnel in health.tunnels
        if tunnel.carrying.state == "raised" and tunnel.kni_up is None
    }
    if plan and plan.inside and health.cold and now.mono < health.started + GRACE:
        rising.add(plan.inside.client.name)
    return rising


def _denied(plan: Plan) -> list[book.Alarm]:
    if plan.inside is None:
        return []
    hosts = {
        remote.name: render.gateway(remote, plan.inside.hosts)
        for remote in plan.inside.client.remote
    }
    addresses = {name: ipaddress.ip_address(host) for name, host in hosts.items() if host}
    return access.denied(plan.inside.client, plan.document.authority.service, addresses)
