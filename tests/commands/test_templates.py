"""Profiles of providers in a session: looked at, and put into the candidate."""

from __future__ import annotations

from ipsec_client.config.examine import examine
from ipsec_client.config.providers import PROVIDERS
from ipsec_client.config.providers.template import profile

from .authority import Session


def test_the_list_and_one_of_it() -> None:
    session = Session()
    listed = session.do("show config templates")
    assert all(f" {name} " in listed for name in PROVIDERS)
    told = session.do("show config templates aws")
    assert [each.name for each in examine(told).authority.router] == ["router1"]
    assert "connection-lifetime      at least 900s, at most 3600s" in told


def test_one_is_put_into_the_candidate_without_a_key() -> None:
    session = Session()
    told = session.do("create config template zscaler router router1 local-id site1@example.com")
    assert told == (
        "authority router router1 ipsec-profile zscaler is in the candidate configuration\n"
        "Yours to set: pre-shared-key\n"
    )
    (router,) = session.port.candidate("admin").router
    made = {each.name: each for each in router.ipsec_profile}
    assert made["zscaler"].pre_shared_key is None
    shown = session.do("show config candidate authority router router1 ipsec-profile zscaler")
    assert "provider" in shown
    assert made["zscaler"].mtu == profile(PROVIDERS["zscaler"], "x").mtu == 1400
    assert set(made) == {"primary", "zscaler"}


def test_what_cannot_be_guessed_is_told() -> None:
    session = Session()
    told = session.do("create config template oracle-cloud router router1 name oci")
    assert told.endswith("Yours to set: pre-shared-key, local-id (like 192.0.2.1)\n")
    assert "required and not set" in session.failed("validate")


def test_refusals_leave_the_candidate_alone() -> None:
    session = Session()
    assert "there is no router r9" in session.failed("create config template aws router r9")
    told = session.failed("create config template aws router router1 name primary")
    assert "has an ipsec-profile primary already" in told
    assert "Usage: create config template" in session.failed("create config template")
    assert "acme" in session.failed("show config templates acme")
    assert session.port.edits("admin") == ()


def test_the_router_of_this_machine_is_meant_where_none_is_named() -> None:
    session = Session()
    assert session.do("create config template aws").startswith("authority router router1 ")


def test_completion() -> None:
    session = Session()
    assert session.words("create config template p") == ["prisma-access"]
    assert session.words("create config template aws router ") == ["router1"]
