"""What is in the way of a tunnel, put beside the configuration: which field to look at, and what stands there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ipsec_client.commands.view import DiagnosisView
from ipsec_client.dialect.diagnosis import CAUSES, Place, looks, offered
from ipsec_client.health import types as h
from ipsec_client.health.view import Trouble
from ipsec_client.plan.build import Plan
from ipsec_client.plan.client import Tunnel


def diagnosis(plan: Plan, tunnel: Tunnel, state: h.Tunnel) -> DiagnosisView | None:
    """For people; None where nothing is known to be in its way, or it is up and nothing certain is.

    What was agreed before may carry on although a change, or the next negotiation, is refused.
    """
    if state.loaded.state == "refused":
        return _refused(state)
    negotiation, blocker = state.negotiation, state.negotiation.blocker
    up = state.verdict.judgement == "up"
    if blocker is None or plan.inside is None or (up and negotiation.state != "blocked"):
        return None
    cause, place = CAUSES[blocker], _place(plan, tunnel)
    waits = negotiation.state == "blocked"
    return DiagnosisView(
        plain=cause.plain + ("; it carries on as agreed before" if up else ""),
        said=negotiation.notify,
        probable=not waits and not cause.restart,
        waits=waits,
        restart=cause.restart,
        look=looks(blocker, place),
        offered=offered(blocker, place, plan.inside.series),
        cure=cause.cure,
    )


def _refused(state: h.Tunnel) -> DiagnosisView:
    before = "the change, which is not in force; it carries on as before"
    return DiagnosisView(
        plain=f"Libreswan refuses {before if state.connected else 'the connection'}",
        said=state.loaded.reason,
        waits=True,
        refused=True,
        restart=False,
        cure="Correct what is named and commit, or rollback 1",
    )


def with_fields(troubles: Iterable[Trouble], plan: Plan | None) -> list[Trouble]:
    """Troubles, each with the field that is the likeliest to be wrong."""
    tunnels = {tunnel.remote.name: tunnel for tunnel in plan.tunnels} if plan else {}
    return [
        replace(trouble, look=_first(trouble, plan, tunnels[trouble.remote]))
        if plan and trouble.remote in tunnels
        else trouble
        for trouble in troubles
    ]


def _first(trouble: Trouble, plan: Plan, tunnel: Tunnel) -> str:
    cause = CAUSES.get(trouble.kind)
    fields = cause.fields if cause else ()
    return _place(plan, tunnel).path(*fields[0]) if fields else ""


def _place(plan: Plan, tunnel: Tunnel) -> Place:
    document = plan.document
    client = document.client.name if document.client else ""
    return Place(document.router.name, document.node.name, client, tunnel.remote, tunnel.profile)
