"""The access policy of a service is obeyed, also by the product's own packets."""

from __future__ import annotations

import time

import pytest

from ipsec_lab.judge import Kind
from ipsec_lab.topology import ROUTER
from ipsec_lab.waiting import wait_until
from tests.lab.driver import DEMO, Lab

pytestmark = pytest.mark.patient

ALLOWED = """\
            access-policy  ipsec
                source      ipsec
                permission  allow
"""


def test_without_the_clients_tenant_in_the_service_no_ike_leaves_and_an_alarm_says_so(
    lab: Lab,
) -> None:
    text = DEMO.read_text()
    assert ALLOWED in text
    before = rules(lab)
    lab.commit(text.replace(ALLOWED, ALLOWED.replace("allow", "deny")))
    try:
        assert wait_until(lambda: named(lab), deadline=60, pause=0.5), lab.pcli("show alarms")
        assert wait_until(lambda: rules(lab) != before, deadline=30)
        with lab.stream("policy") as sent:
            time.sleep(3)
        assert sent.left[Kind.IKE] == sent.left[Kind.ESP] == sent.on_wan[Kind.CLEAR] == 0
    finally:
        lab.commit(text)


def rules(lab: Lab) -> str:
    """Who may pass."""
    return lab.must(ROUTER, "nft", "--stateless", "list", "table", "inet", "ipsec_client")


def named(lab: Lab) -> bool:
    """Whether an alarm names the service."""
    return any("service ipsec" in alarm.message.lower() for alarm in lab.alarms())
