"""One client at work: its inbox, senses and pluto put together. Lives as long as the client is in force."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from ipsec_client.agent.inbox import Inbox
from ipsec_client.agent.intent import intended, policy
from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.libreswan import Libreswan
from ipsec_client.agent.ring import Ring
from ipsec_client.agent.senses import Senses
from ipsec_client.agent.sweep import Sweep
from ipsec_client.agent.tally import Tally
from ipsec_client.agent.totals import Totals
from ipsec_client.base.clock import Now
from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.base.logs import TRACE, about
from ipsec_client.dialect import render
from ipsec_client.health import types as h
from ipsec_client.kernel import namespaces
from ipsec_client.kernel.apply import apply
from ipsec_client.plan.build import Plan
from ipsec_client.plan.client import Inside
from ipsec_client.plan.diff import Step, diff
from ipsec_client.plan.objects import Connection, Object, Route, TunnelDevice
from ipsec_client.units.port import Units
from ipsec_client.wire.request import Say

log = logging.getLogger(__name__)

RESTART_PATIENCE = 60.0
"""Seconds an operator's restart may wait for its turn."""

SETTLING = 5.0
"""Seconds that a tunnel may take to carry again before the next one is restarted all the same."""

SETTLING_PACE = 0.05
"""Seconds between two looks at it."""


