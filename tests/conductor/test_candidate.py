"""What may be committed, and what it takes from the configuration that is running."""

from __future__ import annotations

from ipsec_client.conductor.candidate import Candidate, prepare
from ipsec_client.model.elements import Authority
from ipsec_client.model.slots import is_generated

from .sample import text


def kni(authority: Authority) -> dict[str, str]:
    """The router's address of each generated interface."""
    return {
        device.name: str(device.network_interface[0].address[0].ip_address)
        for device in authority.router[0].node[0].device_interface
        if is_generated(device)
    }


def key(candidate: Candidate) -> str:
    found = candidate.authority.router[0].ipsec_profile[0].pre_shared_key
    assert found is not None
    return found.reveal()


def test_a_candidate_has_its_generated_parts() -> None:
    candidate = prepare(text("rem1", "rem2"), None)
    assert not candidate.refused
    assert kni(candidate.authority) == {
        "client1": "169.254.129.1",
        "rem1": "169.254.129.5",
        "rem2": "169.254.129.9",
    }


def test_removing_one_moves_nobody() -> None:
    running = prepare(text("rem1", "rem2"), None).authority
    without = prepare(text("rem2"), running).authority
    assert kni(without) == {"client1": "169.254.129.1", "rem2": "169.254.129.9"}
    again = prepare(text("rem2", "rem3"), without).authority
    assert kni(again) == {
        "client1": "169.254.129.1",
        "rem2": "169.254.129.9",
        "rem3": "169.254.129.5",
    }


def test_errors_refuse_and_generate_nothing() -> None:
    candidate = prepare(text("rem1").replace("\nprofile primary", "\nprofile gold"), None)
    assert candidate.refused
    assert any("gold" in str(finding) for finding in candidate.findings)


def test_a_removed_key_is_the_one_that_is_running() -> None:
    running = prepare(text(key="somekey1"), None).authority
    candidate = prepare(text(key="(removed)"), running)
    assert not candidate.refused
    assert key(candidate) == "somekey1"
    assert key(prepare(text(key="other"), running)) == "other"


def test_a_removed_key_that_nobody_has_is_refused() -> None:
    candidate = prepare(text(key="(removed)"), None)
    assert candidate.refused
    [finding] = [finding for finding in candidate.findings if finding.severity == "error"]
    assert finding.path[-3:] == ("ipsec-profile", "primary", "pre-shared-key")
    assert finding.cure
