"""What is in the way of a tunnel, beside the configuration that it is to be looked for in."""

from __future__ import annotations

from dataclasses import replace

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


UP = h.Verdict("up", "answers through the tunnel")


def test_a_refused_change_is_told_of_a_tunnel_that_carries_on() -> None:
    loaded = h.Loaded("refused", "unknown word")
    state = h.Tunnel(TunnelIntent(NAME), loaded=loaded, verdict=UP, inbound=1, outbound=1)
    told = diagnosis(PLAN, TUNNEL, state)
    assert told is not None
    assert "the change, which is not in force; it carries on" in told.plain
    assert (told.said, told.refused) == ("unknown word", True)
    alone = diagnosis(PLAN, TUNNEL, replace(state, inbound=0, outbound=0, verdict=DOWN))
    assert alone is not None
    assert alone.plain == "Libreswan refuses the connection"


def test_a_gateway_that_refuses_the_next_negotiation_is_told_of_a_tunnel_that_is_up() -> None:
    told = found(h.Negotiation("blocked", 1, "NO_PROPOSAL_CHOSEN", "child"), UP)
    assert told is not None
    assert told.plain.endswith("; it carries on as agreed before")


def test_troubles_name_the_likeliest_field() -> None:
    client = PLAN.document.client
    assert client is not None
    within = f"router {PLAN.document.router.name} node {PLAN.document.node.name}"
    troubles = [Trouble("silent", NAME, ""), Trouble("pluto", "", ""), Trouble("unknown", NAME, "")]
    looked_at = [trouble.look for trouble in with_fields(troubles, PLAN)]
    assert looked_at == [f"{within} ipsec-client {client.name} remote {NAME} host", "", ""]
    assert with_fields(troubles, None) == troubles
