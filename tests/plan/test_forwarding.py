"""The router side: who passes, by which way, and that there is never a way round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ipsec_client.config.documents import document
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Authority
from ipsec_client.plan.build import Facts, Plan, build
from ipsec_client.plan.diff import diff
from ipsec_client.plan.forwarding import allocate_tables
from ipsec_client.plan.objects import (
    LAST_METRIC,
    MAIN_TABLE,
    PRIORITIES,
    TABLES,
    Firewall,
    Phase,
    Route,
    Rule,
    TunnelDevice,
)

CONFIG = """
config
 authority
  tenant lan
  exit
  tenant ipsec
  exit
  service internet
   address {internet}
   access-policy lan
   exit
  exit
  service gateways
   address 172.16.4.3
   address 172.16.5.4
   {transport}
   access-policy ipsec
    permission {permission}
   exit
  exit
  {more}
  router r1
   ipsec-profile p
    pre-shared-key secret-of-the-test
   exit
   node n1
    device-interface lan
     network-interface lanintf
      tenant lan
      address 172.16.1.2
       prefix-length 24
      exit
     exit
    exit
    device-interface wan
     target-interface eth7
     network-interface wanintf
      address 172.16.3.2
       prefix-length 24
       gateway 172.16.3.5
      exit
     exit
    exit
    ipsec-client c1
     enabled {enabled}
     tenant ipsec
     remote rem1
      host 172.16.4.3
      profile p
     exit
     remote rem2
      host 172.16.5.4
      profile p
     exit
    exit
   exit
   service-route a
    service-name internet
    next-hop n1 rem1-intf
    exit
    next-hop n1 rem2-intf
    exit
   exit
   service-route b
    service-name gateways
    next-hop n1 wanintf
    exit
   exit
  exit
 exit
exit
"""


def plan(
    internet: str = "1.1.1.0/24",
    permission: str = "allow",
    enabled: str = "true",
    transport: str = "",
    more: str = "",
    config: str = CONFIG,
) -> Plan:
    text = config.format(
        internet=internet, permission=permission, enabled=enabled, transport=transport, more=more
    )
    return build(document(generate(parsed(text)), "r1", "n1"), Facts(), {})


def parsed(text: str) -> Authority:
    reading = read(text)
    assert not [item for item in reading.findings if item.severity == "error"]
    assert reading.config.authority is not None
    return reading.config.authority


def router_rules(found: Plan) -> list[Rule]:
    return [item for item in found.objects if isinstance(item, Rule) and not item.netns]


def router_routes(found: Plan) -> list[Route]:
    return [item for item in found.objects if isinstance(item, Route) and not item.netns]


def firewall(found: Plan) -> str:
    return next(i.text for i in found.objects if isinstance(i, Firewall) and not i.netns)


def test_each_service_table_prefers_hops_in_order_and_ends_in_unreachable() -> None:
    found = plan()
    table = found.tables["internet"]
    mine = sorted((r for r in router_routes(found) if r.table == table), key=lambda r: r.metric)
    assert [(r.dev, r.via) for r in mine] == [
        ("rem1", "169.254.129.6"),
        ("rem2", "169.254.129.10"),
        ("", ""),
    ]
    assert mine[-1].metric == LAST_METRIC


def test_unreachable_is_there_before_any_link() -> None:
    ends = [item for item in router_routes(plan()) if not item.dev]
    assert {item.phase for item in ends} == {Phase.GUARD}
    assert {item.phase for item in router_rules(plan())} == {Phase.GUARD}


def test_a_disabled_client_leaves_its_services_unreachable() -> None:
    found = plan(enabled="false")
    kinds = {"firewall", "rules for Docker", "rule", "route", "sysctl"}
    assert {item.kind for item in found.objects} == kinds
    table = found.tables["internet"]
    assert [r.dev for r in router_routes(found) if r.table == table] == [""]
    assert "ip daddr 1.1.1.0/24 accept" not in firewall(found)


def test_target_interface_is_what_linux_calls_the_device() -> None:
    found = plan()
    table = found.tables["gateways"]
    assert ("eth7", "172.16.3.5") in [
        (r.dev, r.via) for r in router_routes(found) if r.table == table
    ]
    assert '"eth7"' in firewall(found)
    assert '"wan"' not in firewall(found)


def test_the_whole_address_space_is_not_taken_from_the_router_itself() -> None:
    found = plan(internet="0.0.0.0/0")
    claims = [r for r in router_rules(found) if r.table == found.tables["internet"]]
    assert [r.iif for r in claims] == ["lan"]
    assert "0.0.0.0/0 drop" not in firewall(found)


def test_a_prefix_that_one_service_claims_is_taken_from_everybody() -> None:
    found = plan()
    claims = [r for r in router_rules(found) if r.table == found.tables["internet"]]
    assert [(r.iif, r.to) for r in claims] == [("", "1.1.1.0/24")]
    assert 'oifname != { "lo", "rem1", "rem2" } ip daddr 1.1.1.0/24 drop' in firewall(found)


def test_more_specific_claims_come_first() -> None:
    found = plan(internet="172.16.0.0/16")
    rules = sorted(router_rules(found), key=lambda r: r.priority)
    order = [r.to for r in rules if r.table not in (MAIN_TABLE, 0)]
    assert order == ["172.16.4.3/32", "172.16.5.4/32", "172.16.0.0/16"]
    text = firewall(found)
    assert text.index("172.16.4.3/32 accept") < text.index("172.16.0.0/16 accept")


def test_what_comes_out_of_the_namespace_and_fits_no_service_is_unreachable() -> None:
    rules = sorted(router_rules(plan()), key=lambda r: r.priority)
    last = {r.iif for r in rules[-6:]}
    assert last == {"c1", "rem1", "rem2"}
    assert all(r.table == 0 for r in rules[-6:])


def test_encrypted_packets_never_follow_the_main_table() -> None:
    assert not [r for r in router_rules(plan()) if r.iif == "c1" and r.table == MAIN_TABLE]


@pytest.mark.parametrize(
    ("permission", "line"),
    [
        ("allow", 'iifname { "c1" } oifname { "eth7" } ip daddr 172.16.4.3/32 accept'),
        ("deny", 'iifname { "c1" } ip daddr 172.16.4.3/32 drop'),
    ],
)
def test_the_access_policy_decides(permission: str, line: str) -> None:
    found = plan(permission=permission)
    assert line in firewall(found)


def test_transports_narrow_the_claim() -> None:
    udp = "transport udp\n port-range 500\n exit\n port-range 4500\n exit\n exit"
    found = plan(transport=udp)
    rules = [r for r in router_rules(found) if r.table == found.tables["gateways"]]
    assert {(r.protocol, r.ports) for r in rules} == {(17, (500, 500)), (17, (4500, 4500))}
    assert "172.16.4.3/32 udp dport 4500-4500 accept" in firewall(found)


def test_an_answer_leaves_by_no_interface_where_nothing_is_let_in() -> None:
    """Else what answers a tunnel's packet, and fits no service, would leave in the clear by the default route."""
    lines = firewall(plan()).splitlines()
    (first,) = [line.strip() for line in lines if "ct direction reply ct state" in line]
    assert first == 'oifname != { "eth7" } ct direction reply ct state established,related accept'
    assert lines.index(f"    {first}") == 3


