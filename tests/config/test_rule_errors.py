"""Each rule that refuses a configuration, by the one change to a text without findings that it speaks of."""

from __future__ import annotations

import pytest

from tests.config.change import (
    CLIENT,
    IN_PRIMARY,
    IN_REM1,
    IN_REM2,
    MONITOR,
    NODE,
    PRIMARY,
    REM1,
    REM2,
    ROUTER,
    WANINTF,
    remote,
    rename,
    told,
    with_field,
)

ERRORS: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "plugin-880: a client begins with ipsec": (
        rename("client1", "ipsec-a"),
        [
            (f"error: {NODE} ipsec-client ipsec-a name: begins with ipsec, by which Libreswan knows "
            "its own devices. Choose another name")
        ],
    ),
    "plugin-880: a client begins with mast": (
        rename("client1", "mast1"),
        [
            (f"error: {NODE} ipsec-client mast1 name: begins with mast, by which Libreswan knows "
            "its own devices. Choose another name")
        ],
    ),
    "a client that cannot name a namespace": (
        rename("client1", "1client"),
        [
            (f"error: {NODE} ipsec-client 1client name: does not begin with a letter, as a "
            "namespace must. Choose another name")
        ],
    ),
    "a remote as Libreswan's devices": (
        [("rem1-intf", "ipsec1-intf")] * 2 + rename("rem1", "ipsec1"),
        [
            (f"error: {CLIENT} remote ipsec1 name: is a name that Libreswan gives to devices of "
            "its own. Choose another name")
        ],
    ),
    "a remote as a device of Linux": (
        [("rem1-intf", "lo-intf")] * 2 + rename("rem1", "lo"),
        [
            (f"error: {CLIENT} remote lo name: is a name that Linux keeps for itself. "
            "Choose another name")
        ],
    ),
    "a remote named as a device-interface": (
        [("rem1-intf", "wan-intf")] * 2 + rename("rem1", "wan"),
        [(f"error: {CLIENT} remote wan name: is the name of device-interface wan too. "
         "Rename one of them")],
    ),
    "a remote named as its client": (
        [("rem1-intf", "client1-intf")] * 2 + rename("rem1", "client1")
        + [("gateway-ip  169.254.129.10", "")],
        [
            (f"error: {CLIENT} remote client1 name: is the name of ipsec-client client1 too. "
            "Rename one of them"),
            (f"error: {ROUTER} service-route rem1 next-hop node1 client1-intf interface: is the "
            "egress KNI, where only encrypted packets come from. Name the interface of a remote"),
        ],
    ),
    "a remote whose network-interface there is already": (
        [("network-interface  wanintf", "network-interface  rem1-intf"), ("name          wanintf", "")]
        + [("wanintf", "rem1-intf")] * 2
        + [("gateway-ip  172.16.3.5", "")],
        [
            (f"error: {REM1} name: would make a network-interface, but rem1-intf is on "
            "device-interface wan already. Rename one of them")
        ],
    ),
    "two network-interfaces of one name": (
        [("network-interface  lanintf", "network-interface  wanintf"), ("name          lanintf", ""),
         ("gateway-ip  172.16.3.5", "")],
        [
            f"error: {WANINTF}: is on device-interface lan too. Rename one of them",
        ],
    ),
    "a second client": (
        [("            exit\n\n            service-route         rem1",
          "ipsec-client c2\n tenant ipsec\n exit\n exit\n service-route         rem1")],
        [
            (f"error: {NODE} ipsec-client c2: is a second ipsec-client; a node has one. "
            "Remove it, or move it"),
        ],
    ),
    "a fifth remote": (
        [with_field("profile  secondary\n exit".replace(" exit", 20 * " " + "exit"),
                    *(remote(f"more{n}", "172.16.4.3") for n in range(3)))],
        [
            (f"error: {CLIENT} remote more2: is one remote more than the 4 a client may have. "
            "Remove it"),
        ],
    ),
    "a required field": (
        [(IN_REM1, ""), ("tenant   ipsec", ""), ("prefix-length  24", "")],
        [
            (f"error: {NODE} device-interface lan network-interface lanintf address 172.16.1.2 "
            "prefix-length: is required and not set. Write one: Length of the prefix"),
            (f"error: {CLIENT} tenant: is required and not set. "
            "Write one: Tenant of the encrypted packets"),
            (f"error: {REM1} host: is required and not set. "
            "Write one: Address or name of the gateway"),
        ],
    ),
    "an unknown profile": (
        [("profile  primary", "profile  primry")],
        [f"error: {REM1} profile: router router1 has no ipsec-profile primry. Did you mean primary?"],
    ),
    "unknown tenants": (
        [("tenant   ipsec", "tenant   ipsex"), ("tenant        lan", "tenant        wide"),
         with_field(IN_REM1, "tenant other")],
        [
            (f"error: {NODE} device-interface lan network-interface lanintf tenant: "
            "there is no tenant wide. Add tenant wide"),
            f"error: {CLIENT} tenant: there is no tenant ipsex. Did you mean ipsec?",
            (f"warning: {REM1} host: service ipsec covers 172.16.4.3 and does not allow tenant ipsex. "
            "Add an access-policy for ipsex to service ipsec"),
            f"error: {REM1} tenant: there is no tenant other. Add tenant other",
            (f"warning: {REM2} host: service ipsec covers 172.16.5.4 and does not allow tenant ipsex. "
            "Add an access-policy for ipsex to service ipsec"),
        ],
    ),
    "an unknown service": (
        [("service-name  cleartext", "service-name  clear")],
        [(f"error: {ROUTER} service-route rem1 service-name: there is no service clear. "
         "Did you mean cleartext?")],
    ),
    "an unknown interface": (
        [("next-hop      node1 rem1-intf", "next-hop node1 rem1"), ("interface   rem1-intf", "")],
        [(f"error: {ROUTER} service-route rem1 next-hop node1 rem1 interface: "
         "node node1 has no network-interface rem1. Did you mean rem1-intf?")],
    ),
    "a node that is not there, of several": (
        [("node node1\n", "node node2\n exit\n node node1\n"), ("node1 rem1-intf", "nodex rem1-intf"),
         ("node-name   node1", "")],
        [(f"error: {ROUTER} service-route rem1 next-hop nodex rem1-intf node-name: "
         "router router1 has no node nodex. Did you mean node2?")],
    ),
    "lifetimes": (
        [with_field(IN_PRIMARY, "ike-lifetime 25h", "connection-lifetime 0")],
        [
            (f"error: {PRIMARY} ike-lifetime: 25h is more than 24h, which Libreswan would cut "
            "silently. Write 24h or less"),
            f"error: {PRIMARY} connection-lifetime: 0 is no time at all. Write up to 24h",
        ],
    ),
    "AH": (
        [with_field(IN_PRIMARY, "authentication-protocol ah")],
        [(f"error: {PRIMARY} authentication-protocol: AH does not pass NAT, and encrypted packets "
         "are source-NATed. Use esp")],
    ),
    "a custom-option that there is not": (
        [with_field(IN_PRIMARY, "custom-option key\n value value\n exit")],
        [f"error: {PRIMARY} custom-option key: no such Libreswan option"],
    ),
    "a plugin-network that is too small": (
        [with_field("enabled  true", "plugin-network 169.254.129.0/29")],
        [
            (f"error: {CLIENT} plugin-network: 169.254.129.0/29 has room for 2 of 3 KNIs, each of "
            "which takes a /30. Use a /28 or larger"),
        ],
    ),
    "an IPv6 plugin-network": (
        [with_field("enabled  true", "plugin-network fd00::/64")],
        [f"error: {CLIENT} plugin-network: fd00::/64 is not an IPv4 network. Write an IPv4 one"],
    ),
    "a plugin-network that others use": (
        [with_field("enabled  true", "plugin-network 172.16.0.0/16"),
         ("gateway-ip  169.254.129.6", ""), ("gateway-ip  169.254.129.10", "")],
        [
            (f"error: {CLIENT} plugin-network: 172.16.0.0/16 overlaps 172.16.1.0/24 of {NODE} "
            "device-interface lan network-interface lanintf address 172.16.1.2. "
            "Use a network that nothing else uses"),
            (f"error: {CLIENT} plugin-network: 172.16.0.0/16 overlaps 172.16.3.0/24 of {WANINTF} "
            "address 172.16.3.2. Use a network that nothing else uses"),
            (f"error: {REM1} host: 172.16.4.3 is in plugin-network 172.16.0.0/16. "
            "Use another plugin-network"),
            (f"error: {REM2} host: 172.16.5.4 is in plugin-network 172.16.0.0/16. "
            "Use another plugin-network"),
        ],
    ),
    "a monitor network that others use": (
        [with_field("enabled  true", "tunnel-monitor-nat-network 169.254.129.0/24")],
        [(f"error: {CLIENT} tunnel-monitor-nat-network: 169.254.129.0/24 overlaps plugin-network "
         "169.254.129.0/27. Use a network that nothing else uses")],
    ),
    "an IPv6 monitor network": (
        [with_field("enabled  true", "tunnel-monitor-nat-network fd00::/64")],
        [(f"error: {CLIENT} tunnel-monitor-nat-network: fd00::/64 is not an IPv4 network. "
         "Write an IPv4 one")],
    ),
    "one address on two interfaces": (
        [("address       172.16.3.2\n", "address       172.16.1.2\n"),
         ("ip-address     172.16.3.2\n", ""), ("gateway        172.16.3.5", ""),
         ("gateway-ip  172.16.3.5", "")],
        [(f"error: {WANINTF} address 172.16.1.2: is also the address at {NODE} device-interface lan "
         "network-interface lanintf address 172.16.1.2. Remove one of the two")],
    ),
    "a prefix that is too long": (
        [("prefix-length  24", "prefix-length  33")],
        [(f"error: {NODE} device-interface lan network-interface lanintf address 172.16.1.2 "
         "prefix-length: 33 is more than the 32 bits of an IPv4 address. Write 32 or less")],
    ),
    "two remotes that Libreswan cannot tell apart": (
        [(IN_REM2, "host 172.16.4.3")],
        [(f"error: {REM2}: has the identities of remote rem1 and another key. Give it a remote-id "
         "or a profile with a local-id of its own, or the same key")],
    ),
    "a monitor that could never answer": (
        [with_field(IN_REM1, "subnet 10.0.0.0/8", "local-subnet 172.16.1.0/24",
                    MONITOR.format("8.8.8.8", "destinations-required 2\n"))],
        [
            (f"error: {REM1} local-subnet: does not hold 10.128.128.6, which probes come from: they "
            "would not enter the tunnel. Add 10.128.128.6/32, or another tunnel-monitor-nat-network"),
            (f"error: {REM1} tunnel-monitor destination 8.8.8.8: is in no subnet of the remote, so "
            "probes to it would not enter the tunnel. Monitor a host in subnet, or add it to subnet"),
            (f"error: {REM1} tunnel-monitor destinations-required: 2 is more than the 1 destinations "
            "there are. Lower it, or add destinations"),
        ],
    ),
    "monitors that could not be told apart": (
        [with_field("enabled  true", "tunnel-monitor-nat-network 10.0.0.0/30"),
         with_field(IN_REM1, MONITOR.format("8.8.8.8", "")),
         with_field(IN_REM2, MONITOR.format("gw.example.com", ""))],
        [(f"error: {CLIENT} tunnel-monitor-nat-network: probes of rem1 and rem2 would both come from "
         "10.0.0.2. Use a larger network, such as a /28")],
    ),
    "a monitor without time": (
        [with_field(IN_REM1, "tunnel-monitor\n destination 8.8.8.8\n timeout 0\n max-retries 1\n"
                    "interval 1s\n exit\n exit")],
        [(f"error: {REM1} tunnel-monitor destination 8.8.8.8 timeout: leaves no time for an answer. "
         "Write at least 10ms")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", ERRORS)
def test_errors(rule: str) -> None:
    changes, expected = ERRORS[rule]
    found = told(*changes)
    assert found == expected
    assert any(item.startswith("error: ") for item in found)
