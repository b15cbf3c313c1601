"""What may be committed, and what it takes from the configuration that is running."""

from __future__ import annotations

from ipsec_client.base.secret import Secret
from ipsec_client.conductor.candidate import (
    Candidate,
    completed,
    prepare,
    with_interfaces,
    with_keys,
)
from ipsec_client.config.edit import Edit, apply
from ipsec_client.config.reader import read
from ipsec_client.config.rules import check
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


PRIMARY = ("authority", "router", "router1", "ipsec-profile", "primary")


def test_edits_are_judged_and_completed_like_a_text() -> None:
    running = prepare(text("rem1"), None).authority
    by_text = prepare(text("rem1", "rem2"), running)
    remote = (*PRIMARY[:3], "node", "node1", "ipsec-client", "client1", "remote", "rem2")
    edits = [Edit("set", remote, "host", "172.16.5.3"), Edit("set", remote, "profile", "primary")]
    done = completed(apply(running, edits), running, check(running))
    assert done.authority == by_text.authority
    assert [finding.path for finding in done.findings] == [
        finding.path for finding in by_text.findings
    ]
    bad = completed(apply(running, edits[:1]), running, check(running))
    assert bad.refused
    assert completed(by_text.authority, None).authority == by_text.authority


def test_a_removed_key_among_edits_is_the_running_one_or_refused() -> None:
    running = prepare(text("rem1"), None).authority
    hidden = apply(running, [Edit("set", PRIMARY, "pre-shared-key", Secret(None))])
    assert completed(hidden, running, ()).authority == running
    [finding] = [item for item in completed(hidden, None).findings if item.severity == "error"]
    assert finding.path == (*PRIMARY, "pre-shared-key")


def test_only_routers_without_a_key_become_other_objects() -> None:
    running = prepare(text("rem1"), None).authority
    assert with_keys(running, running) is running


def test_interfaces_that_run_are_as_they_run() -> None:
    running = prepare(text("rem1", "rem2"), None).authority
    moved = prepare(text("rem2", "rem1"), None).authority
    assert kni(moved) != kni(running)
    assert kni(with_interfaces(moved, running)) == kni(running)
    bare = read(text("rem1", "rem2")).config.authority
    assert bare is not None
    assert with_interfaces(bare, running) == running
    more = prepare(text("rem1", "rem2", "rem3"), None).authority
    assert kni(with_interfaces(more, running))["rem3"] == "169.254.129.13"
    assert with_interfaces(more, None) == more
    fewer = prepare(text("rem2"), running).authority
    assert with_interfaces(fewer, running) == fewer
