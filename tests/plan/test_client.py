"""The inside of a client: only pairs of KNI and tunnel forward, only IKE and ESP leave, every table ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ipsec_client.base.errors import InputFault
from ipsec_client.config.documents import document
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read
from ipsec_client.model.slots import SLOTS
from ipsec_client.model.values import Prefix
from ipsec_client.plan.build import Facts, Plan, build
from ipsec_client.plan.objects import (
    LAST_METRIC,
    Connection,
    Firewall,
    Kni,
    Pluto,
    Route,
    TunnelDevice,
)
from ipsec_client.wire.document import Document

CONFIG = """
authority
 tenant t
 exit
 router r
  ipsec-profile p
   pre-shared-key a-key-of-the-test
   {profile}
  exit
  node n
   ipsec-client c1
    tenant t
    remote rem1
     host {host}
     profile p
     {remote}
    exit
    remote rem2
     host 192.0.2.2
     profile p
    exit
   exit
  exit
 exit
exit
"""


def made(profile: str = "", remote: str = "", host: str = "192.0.2.1") -> Document:
    reading = read(CONFIG.format(profile=profile, remote=remote, host=host))
    assert not [item for item in reading.findings if item.severity == "error"]
    assert reading.config.authority is not None
    return document(generate(reading.config.authority), "r", "n")


def plan(profile: str = "", remote: str = "", host: str = "192.0.2.1", **hosts: str) -> Plan:
    return build(made(profile, remote, host), Facts(), hosts)


def firewall(found: Plan) -> str:
    return next(i.text for i in found.objects if isinstance(i, Firewall) and i.netns)


def towards(found: Plan, table: int = 101) -> list[tuple[str, str, int]]:
    return [
        (item.to, item.dev, item.metric)
        for item in found.objects
        if isinstance(item, Route) and item.netns and item.table == table
    ]


def test_a_kni_forwards_to_its_own_tunnel_and_to_nothing_else() -> None:
    lines = firewall(plan()).split("chain input")[0].splitlines()
    assert [line.strip() for line in lines if "accept" in line] == [
        'iifname "rem1" oifname "ipsec1" accept',
        'iifname "ipsec1" oifname "rem1" accept',
        'iifname "rem2" oifname "ipsec2" accept',
        'iifname "ipsec2" oifname "rem2" accept',
    ]
    assert "hook forward priority filter; policy drop;" in lines[2]


def test_by_the_egress_only_ike_and_esp_leave() -> None:
    output = firewall(plan()).split("chain output")[1].split("}\n  chain")[0]
    assert "policy drop" in output
    assert [line.strip() for line in output.splitlines() if '"c1"' in line] == [
        'oifname "c1" udp dport { 500, 4500 } accept',
        'oifname "c1" udp sport { 500, 4500 } accept',
        'oifname "c1" meta l4proto { esp, icmp } accept',
    ]


@pytest.mark.parametrize(
    ("remote", "sizes"),
    [
        ("", ["rt mtu", "1366"]),
        ("enforced-mss automatic", ["rt mtu", "1366"]),
        ("enforced-mss 1300", ["1300", "1300"]),
        ("enforced-mss disabled", []),
    ],
)
def test_enforced_mss(remote: str, sizes: list[str]) -> None:
    """PLUGIN-1289: out of the tunnel too, where ``rt mtu`` is that of the egress KNI."""
    lines = [line for line in firewall(plan(remote=remote)).splitlines() if "maxseg" in line]
    mine = [line.partition("maxseg size set ")[2] for line in lines if '"ipsec1"' in line]
    assert mine == sizes


def test_probes_come_from_the_monitor_network() -> None:
    text = firewall(plan())
    assert 'oifname "ipsec1" fib saddr type local snat ip to 10.128.128.6' in text
    assert 'oifname "ipsec2" fib saddr type local snat ip to 10.128.128.10' in text


def test_every_table_ends_in_unreachable() -> None:
    found = plan()
    for table in (101, 102, 201, 202):
        assert ("default", "", LAST_METRIC) in towards(found, table)


def test_no_slot_has_a_table_of_the_kernels_own_or_of_another_slot() -> None:
    one = plan().tunnels[0]
    every = [replace(one, slot=replace(one.slot, index=index)) for index in range(SLOTS)]
    tables = [table for tunnel in every for table in (tunnel.towards, tunnel.back)]
    assert len(set(tables)) == len(tables)
    assert not {253, 254, 255}.intersection(tables)


def test_the_route_to_the_tunnel_follows_subnet_and_metric() -> None:
    two = "subnet 10.0.0.0/8\n subnet 192.168.0.0/16"
    assert towards(plan())[1:] == [("default", "ipsec1", 0)]
    assert towards(plan(remote=two, profile="metric 7"))[1:] == [
        ("10.0.0.0/8", "ipsec1", 7),
        ("192.168.0.0/16", "ipsec1", 7),
    ]


def test_mtu_is_the_written_one_or_leaves_room_for_esp() -> None:
    def mtu(found: Plan) -> int:
        return next(i.mtu for i in found.objects if isinstance(i, TunnelDevice))

    assert mtu(plan(profile="mtu 1320")) == 1320
    assert 1380 <= mtu(plan()) < 1450


def test_a_kni_has_both_addresses_of_its_slot() -> None:
    knis = {item.name: item for item in plan().objects if isinstance(item, Kni)}
    assert (knis["c1"].router, knis["c1"].namespace) == ("169.254.129.1/30", "169.254.129.2/30")
    assert (knis["rem2"].router, knis["rem2"].namespace) == (
        "169.254.129.9/30",
        "169.254.129.10/30",
    )
    assert [item.ingress for item in knis.values()] == [False, True, True]


def test_a_remote_that_libreswan_cannot_run_keeps_only_itself_from_running() -> None:
    document_ = made()
    router = document_.router
    bad = replace(router.ipsec_profile[0], name="bad", ike_modp=("modp1024",))
    client = router.node[0].ipsec_client[0]
    remotes = (replace(client.remote[0], profile="bad"), client.remote[1])
    node = replace(router.node[0], ipsec_client=(replace(client, remote=remotes),))
    cut = replace(router, ipsec_profile=(*router.ipsec_profile, bad), node=(node,))
    found = build(
        replace(document_, authority=replace(document_.authority, router=(cut,))), Facts(), {}
    )
    assert [item.remote for item in found.objects if isinstance(item, Connection)] == ["rem2"]
    assert list(found.refused) == ["rem1"]
    assert "ike-modp modp1024 is not supported by Libreswan 4.10" in found.refused["rem1"]


def test_a_named_gateway_waits_for_its_address_and_the_others_do_not() -> None:
    def remotes(found: Plan) -> list[str]:
        return [item.remote for item in found.objects if isinstance(item, Connection)]

    waiting = plan(host="gw.example")
    assert remotes(waiting) == ["rem2"]
    known = build(made(host="gw.example"), Facts(), {"gw.example": "192.0.2.77"})
    assert remotes(known) == ["rem1", "rem2"]
    assert waiting.inside is not None
    assert known.inside is not None
    assert (waiting.inside.unresolved, known.inside.unresolved) == ({"rem1": "gw.example"}, {})


def test_a_name_that_stands_for_ipv6_leaves_less_room() -> None:
    four, six = (
        next(
            item.mtu
            for item in build(made(host="gw.example"), Facts(), {"gw.example": address}).objects
            if isinstance(item, TunnelDevice)
        )
        for address in ("192.0.2.77", "2001:db8::77")
    )
    assert 16 <= four - six <= 24


def test_no_change_of_a_remote_restarts_pluto() -> None:
    def setup(found: Plan) -> str:
        return next(item.setup for item in found.objects if isinstance(item, Pluto))

    changed = plan(profile="ike-v2 no\n dpddelay 5\n encapsulation yes", remote="remote-id @x")
    assert setup(changed) == setup(plan())


@pytest.mark.parametrize("lost", ["profile", "network"])
def test_a_document_that_lacks_what_it_needs_is_refused(lost: str) -> None:
    document_ = made()
    router = document_.router
    if lost == "profile":
        router = replace(router, ipsec_profile=())
    else:
        client = replace(router.node[0].ipsec_client[0], plugin_network=Prefix("10.0.0.0/31"))
        node = replace(router.node[0], ipsec_client=(client,))
        router = replace(router, node=(node,))
    with pytest.raises(InputFault):
        build(
            replace(document_, authority=replace(document_.authority, router=(router,))),
            Facts(),
            {},
        )


def test_on_another_series_nothing_runs_and_each_remote_says_why() -> None:
    found = build(plan().document, Facts(series=3), {})
    said = "runs on Libreswan 4.10 or 5.2, not on this node's. Install one of these"
    assert found.refused == {"rem1": said, "rem2": said}
    assert not [item for item in found.objects if isinstance(item, Connection)]
