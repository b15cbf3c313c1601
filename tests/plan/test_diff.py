"""The order of steps: no packet is let out, and none is lost, between one and the next."""

from __future__ import annotations

import pytest

from ipsec_client.plan.diff import diff
from ipsec_client.plan.objects import TABLES, Route, Sysctl
from tests.plan.test_forwarding import CONFIG, plan


@pytest.mark.parametrize(
    ("netns", "key"),
    [
        ("", "conf/rem1/ignore_routes_with_linkdown"),
        ("", "neigh/rem1/retrans_time_ms"),
        ("c1", "neigh/rem1/retrans_time_ms"),
    ],
)
def test_a_kni_has_its_settings_before_a_route_leads_over_it(netns: str, key: str) -> None:
    order = [step.object for step in diff((), plan().objects)]
    [route] = [
        item
        for item in order
        if isinstance(item, Route) and (item.netns, item.dev) == (netns, "rem1")
    ]
    [place] = [
        place
        for place, item in enumerate(order)
        if isinstance(item, Sysctl) and (item.netns, item.key) == (netns, f"net/ipv4/{key}")
    ]
    assert place < order.index(route)


def test_a_remote_that_comes_before_another_takes_its_place_when_that_has_a_new_one() -> None:
    hop = "    next-hop n1 rem1-intf\n    exit\n"
    before = plan(config=CONFIG.replace(hop, ""))
    steps = [(step.verb, step.object) for step in diff(before.objects, plan().objects)]
    moved = [
        (verb, item.dev)
        for verb, item in steps
        if isinstance(item, Route) and item.table == TABLES.start
    ]
    assert [item for item in moved if item[0] != "keep"] == [("create", "rem2"), ("change", "rem1")]
