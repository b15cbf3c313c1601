"""What is in the way of a tunnel, beside the configuration that it is to be looked for in."""

from __future__ import annotations

from ipsec_client.agent.diagnosis import diagnosis, with_fields
from ipsec_client.commands.view import DiagnosisView
from ipsec_client.health import types as h
from ipsec_client.health.view import Trouble
from ipsec_client.health.wanted import TunnelIntent
from tests.agent.sample import KEY, plan

PLAN = plan()
TUNNEL = PLAN.tunnels[0]
NAME = TUNNEL.remote.name
DOWN = h.Verdict("down", "no SA")


def found(negotiation: h.Negotiation, verdict: h.Verdict = DOWN) -> DiagnosisView | None:
    tunnel = h.Tunnel(TunnelIntent(NAME), negotiation=negotiation, verdict=verdict)
    return diagnosis(PLAN, TUNNEL, tunnel)


def test_a_cause_is_told_with_its_fields_and_never_with_the_key() -> None:
    told = found(h.Negotiation("blocked", 1, "AUTHENTICATION_FAILED", "key"))
    assert told is not None
    assert (told.waits, told.probable, told.restart) == (True, False, False)
    router, profile = PLAN.document.router.name, TUNNEL.profile.name
    assert told.look[0] == (f"router {router} ipsec-profile {profile} pre-shared-key", "(removed)")
    assert KEY not in repr(told)


def test_nothing_is_told_of_a_tunnel_that_is_up_or_of_which_nothing_is_known() -> None:
    suspected = h.Negotiation("trying", 1, "no answer", "silent")
    assert found(suspected) is not None
    assert found(suspected, h.Verdict("up", "answers")) is None
    assert found(h.Negotiation("trying", 1)) is None


def test_troubles_name_the_likeliest_field() -> None:
    client = PLAN.document.client
    assert client is not None
    within = f"router {PLAN.document.router.name} node {PLAN.document.node.name}"
    troubles = [Trouble("silent", NAME, ""), Trouble("pluto", "", ""), Trouble("unknown", NAME, "")]
    looked_at = [trouble.look for trouble in with_fields(troubles, PLAN)]
    assert looked_at == [f"{within} ipsec-client {client.name} remote {NAME} host", "", ""]
    assert with_fields(troubles, None) == troubles