def test_a_prefix_written_twice_is_claimed_once() -> None:
    written = router_rules(plan("1.1.1.0/24\n address 1.1.1.9/24"))
    assert [rule.to for rule in written].count("1.1.1.0/24") == 1


def test_a_service_in_a_connected_network_needs_no_route() -> None:
    more = "service hosts\n address 172.16.1.0/25\n access-policy _internal_\n exit\n exit"
    found = plan(more=more)
    assert not [r for r in router_rules(found) if r.table == found.tables["hosts"]]
    assert 'iifname { "rem1", "rem2" } oifname { "lan" } ip daddr 172.16.1.0/25 accept' in firewall(
        found
    )


def test_a_service_whose_routes_are_gone_is_unreachable_and_not_the_default_routes() -> None:
    found = plan(more="service lost\n address 9.9.9.0/24\n access-policy lan\n exit\n exit")
    table = found.tables["lost"]
    assert [r.to for r in router_rules(found) if r.table == table] == ["9.9.9.0/24"]
    assert [r.dev for r in router_routes(found) if r.table == table] == [""]


def test_numbers_stay_in_our_ranges_and_are_unique() -> None:
    found = plan()
    priorities = [r.priority for r in router_rules(found)]
    assert len(set(priorities)) == len(priorities)
    assert set(priorities) <= set(PRIORITIES)
    assert set(found.tables.values()) <= set(TABLES)


def test_a_service_keeps_its_table() -> None:
    first = allocate_tables(["a", "b", "c"], {})
    assert allocate_tables(["c", "new", "b"], first) == {
        "c": first["c"],
        "b": first["b"],
        "new": first["a"],
    }
    assert allocate_tables(["a"], {"a": 1}) == {"a": TABLES[0]}


POLICY = """service-policy fast-first
 vector fast
  priority {fast}
 exit
 vector slow
  priority {slow}
 exit
exit
"""


def by_vectors(fast: str, slow: str, rem1: str = "slow", rem2: str = "fast") -> list[str]:
    """The KNIs that the service leaves by, in order, where its policy has these priorities."""
    text = (
        CONFIG.replace("address {internet}", "address {internet}\n service-policy fast-first")
        .replace("remote rem1\n", f"remote rem1\n vector-name {rem1}\n")
        .replace("remote rem2\n", f"remote rem2\n vector-name {rem2}\n")
    )
    found = plan(more=POLICY.format(fast=fast, slow=slow), config=text)
    table = found.tables["internet"]
    mine = [route for route in router_routes(found) if route.table == table and route.dev]
    return [route.dev for route in sorted(mine, key=lambda route: route.metric)]


