"""Routes, rules, links and addresses as messages: what is written reads back as what was meant."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.kernel import rtnetlink
from ipsec_client.kernel.netlink import attributes
from ipsec_client.kernel.rtnetlink import (
    IFA_FLAGS,
    IFADDRMSG,
    parse_address,
    parse_route,
    parse_rule,
)
from ipsec_client.plan.objects import PROTOCOL, Route, Rule

DEVICES = {7: "rem1", 8: "ipsec1"}
NAMES = st.sampled_from(("", "rem1", "lan0"))
NETWORKS = st.ip_addresses(v=4).flatmap(
    lambda address: st.integers(8, 32).map(lambda size: _network(str(address), size))
)


def _network(address: str, size: int) -> str:
    bits = (
        int.from_bytes(bytes(int(part) for part in address.split(".")))
        >> (32 - size)
        << (32 - size)
    )
    return ".".join(str(part) for part in bits.to_bytes(4)) + f"/{size}"


@given(
    st.builds(
        Rule,
        netns=st.just("c1"),
        priority=st.integers(1, 32765),
        table=st.integers(0, 2**32 - 1),
        family=st.just(4),
        iif=NAMES,
        oif=NAMES,
        to=st.just("") | NETWORKS,
        protocol=st.sampled_from((0, 1, 6, 17, 50)),
        ports=st.none() | st.tuples(st.integers(1, 65535), st.integers(1, 65535)),
        suppress_default=st.booleans(),
    )
)
def test_a_rule_reads_as_it_was_written(item: Rule) -> None:
    assert parse_rule(memoryview(rtnetlink.rule(item)), "c1") == item


@given(
    st.builds(
        Route,
        netns=st.just("c1"),
        table=st.integers(1, 2**32 - 1),
        to=st.just("default") | NETWORKS,
        metric=st.integers(0, 2**32 - 1),
        dev=st.just("rem1"),
        via=st.sampled_from(("", "169.254.129.5")),
    )
)
def test_a_route_reads_as_it_was_written(item: Route) -> None:
    assert parse_route(memoryview(rtnetlink.route(item, 7)), "c1", DEVICES) == item


def test_the_end_of_a_table_is_unreachable_in_both_families() -> None:
    for family in (4, 6):
        item = Route("", 128000, "default", 4_294_967_295, family)
        assert parse_route(memoryview(rtnetlink.route(item, 0)), "", DEVICES) == item


def test_ipv6_without_a_metric_has_the_one_the_kernel_gives() -> None:
    bare = Route("", 128000, "fd00:7::/48", 0, 6, dev="rem1")
    assert rtnetlink.route(bare, 7) == rtnetlink.route(replace(bare, metric=1024), 7)


def test_the_whole_address_space_selects_nothing() -> None:
    whole = Rule("", 12800, 128000, to="0.0.0.0/0")
    assert rtnetlink.rule(whole) == rtnetlink.rule(replace(whole, to=""))


def test_what_bears_another_s_number_is_not_ours() -> None:
    route = bytearray(rtnetlink.route(Route("", 254, "default", 0, dev="rem1"), 7))
    assert route[5] == PROTOCOL
    route[5] = 4  # RTPROT_STATIC
    assert parse_route(memoryview(route), "", DEVICES) is None
    foreign = rtnetlink.rule(Rule("", 12800, 1)).replace(bytes([5, 0, 21, 0, PROTOCOL]), bytes(5))
    assert parse_rule(memoryview(foreign), "") is None


def test_an_ipv6_address_is_usable_at_once() -> None:
    body = rtnetlink.address(7, "fd00::1/126")
    flags = dict(attributes(memoryview(body[IFADDRMSG.size :])))[IFA_FLAGS]
    assert flags[0] & rtnetlink.IFA_F_NODAD
    assert parse_address(memoryview(body)) is None  # permanent only once the kernel says so
