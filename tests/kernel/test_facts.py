"""What the host has, and devices with their counters."""

from __future__ import annotations

import subprocess

import pytest

from ipsec_client.kernel.counters import Counters, devices
from ipsec_client.kernel.facts import facts
from ipsec_client.plan.objects import Kni, Namespace

from .support import ip, needs_root, put

pytestmark = needs_root


@pytest.mark.usefixtures("router")
def test_what_is_tried_leaves_no_trace() -> None:
    before = ip("link"), ip("rule")
    found = facts()
    assert (ip("link"), ip("rule")) == before
    assert all(fact.found for fact in found)
    assert all(fact.cure for fact in found if not fact.good)


@pytest.mark.usefixtures("router")
def test_a_part_the_kernel_lacks_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ipsec_client.kernel.facts.TRIED_TABLE", "table inet x { nonsense }")
    (fact,) = [fact for fact in facts() if fact.name == "nftables"]
    assert not fact.good
    assert "syntax error" in fact.found
    assert "nftables" in fact.cure


def test_counters_follow_the_traffic_of_a_kni(client: str) -> None:
    put(
        Namespace(client),
        Kni("egress", client, "169.254.129.1/30", "169.254.129.2/30", ingress=False),
    )
    counters = Counters(client)
    before = counters.read()["egress"]
    ping = ["ping", "-q", "-c", "3", "-i", "0.01", "-s", "1000", "-W", "5", "169.254.129.2"]
    subprocess.run(ping, check=True, capture_output=True)
    after = counters.read()["egress"]
    assert after.in_packets - before.in_packets >= 3
    assert 3 * 1042 <= after.in_octets - before.in_octets < 6000
    assert after.out_octets - before.out_octets >= 3 * 1042
    assert after.in_errors == 0
    assert after.admin_up
    assert after.oper_up
    assert after.mac in ip("link", "show", "egress", netns=client)
    assert devices(client).keys() == {"lo", "egress"}
    ip("link", "set", "egress", "down", netns=client)
    assert not counters.read()["egress"].admin_up
    assert not counters.read()["egress"].oper_up
    counters.close()