@pytest.mark.parametrize(
    ("fast", "slow", "order"),
    [
        ("10", "20", ["rem2", "rem1"]),
        ("20", "10", ["rem1", "rem2"]),
        ("20", "20", ["rem1", "rem2"]),  # as they are written
        ("ordered", "ordered", ["rem2", "rem1"]),  # 1 and 10
        ("ordered", "5", ["rem2", "rem1"]),
        ("11", "ordered", ["rem1", "rem2"]),
        ("10", "never", ["rem2"]),
        ("never", "never", []),
    ],
)
def test_next_hops_are_taken_in_the_order_of_their_vectors(
    fast: str, slow: str, order: list[str]
) -> None:
    assert by_vectors(fast, slow) == order


def test_a_path_without_a_vector_of_the_policy_comes_last() -> None:
    assert by_vectors("10", "20", rem1="other", rem2="slow") == ["rem2", "rem1"]


def test_a_way_that_is_never_taken_is_closed_by_the_firewall_too() -> None:
    text = CONFIG.replace("address {internet}", "address {internet}\n service-policy p").replace(
        "remote rem1\n", "remote rem1\n vector-name v\n"
    )
    more = "service-policy p\n vector v\n priority never\n exit\n exit\n"
    lines = firewall(plan(more=more, config=text)).splitlines()
    accepted = [line for line in lines if "1.1.1.0/24 accept" in line]
    assert [line.strip() for line in accepted] == [
        'iifname { "lan" } oifname { "rem2" } ip daddr 1.1.1.0/24 accept'
    ]


def test_a_vlan_is_the_linux_interface_of_that_number() -> None:
    found = plan(
        config=CONFIG.replace("network-interface wanintf", "network-interface wanintf\n vlan 30")
    )
    table = found.tables["gateways"]
    assert [r.dev for r in router_routes(found) if r.table == table and r.dev] == ["eth7.30"]
    assert '"eth7"' not in firewall(found)


def test_what_comes_in_by_a_disabled_device_is_dropped_and_nothing_leaves_by_it() -> None:
    for field in ("enabled false", "forwarding false"):
        found = plan(config=CONFIG.replace("interface lan\n", f"interface lan\n {field}\n"))
        lines = firewall(found).splitlines()
        assert '    oifname != { "lan", "eth7" } ct direction reply' in firewall(found)
        opened = [line for line in lines if "accept" in line and "oifname !=" not in line]
        assert not [line for line in opened if '"lan"' in line]
        assert [line for line in lines if 'iifname != { "lan"' in line and "return" in line]


def test_a_smaller_mtu_on_the_way_to_the_gateway_makes_a_smaller_tunnel() -> None:
    def mtus(config: str) -> list[int]:
        objects = plan(config=config).objects
        return [item.mtu for item in objects if isinstance(item, TunnelDevice)]

    whole = mtus(CONFIG)
    less = mtus(CONFIG.replace("interface wanintf\n", "interface wanintf\n mtu 1300\n", 1))
    assert all(one - 216 <= other <= one - 184 for one, other in zip(whole, less, strict=True))
    assert mtus(CONFIG.replace("interface wanintf\n", "interface wanintf\n mtu 9000\n", 1)) == whole
    assert mtus(CONFIG.replace("interface lanintf\n", "interface lanintf\n mtu 1300\n", 1)) == whole


def test_own_interfaces_are_clamped_and_masqueraded_where_it_is_written() -> None:
    assert "maxseg" not in firewall(plan())
    fields = "interface lanintf\n enforced-mss 1300\n source-nat true\n"
    text = firewall(plan(config=CONFIG.replace("interface lanintf\n", fields)))
    assert 'oifname "lan" tcp flags & (syn | rst) == syn tcp option maxseg size set 1300' in text
    assert 'iifname "lan" tcp flags & (syn | rst) == syn tcp option maxseg size set 1300' in text
    assert 'oifname { "lan" } masquerade' in text


def test_removing_a_remote_leaves_the_other_alone() -> None:
    before = plan()
    authority = before.document.authority
    router = authority.router[0]
    node = router.node[0]
    client = replace(node.ipsec_client[0], remote=node.ipsec_client[0].remote[1:])
    devices = tuple(item for item in node.device_interface if item.name != "rem1")
    node = replace(node, ipsec_client=(client,), device_interface=devices)
    cut = replace(authority, router=(replace(router, node=(node,)),))
    after = build(replace(before.document, authority=cut), Facts(tables=before.tables), {})
    steps = diff(before.objects, after.objects)
    verbs = [step.verb for step in steps if step.verb != "keep"]
    assert set(verbs[verbs.index("remove") :]) == {"remove"}  # what replaces it is there before
    gone = [step.object for step in steps if step.verb in ("remove", "restart", "change")]
    touched = [item for item in gone if "rem2" in item.name or "ipsec2" in item.name]
    # A better metric, a priority that moves up: both are added before the old one goes.
    assert {item.kind for item in touched} <= {"route", "rule"}
