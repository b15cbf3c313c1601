"""The order of steps: no packet is let out, and none is lost, between one and the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product

import pytest

from ipsec_client.plan.diff import diff
from ipsec_client.plan.objects import PRIORITIES, TABLES, Object, Route, Rule, Sysctl
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


ORDERS = [("a", "b", "c"), ("n", "a", "b", "c"), ("a", "m", "b", "c"), ("b", "c"), ("a", "c")]


def routes(order: Iterable[str]) -> list[Object]:
    return [
        Route("", TABLES.start, "default", 10 * place, dev=name)
        for place, name in enumerate(order, 1)
    ]


def rules(order: Iterable[str]) -> list[Object]:
    return [Rule("", PRIORITIES[place], TABLES.start, iif=name) for place, name in enumerate(order)]


@pytest.mark.parametrize("listed", [routes, rules])
@pytest.mark.parametrize(("old", "new"), list(product(ORDERS, ORDERS)))
def test_what_stays_has_its_place_behind_what_stays_before_it_at_every_instant(
    listed: Callable[[Iterable[str]], list[Object]], old: Iterable[str], new: Iterable[str]
) -> None:
    """Else a packet would take another way for a moment, or none where that is down."""
    there = {_place(item): _name(item) for item in listed(old)}
    kept = [name for name in new if name in old]
    for step in diff(listed(old), listed(new)):
        if step.verb in ("create", "change"):
            there[_place(step.object)] = _name(step.object)
        for left in (step.object if step.verb == "remove" else step.was,):
            if left and there.get(_place(left)) == _name(left) and step.verb != "keep":
                del there[_place(left)]
        first = list(dict.fromkeys(there[place] for place in sorted(there)))
        assert [name for name in first if name in kept] == kept


def _place(item: Object) -> int:
    assert isinstance(item, Route | Rule)
    return item.metric if isinstance(item, Route) else item.priority


def _name(item: Object) -> str:
    assert isinstance(item, Route | Rule)
    return item.dev if isinstance(item, Route) else item.iif
