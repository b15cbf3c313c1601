"""The node as its commands see it: health, kernel and plan put side by side. Reads, never acts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ipsec_client.agent.diagnosis import diagnosis
from ipsec_client.agent.ring import Ring
from ipsec_client.agent.side_door import links
from ipsec_client.agent.totals import Totals
from ipsec_client.alarms.book import Book
from ipsec_client.base.clock import Now
from ipsec_client.base.errors import HostFault
from ipsec_client.commands.view import (
    AlarmView,
    DeviceView,
    MonitorView,
    NodeView,
    SaView,
    TunnelView,
)
from ipsec_client.health import types as h
from ipsec_client.kernel.counters import Device, devices
from ipsec_client.kernel.xfrm import SaUse, uses
from ipsec_client.model.elements import DeviceInterface
from ipsec_client.model.slots import is_generated
from ipsec_client.plan.build import Plan
from ipsec_client.plan.client import Tunnel


@dataclass(frozen=True, slots=True)
class Shown:
    """What a view is made from, apart from what the kernel shows."""

    plan: Plan | None
    document: str
    health: h.Client
    book: Book
    ring: Ring
    totals: Totals
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the kernel shows: the router's devices by name, those of the client's namespace, and its SAs."""

    outer: Mapping[str, Device] = field(default_factory=dict)
    inner: Mapping[str, Device] = field(default_factory=dict)
    uses: Sequence[SaUse] = ()


NOTHING_SEEN = Seen()


def see(plan: Plan | None) -> Seen:
    """Asks the kernel. Blocks: of hundreds of tunnels its answer takes tens of milliseconds to read."""
    if plan is None:
        return NOTHING_SEEN
    outer = links(plan)
    if plan.inside is None:
        return Seen(outer)
    netns = plan.inside.client.name
    try:
        return Seen(outer, devices(netns), uses(netns))
    except HostFault:
        return Seen(outer)  # the namespace is not there yet


def view(shown: Shown, seen: Seen, now: Now) -> NodeView:
    """The node at this instant, with what was seen of it just before."""
    plan = shown.plan
    if plan is None:
        return NodeView(
            "", "", now.wall,
            alarms=_alarms(shown.book), events=shown.ring.events, versions=shown.versions,
        )  # fmt: skip
    tunnels = {item.remote: item for item in _tunnels(plan, shown, seen, now)}
    return NodeView(
        router=plan.document.router.name,
        node=plan.document.node.name,
        now=now.wall,
        devices=tuple(
            _device(item, seen.outer, tunnels.get(item.name))
            for item in plan.document.node.device_interface
        ),
        tunnels=tuple(tunnels.values()),
        alarms=_alarms(shown.book),
        events=shown.ring.events,
        decisions=shown.ring.decisions,
        document=shown.document,
        versions=shown.versions,
    )


def _tunnels(plan: Plan, shown: Shown, seen: Seen, now: Now) -> Iterable[TunnelView]:
    if plan.inside is None:
        return
    netns, local = plan.inside.client.name, plan.inside.local
    for tunnel in plan.tunnels:
        try:
            state = shown.health.tunnel(tunnel.remote.name)
        except KeyError:
            continue
        through = shown.totals.of(tunnel.remote.name, seen.inner.get(tunnel.device))
        made = _tunnel(tunnel, netns, state, _sas(tunnel, seen.uses, local), through, now)
        yield replace(made, diagnosis=diagnosis(plan, tunnel, state))


def _tunnel(
    tunnel: Tunnel,
    netns: str,
    state: h.Tunnel,
    sas: tuple[SaView, ...],
    through: tuple[int, int],
    now: Now,
) -> TunnelView:
    remote = tunnel.remote
    return TunnelView(
        remote=remote.name,
        client=netns,
        host=remote.host or "",
        profile=tunnel.profile.name,
        connection=f"ipsec-client-tunnel-{tunnel.profile.name}-{remote.name}",
        remote_id=remote.remote_id or remote.host or "",
        verdict=state.verdict.judgement,
        reason=state.verdict.reason,
        age=max(0.0, now.mono - state.verdict.since),
        loaded=_with(state.loaded.state, state.loaded.reason),
        negotiation=_negotiation(state.negotiation),
        carrying=_with(state.carrying.state, state.carrying.reason),
        sas=sas,
        ingress=through[0],
        egress=through[1],
        monitors=_monitors(state) if state.intent.targets else None,
        last_restart=state.last_restart_wall,
    )


def _sas(tunnel: Tunnel, pairs: Sequence[SaUse], local: frozenset[str]) -> tuple[SaView, ...]:
    """Inbound and outbound halves paired in the order they were added, newest first."""
    mine = sorted(
        (use for use in pairs if use.sa.if_id == tunnel.slot.index and not use.sa.larval),
        key=lambda use: -use.added_wall,
    )
    inbound = [use for use in mine if use.sa.destination in local]
    outbound = [use for use in mine if use.sa.destination not in local]
    return tuple(
        SaView(into.added_wall, into.bytes, out.bytes)
        for into, out in zip(inbound, outbound, strict=False)
    )


def _monitors(state: h.Tunnel) -> tuple[MonitorView, ...]:
    return tuple(
        MonitorView(
            test.target.destination,
            test.status,
            test.last_attempt_wall,
            state.last_restart_wall,
            test.target.asked.protocol,
            test.loss,
            test.round_trip,
            test.rejection,
            test.target.asked.host,
        )
        for test in state.tests
    )


def _device(
    configured: DeviceInterface, outer: Mapping[str, Device], tunnel: TunnelView | None
) -> DeviceView:
    name = configured.name
    found = outer.get(configured.target_interface or name)
    kind = configured.type or "ethernet"
    if found is None:
        return DeviceView(name, type=kind, admin_up=False, tunnel=tunnel)
    return DeviceView(
        name=name,
        type=kind,
        mac=found.mac,
        admin_up=found.admin_up,
        oper_up=found.oper_up,
        in_octets=found.in_octets,
        in_packets=found.in_packets,
        in_errors=found.in_errors,
        out_octets=found.out_octets,
        out_packets=found.out_packets,
        out_errors=found.out_errors,
        tunnel=tunnel if is_generated(configured) else None,
    )


def _alarms(book: Book) -> tuple[AlarmView, ...]:
    return tuple(
        AlarmView(
            raised.number, raised.time, raised.alarm.severity, raised.alarm.source,
            raised.alarm.category, raised.alarm.message,
        )
        for raised in book.standing
    )  # fmt: skip


def _with(state: str, reason: str) -> str:
    return f"{state}: {reason}" if reason else state


def _negotiation(negotiation: h.Negotiation) -> str:
    match negotiation.state:
        case "trying":
            notify = f", {negotiation.notify}" if negotiation.notify else ""
            return f"trying ({negotiation.attempt}{notify})"
        case "blocked":
            return f"blocked: {negotiation.blocker}"
        case state:
            return state
