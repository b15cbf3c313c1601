"""From a plan to the kernel and back: what is put is observed as wanted, what is spoilt is repaired."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from ipsec_client.base.errors import HostFault
from ipsec_client.kernel import namespaces, sysctl
from ipsec_client.kernel.apply import apply
from ipsec_client.kernel.observe import observe
from ipsec_client.plan.diff import diff
from ipsec_client.plan.objects import (
    Firewall,
    Kni,
    Namespace,
    Object,
    Phase,
    Pluto,
    Route,
    Rule,
    Sysctl,
    TunnelDevice,
)

from .support import MemoryLedger, ip, needs_root, put, steps, take

pytestmark = needs_root

LAST = 4_294_967_295
ROUTER_TABLE = """table inet ipsec_client {
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct direction reply ct state established,related accept
    iifname { "lan" } oifname { "rem1", "rem2" } ip daddr 10.0.0.0/8 accept
    counter drop
  }
}
"""
INNER_TABLE = """table inet ipsec_client {
  chain segments {
    type filter hook forward priority mangle; policy accept;
    oifname "ipsec1" tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
  }
  chain probes {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "ipsec1" fib saddr type local snat ip to 10.128.128.6
  }
}
"""


def kni(client: str, number: int = 1, *, mtu: int = 1500) -> Kni:
    base = 4 * number
    return Kni(
        f"rem{number}",
        client,
        f"169.254.129.{base + 1}/30",
        f"169.254.129.{base + 2}/30",
        ingress=True,
        mtu=mtu,
    )


def egress(client: str) -> Kni:
    return Kni("egress", client, "169.254.129.1/30", "169.254.129.2/30", ingress=False)


def whole(client: str) -> list[Object]:
    """A node of every kind of object, ordered as a plan is."""
    wanted: list[Object] = [
        Firewall("", ROUTER_TABLE),
        Rule("", 12800, 128000, to="10.0.0.0/8", iif="lan", protocol=6, ports=(80, 90)),
        Rule("", 12801, 254, iif="rem1", suppress_default=True),
        Rule("", 12802, 0, iif="rem1"),
        Rule("", 12803, 0, 6, iif="rem1"),
        Rule("", 12804, 128000, to="0.0.0.0/0"),
        Route("", 128000, "default", LAST, phase=Phase.GUARD),
        Route("", 128001, "default", LAST, 6, phase=Phase.GUARD),
        Namespace(client),
        Firewall(client, INNER_TABLE),
        Sysctl(client, "net/ipv4/ip_forward", "1", phase=Phase.NAMESPACE),
        egress(client),
        kni(client, 1),
        kni(client, 2),
        Rule(client, 1001, 101, iif="rem1"),
        Route(client, 254, "default", 0, dev="egress", via="169.254.129.1"),
        Route(client, 101, "default", LAST),
        Route(client, 201, "default", 0, dev="rem1", via="169.254.129.5"),
        Route("", 128000, "default", 10, dev="rem1", via="169.254.129.6"),
        Route("", 128000, "default", 20, dev="rem2", via="169.254.129.10"),
        Route("", 128001, "fd00:7::/48", 0, 6, dev="rem1"),
        Sysctl("", "net/ipv4/ip_forward", "1"),
        Sysctl("", "net/ipv4/conf/rem1/ignore_routes_with_linkdown", "1", phase=Phase.ROUTING),
    ]
    return sorted(wanted, key=lambda item: item.phase)


def converge(client: str, wanted: list[Object], ledger: MemoryLedger) -> None:
    for step in diff(observe([client], wanted, ledger), wanted):
        apply(step, ledger)


def settle(client: str, wanted: list[Object], ledger: MemoryLedger) -> None:
    """Converges as the agent does, again while there are steps: a KNI made anew takes routes along."""
    deadline = time.monotonic() + 10  # the kernel empties a deleted namespace in its own time
    while left := steps(client, wanted, ledger):
        assert time.monotonic() < deadline, left
        converge(client, wanted, ledger)


def test_a_whole_plan_is_made_found_and_removed_without_a_trace(client: str) -> None:
    before = [ip("link"), ip("rule"), ip("route", "show", "table", "all")]
    forwarding = sysctl.read("", "net/ipv4/ip_forward")
    ledger, wanted = MemoryLedger(), whole(client)
    converge(client, wanted, ledger)
    # The KNI is down at creation, and with it the route that raising it brings.
    assert steps(client, wanted, ledger) == []
    converge(client, [], ledger)
    assert observe([client], [], ledger) == []
    assert not namespaces.exists(client)
    assert [ip("link"), ip("rule"), ip("route", "show", "table", "all")] == before
    assert sysctl.read("", "net/ipv4/ip_forward") == forwarding
    assert ledger.entries == {}


def test_each_step_may_be_done_again(client: str) -> None:
    ledger, wanted = MemoryLedger(), whole(client)
    put(*wanted, ledger=ledger)
    waiting = put(*wanted, ledger=ledger)
    assert [text for text in waiting if text] == ["rem1 is down"]
    assert steps(client, wanted, ledger) == []
    take(*reversed(wanted), ledger=ledger)
    take(*reversed(wanted), ledger=ledger)
    assert observe([client], [], ledger) == []


@pytest.mark.parametrize(
    "spoil",
    [
        "ip link set egress down",
        "ip link set rem1 down",
        "ip link set rem1 alias other",
        "ip link set rem1 mtu 1400",
        "ip address delete 169.254.129.5/30 dev rem1",
        "ip address add 10.9.9.9/24 dev rem1",
        "ip link delete rem2",
        "ip rule delete pref 12800",
        "ip route delete default table 128000 metric 10",
        "ip route delete unreachable default table 128000",
        "ip route replace default via 169.254.129.10 dev rem2 table 128000 metric 10 proto 157",
        "nft flush chain inet ipsec_client forward",
        "nft delete table inet ipsec_client",
        "nft insert rule inet ipsec_client forward accept",
        "nft add table inet ipsec_client {{ flags dormant; }}",
        "nft chain inet ipsec_client forward {{ policy drop; }}",
        "ip netns exec {c} nft delete table inet ipsec_client",
        "ip netns exec {c} sysctl -qw net.ipv4.ip_forward=0",
        "sysctl -qw net.ipv4.ip_forward=0",
        "ip -n {c} link set lo down",
        "ip -n {c} link set egress down",
        "ip -n {c} address flush dev rem1",
        "ip -n {c} rule delete pref 1001",
        "ip netns delete {c}",
    ],
)
def test_what_is_spoilt_is_seen_and_repaired(client: str, spoil: str) -> None:
    ledger, wanted = MemoryLedger(), whole(client)
    converge(client, wanted, ledger)
    subprocess.run(spoil.format(c=client).split(), check=True)
    assert steps(client, wanted, ledger) != []
    settle(client, wanted, ledger)


# --- one kind at a time ---------------------------------------------------------------------------


def test_a_kni_changes_without_being_made_anew(client: str) -> None:
    ledger = MemoryLedger()
    old: list[Object] = [Namespace(client), kni(client, 1), kni(client, 2)]
    converge(client, old, ledger)
    ip("link", "set", "rem1", "up", netns=client)
    before = ip("-o", "link", "show", "rem2"), ip("-o", "link", "show", "rem1").split(":")[0]
    new = Kni("rem1", client, "169.254.130.5/30", "169.254.130.6/30", ingress=True, mtu=1400)
    converge(client, [Namespace(client), new, kni(client, 2)], ledger)
    assert "169.254.130.6/30" in ip("address", "show", "rem1", netns=client)
    assert "169.254.129" not in ip("address", "show", "rem1", netns=client)
    shown = ip("link", "show", "rem1", netns=client)
    assert "mtu 1400" in shown
    assert "state UP" in shown  # what health raised stays raised
    after = ip("-o", "link", "show", "rem2"), ip("-o", "link", "show", "rem1").split(":")[0]
    assert after == before


def test_an_ingress_kni_is_down_at_first_and_an_egress_up(client: str) -> None:
    put(Namespace(client), egress(client), kni(client))
    assert "state UP" in ip("link", "show", "egress", netns=client)
    assert "state DOWN" in ip("link", "show", "rem1", netns=client)


def test_a_lowered_kni_s_route_is_no_difference(client: str) -> None:
    route = Route(client, 201, "default", 0, dev="rem1", via="169.254.129.5")
    wanted: list[Object] = [Namespace(client), kni(client), route]
    assert put(*wanted) == ["", "", "rem1 is down"]
    assert steps(client, wanted) == []
    ip("link", "set", "rem1", "up", netns=client)
    assert [step.object for step in steps(client, wanted)] == [route]


def test_a_foreign_device_is_named_and_left_alone(client: str) -> None:
    ip("link", "add", "rem1", "type", "veth", "peer", "name", "other")
    put(Namespace(client))
    with pytest.raises(HostFault, match="another device of that name is on this host"):
        put(kni(client))
    take(kni(client))
    assert "rem1" in ip("link")
    assert observe([client], [], MemoryLedger()) == [Namespace(client)]


def test_a_foreign_namespace_is_named_and_left_alone(client: str) -> None:
    ip("netns", "add", client)
    with pytest.raises(HostFault, match="exists already and is not ours"):
        put(Namespace(client))
    take(Namespace(client))
    assert namespaces.exists(client)
    assert observe([client], [], MemoryLedger()) == []


def test_foreign_routes_and_rules_are_not_seen(client: str) -> None:
    ip("rule", "add", "pref", "12850", "table", "128000")
    ip("route", "add", "unreachable", "10.0.0.0/8", "table", "128000")
    assert observe([client], [], MemoryLedger()) == []
    take(Rule("", 12850, 128000), Route("", 128000, "10.0.0.0/8", 0))
    assert "12850" in ip("rule")
    assert "10.0.0.0/8" in ip("route", "show", "table", "128000")


@pytest.mark.usefixtures("router")
def test_a_rule_that_moves_is_at_its_new_place_alone() -> None:
    old, new = Rule("", 12800, 128000, iif="rem1"), Rule("", 12805, 128000, iif="rem1")
    put(old)
    converge("", [new], MemoryLedger())
    assert observe([], [new], MemoryLedger()) == [new]


@pytest.mark.usefixtures("router")
def test_a_rule_that_a_crash_left_at_two_places_is_seen() -> None:
    old, new = Rule("", 12800, 128000, iif="rem1"), Rule("", 12805, 128000, iif="rem1")
    put(old, new)
    for wanted in (old, new):
        put(old, new)
        converge("", [wanted], MemoryLedger())
        assert observe([], [wanted], MemoryLedger()) == [wanted]


@pytest.mark.usefixtures("router")
def test_leftovers_that_hold_packets_back_leave_last() -> None:
    put(Rule("", 12800, 0, iif="rem1"), Route("", 128000, "default", LAST))
    assert {item.phase for item in observe([], [], MemoryLedger())} == {Phase.GUARD}


def test_a_tunnel_device_and_its_route_wait_for_pluto(client: str) -> None:
    device = TunnelDevice("ipsec1", client, 1, 1400)
    route = Route(client, 101, "default", 0, dev="ipsec1")
    waiting = put(Namespace(client), device, route)
    assert waiting[0] == ""
    assert waiting[1].startswith("ipsec1 is not there yet")
    assert waiting[2].startswith("ipsec1 is not there yet")
    assert observe([client], [device, route], MemoryLedger()) == [Namespace(client)]


@pytest.mark.lab
def test_a_tunnel_device_that_pluto_made_is_set_up_and_removed(client: str) -> None:
    device = TunnelDevice("ipsec1", client, 1, 1400)
    route = Route(client, 101, "default", 0, dev="ipsec1")
    wanted: list[Object] = [Namespace(client), device, route]
    put(Namespace(client))
    made = ["ip", "-n", client, "link", "add", "ipsec1", "type", "xfrm", "if_id", "1"]
    if subprocess.run(made, capture_output=True).returncode:
        pytest.skip("this kernel has no XFRM interface")
    assert observe([client], wanted, MemoryLedger()) == [Namespace(client)]
    assert put(device, route) == ["", ""]
    assert steps(client, wanted) == []
    assert sysctl.read(client, "net/ipv4/conf/ipsec1/rp_filter") == "0"
    ip("link", "set", "ipsec1", "mtu", "1300", netns=client)
    assert [step.verb for step in steps(client, wanted)] == ["change"]
    converge(client, [Namespace(client)], MemoryLedger())
    assert "ipsec1" not in ip("link", netns=client)
    ip("link", "add", "ipsec1", "type", "xfrm", "if_id", "7", netns=client)
    with pytest.raises(HostFault, match="another device of that name"):
        put(device)


@pytest.mark.lab
def test_a_device_that_the_other_series_of_libreswan_had_makes_room(client: str) -> None:
    plutos, own = (TunnelDevice("ipsec1", client, 1, 1400, made) for made in (False, True))
    put(Namespace(client))
    made = ["ip", "-n", client, "link", "add", "ipsec1", "type", "xfrm", "if_id", "1"]
    if subprocess.run(made, capture_output=True).returncode:
        pytest.skip("this kernel has no XFRM interface")
    assert put(plutos) == [""]
    assert [step.verb for step in steps(client, [Namespace(client), own])] == ["change"]
    assert put(own)[0].startswith("ipsec1 is of the pluto before")
    ip("link", "delete", "ipsec1", netns=client)
    assert put(own) == [""]
    assert steps(client, [Namespace(client), own]) == []
    assert [step.verb for step in steps(client, [Namespace(client), plutos])] == ["change"]
    assert put(plutos)[0].startswith("ipsec1 is of no use")
    assert "ipsec1" not in ip("link", netns=client)


def test_a_setting_goes_back_to_what_it_was(client: str) -> None:
    key = "net/ipv4/conf/all/rp_filter"
    ledger, wanted = MemoryLedger(), Sysctl("", key, "1")
    sysctl.write("", key, "0")
    converge(client, [wanted], ledger)
    sysctl.write("", key, "2")  # by somebody else
    converge(client, [wanted], ledger)
    assert sysctl.read("", key) == "1"
    converge(client, [], ledger)
    assert sysctl.read("", key) == "0"
    assert ledger.entries == {}


def test_a_setting_that_was_right_before_is_not_ours(client: str) -> None:
    ledger, wanted = MemoryLedger(), Sysctl("", "net/ipv4/conf/all/log_martians", "1")
    sysctl.write("", wanted.key, "1")
    converge(client, [wanted], ledger)
    converge(client, [], ledger)
    assert sysctl.read("", wanted.key) == "1"


def test_a_setting_of_a_device_that_is_gone_waits_and_is_forgotten(client: str) -> None:
    setting = Sysctl("", "net/ipv4/conf/rem1/rp_filter", "2")
    ledger = MemoryLedger()
    assert put(setting, ledger=ledger) == ["net.ipv4.conf.rem1.rp_filter is not there yet"]
    put(Namespace(client), kni(client), setting, ledger=ledger)
    take(kni(client), ledger=ledger)
    converge(client, [], ledger)
    assert ledger.entries == {}


def test_a_firewall_that_is_refused_leaves_the_old_one_in_force(client: str) -> None:
    put(Namespace(client), Firewall(client, INNER_TABLE))
    bad = Firewall(client, INNER_TABLE.replace("maxseg", "nonsense"))
    with pytest.raises(HostFault, match=f"the kernel refuses the firewall in {client}: "):
        put(bad)
    assert steps(client, [Namespace(client), Firewall(client, INNER_TABLE)]) == []
    assert [step.verb for step in steps(client, [Namespace(client), bad])] == ["change"]


@pytest.mark.usefixtures("router")
def test_counting_packets_is_no_change_of_the_firewall() -> None:
    text = """table inet ipsec_client {
      chain output { type filter hook output priority filter; oifname "lo" counter accept; }
    }
    """
    put(Firewall("", text))
    ip("link", "set", "lo", "up")
    subprocess.run(["ping", "-c1", "-W1", "127.0.0.1"], check=True, capture_output=True)
    assert steps("", [Firewall("", text)]) == []


@pytest.mark.usefixtures("router")
def test_a_thing_of_pluto_s_room_is_refused() -> None:
    with pytest.raises(TypeError):
        put(Pluto("c1", "c1", ""))


def test_the_process_s_own_namespace_is_the_router_s(client: str) -> None:
    put(Namespace(client), kni(client))
    assert "rem1" in Path("/proc/net/dev").read_text()