class Runtime:
    """A client in force. ``changed`` is called when something people see has changed, ``repair`` when the
    node should be compared with its plan.
    """

    def __init__(
        self,
        name: str,
        state: h.Client,
        units: Units,
        ledger: Ledger,
        ring: Ring,
        totals: Totals,
        changed: Callable[[], None],
        repair: Callable[[], None],
    ) -> None:
        self.name = name
        self.pluto = Libreswan(name, units, ledger, self._put, self._told)
        self._sweep = Sweep(name, self.pluto, lambda told: self.record(told, Now.read()))
        self.tally = Tally()
        self._changed = changed
        self._inbox = Inbox(state, self, self._noted)
        self._ledger = ledger
        self._ring = ring
        self._totals = totals
        self._repair = repair
        self._plan: Plan | None = None
        self._secrets: Mapping[str, object] = {}
        self._carried: set[str] = set()
        self._rekeying: list[str] = []
        self._senses: Senses | None = None
        self._operators: dict[str, asyncio.Future[tuple[list[str], str]]] = {}

    @property
    def health(self) -> h.Client:
        """What is known of its tunnels."""
        return self._inbox.state

    async def want(self, plan: Plan) -> None:
        """The plan in force from now on; only what it changes is touched."""
        inside = plan.inside
        assert inside is not None
        secrets = render.secrets(plan.document, inside.hosts)
        steps = self._steps(plan)
        kept = {remote for remote, step in steps.items() if step.verb in ("keep", "change")}
        rekeyed = self._rekeyed(inside) & kept  # a new connection takes the new key anyway
        moved = {remote for remote, step in steps.items() if _moves(step)}
        known = [tunnel.intent.remote for tunnel in self.health.tunnels]
        self._carried = {remote for remote in known if self._carries(remote)}
        self._let_go({tunnel.remote.name for tunnel in inside.tunnels})
        self._plan = plan
        self._totals.keep({tunnel.remote.name for tunnel in inside.tunnels})
        self.pluto.want(_connections(plan), render.setup(plan.document, inside.series), secrets)
        await self.pluto.rekey()
        self._put(h.Intended(intended(plan), tuple(sorted(moved)), policy(plan)))
        for remote, reason in plan.refused.items():
            self._put(h.ConnectionState(remote, loaded=h.Loaded("refused", reason)))
        for remote, name in inside.unresolved.items():
            blocked = h.Negotiation("blocked", notify=name, blocker="name")
            self._put(h.ConnectionState(remote, h.Loaded(), blocked))  # it has no connection
        self._rekeying = [*dict.fromkeys([*self._rekeying, *sorted(rekeyed)])]
        self.watch()

    def watch(self) -> None:
        """Opens eyes and hands in the namespace, as soon as there is one; again, follows what is wanted now."""
        inside = self._plan.inside if self._plan else None
        if inside is None or not namespaces.exists(self.name):
            return
        if self._senses is None:
            self._senses = Senses(
                self.name, self._put, self._set_up, self._repair, given=inside.given
            )
            self._senses.follow(inside.tunnels, inside.local, inside.hosts)
            self._senses.begin()
        else:
            self._senses.follow(inside.tunnels, inside.local, inside.hosts)

    async def resync(self) -> None:
        """Looks at everything again, trusting no event, and ends SAs that are too many."""
        if self._senses:
            self._senses.resync()
        inside = self._plan.inside if self._plan else None
        if inside is None or self._senses is None or not self.health.pluto_alive:
            return
        remotes = {tunnel.slot.index: tunnel.remote.name for tunnel in inside.tunnels}
        await self._sweep.sweep(remotes, Now.read().mono)

    def blind(self) -> None:
        """Closes eyes and hands, so that the namespace can end."""
        if self._senses:
            self._senses.close()
            self._senses = None

    async def renegotiate(self) -> None:
        """Has the tunnels whose key changed negotiate with the new one, one after the other."""
        while self._rekeying:
            remote = self._rekeying[0]
            self._put(h.OperatorRestart(remote, ""))
            if self._rekeying[1:]:
                await self.settled(remote)
            del self._rekeying[0]

    async def settled(self, remote: str) -> None:
        """Waits until a tunnel whose connection was replaced carries again, if it did before the commit; in vain
        no longer than it may take.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLING):
                while remote in self._carried and not self._carries(remote):
                    await asyncio.sleep(SETTLING_PACE)

    async def close(self) -> None:
        """Lets go of everything; tunnels and pluto stay as they are."""
        self._inbox.close()
        self._totals.save()
        self.blind()
        await self.pluto.close()

    async def restart(self, remote: str, request: str, say: Say) -> None:
        """An operator's restart: has its turn before any repair; says what Libreswan prints."""
        if remote not in {tunnel.intent.remote for tunnel in self.health.tunnels}:
            known = ", ".join(tunnel.intent.remote for tunnel in self.health.tunnels)
            raise InputFault(f"there is no remote {remote} here", cure=f"There are {known}")
        waiting = self._operators[request] = asyncio.get_running_loop().create_future()
        try:
            self._put(h.OperatorRestart(remote, request))
            async with asyncio.timeout(RESTART_PATIENCE):
                lines, failure = await waiting
        except TimeoutError:
            raise Fault(f"{remote} was not restarted: another repair of it has not ended") from None
        finally:
            del self._operators[request]
        for line in lines:
            await say(f"{line}\n")
        if failure:
            raise Fault(f"{remote} was not restarted: {failure}", cure=f"See why remote {remote}")

    def failback(self) -> None:
        """An operator wants traffic back on the preferred tunnels that are up."""
        self._put(h.OperatorFailback())

    # --- the hands of the inbox ---------------------------------------------------------------------

    def lower(self, effect: h.Lower) -> None:
        """Takes the KNI down before it returns."""
        if self._senses:
            self._senses.lower(effect.remote)
        log.warning(
            "%s lowered: %s", effect.remote, effect.reason, extra=self._about(effect.remote)
        )

    def raise_(self, effect: h.Raise) -> None:
        """Brings the KNI up before it returns."""
        if self._senses:
            self._senses.raise_(effect.remote)
        log.info("%s raised: %s", effect.remote, effect.reason, extra=self._about(effect.remote))

    def probe(self, effect: h.Probe) -> str:
        """Asks through a tunnel; the reason why it could not, or nothing."""
        if self._senses is None:
            return "the namespace is not there yet"
        return self._senses.probe(effect)

    def listen(self, remote: str, at_once: bool) -> None:
        """Whether answers through a tunnel are told as they come, or when they are asked for."""
        if self._senses:
            self._senses.listen(remote, at_once)

    def hear(self) -> None:
        """Puts in the answers that are there."""
        if self._senses:
            self._senses.hear()

    def restart_tunnel(self, effect: h.Restart) -> None:
        """Begins a repair."""
        extra = self._about(effect.remote)
        log.info("%s: %s, %s", effect.remote, effect.how, effect.reason, extra=extra)
        self.tally.restarted(effect.remote, time.monotonic())
        self.pluto.restart(effect)

    def restart_pluto(self, effect: h.RestartPluto) -> None:
        """Begins to restart pluto."""
        log.warning(
            "pluto of %s is restarted: %s", self.name, effect.reason, extra=about(client=self.name)
        )
        self.pluto.restart_pluto()

    def record(self, effect: h.Decision, now: Now) -> None:
        """Keeps a decision for those who ask why."""
        log.debug("%s: %s", effect.what, effect.why, extra=self._about(effect.remote))
        self._ring.decision(now.wall, effect.remote, effect.what, effect.why)

    # --- within -------------------------------------------------------------------------------------

    def _put(self, event: h.Event) -> None:
        if log.isEnabledFor(TRACE):
            remote = getattr(event, "remote", "")
            log.log(TRACE, "%s", event, extra=about(client=self.name, remote=remote))
        self.tally.happened(event, time.monotonic())
        if isinstance(event, h.Counters):
            self._totals.look(event.remote, event.device, event.inbound, event.outbound)
            if event.last:
                self._totals.gone(event.remote)
        before = self.health.tunnels
        self._inbox.put(event)
        if isinstance(event, h.SecurityAssociations):
            self._seek(event.remote, before)

    def _seek(self, remote: str, before: Iterable[h.Tunnel]) -> None:
        """A child SA that nobody but the gateway has ended: looks whether pluto comes to it."""
        had = any(tunnel.intent.remote == remote and tunnel.connected for tunnel in before)
        now = [tunnel for tunnel in self.health.tunnels if tunnel.intent.remote == remote]
        if had and now and not now[0].connected and not now[0].mending.repairing:
            self.pluto.seek(remote)

    def _noted(self) -> None:
        self.tally.judged(self.health, time.monotonic())
        self._changed()

    def _about(self, remote: str) -> dict[str, dict[str, str]]:
        """What a line of the log on a remote is about."""
        names = [item.name for item in _connections(self._plan) if item.remote == remote]
        return about(client=self.name, remote=remote, connection="".join(names[:1]))

    def _set_up(self, device: str) -> None:
        """A tunnel device that pluto has just made: it and its routes are needed within the first packet's time,
        sooner than any comparison of the whole node would come to them.
        """
        assert self._plan is not None
        for item in self._plan.objects:
            if (isinstance(item, TunnelDevice) and item.name == device) or (
                isinstance(item, Route) and item.dev == device
            ):
                try:
                    apply(Step("create", item, "pluto made it"), self._ledger)
                except Fault as fault:
                    log.error("cannot set up %s: %s", device, fault)
                    self._repair()

    def _told(self, request: str, lines: Iterable[str], failure: str) -> None:
        waiting = self._operators.get(request)
        if waiting and not waiting.done():
            waiting.set_result((list(lines), failure))

    def _let_go(self, wanted: set[str]) -> None:
        """Traffic leaves a remote that is not wanted any more before its tunnel ends."""
        for tunnel in self.health.tunnels:
            if tunnel.intent.remote not in wanted and self._senses:
                self._senses.lower(tunnel.intent.remote)

    def _rekeyed(self, inside: Inside) -> set[str]:
        """The remotes whose key is another than before."""
        keys = {tunnel.remote.name: tunnel.profile.pre_shared_key for tunnel in inside.tunnels}
        before, self._secrets = self._secrets, keys
        return {
            remote for remote, key in keys.items() if remote in before and before[remote] != key
        }

    def _carries(self, remote: str) -> bool:
        """Whether it is up, and its KNI is seen to be: only then has traffic come back to it."""
        return any(
            tunnel.verdict.judgement in ("up", "degraded")
            and tunnel.carrying.state == "raised"
            and tunnel.kni_up is True
            for tunnel in self.health.tunnels
            if tunnel.intent.remote == remote
        )

    def _steps(self, plan: Plan) -> dict[str, Step]:
        """What the plan does to each remote's connection, as the pluto that lives was given it."""
        return {
            step.object.remote: step
            for step in diff(self.pluto.given(), _connections(plan))
            if isinstance(step.object, Connection)
        }


def _moves(step: Step) -> bool:
    """Whether the tunnel gets another device, so that its old one goes with the kernel's other changes."""
    return _device(step.was) not in ("", _device(step.object))


def _device(item: Object | None) -> str:
    return dict(item.options).get("ipsec-interface", "") if isinstance(item, Connection) else ""


def _connections(plan: Plan | None) -> list[Connection]:
    return [item for item in plan.objects if isinstance(item, Connection)] if plan else []
