"""The order of steps: no packet is let out, and none is lost, between one and the next."""

from __future__ import annotations

from ipsec_client.plan.diff import diff
from ipsec_client.plan.objects import TABLES, Route, Rule, Sysctl
from tests.plan.test_forwarding import CONFIG, plan


def test_a_kni_has_its_settings_before_a_route_leads_over_it() -> None:
    order = [step.object for step in diff((), plan().objects)]
    [route] = [
        item for item in order if isinstance(item, Route) and (item.netns, item.dev) == ("", "rem1")
    ]
    last = max(
        place
        for place, item in enumerate(order)
        if isinstance(item, Sysctl) and item.key.endswith("rem1/ignore_routes_with_linkdown")
    )
    assert last < order.index(route)


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


def test_rules_that_make_room_for_another_go_from_the_last_one_on() -> None:
    """Else what refuses everybody else would come, for a moment, before what lets one pass."""
    hop = "     remote rem1\n      host 172.16.4.3\n      profile p\n     exit\n"
    route = "    next-hop n1 rem1-intf\n    exit\n"
    assert hop in CONFIG
    before = plan(config=CONFIG.replace(hop, "").replace(route, ""))
    moved = [
        (step.was.priority, step.object.priority)
        for step in diff(before.objects, plan().objects)
        if step.verb == "change" and isinstance(step.object, Rule) and isinstance(step.was, Rule)
    ]
    assert len(moved) > 2
    assert all(old < new for old, new in moved)
    assert moved == sorted(moved, reverse=True)
