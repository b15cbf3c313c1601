"""Each rule, by the one change to a text without findings that it speaks of."""

from __future__ import annotations

import pytest

from ipsec_client.config.examine import examine
from tests.configs import clean

ROUTER = "authority router router1"
NODE = f"{ROUTER} node node1"
CLIENT = f"{NODE} ipsec-client client1"
REM1 = f"{CLIENT} remote rem1"
REM2 = f"{CLIENT} remote rem2"
PRIMARY = f"{ROUTER} ipsec-profile primary"
WAN = f"{NODE} device-interface wan"
WANINTF = f"{WAN} network-interface wanintf"
HOP1 = f"{ROUTER} service-route rem1 next-hop node1 rem1-intf"

IN_PRIMARY = "pre-shared-key       somekey1"
IN_CLIENT = "tenant   ipsec\n"
IN_REM1 = "host     172.16.4.3"
IN_REM2 = "host     172.16.5.4"
MONITOR = "tunnel-monitor\n destination {}\n exit\n {} exit"


def told(*changes: tuple[str, str]) -> list[str]:
    """The findings of the clean text after replacing, once each."""
    text = clean()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return [str(finding) for finding in examine(text).findings]


def with_field(place: str, *fields: str) -> tuple[str, str]:
    """A change that adds fields after a line."""
    return (place, "\n".join((place, *fields)) + "\n")


def remote(name: str, host: str) -> str:
    return f"remote {name}\n host {host}\n profile primary\n exit\n"


def rename(old: str, new: str) -> list[tuple[str, str]]:
    """The changes that give a client or remote another name where it is defined."""
    kind = "ipsec-client              " if old == "client1" else "remote   "
    return [(f"{kind}{old}", f"{kind}{new}"), (f"name     {old}", f"name     {new}")]


def test_the_clean_text_is_clean() -> None:
    assert told() == []


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
    "an IPv6 gateway": (
        [(IN_REM1, "host 2001:db8::1")],
        [
            f"error: {REM1} host: is an IPv6 address, and the egress KNI has IPv4 only. Use IPv4",
            (f"warning: {REM1} host: no service covers 2001:db8::1, so no IKE leaves for it. "
            "Add 2001:db8::1 to a service that allows tenant ipsec"),
        ],
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

WARNINGS: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "a node by a name that is not its own": (
        [("next-hop      node1 rem1-intf", "next-hop router1 rem1-intf"), ("node-name   node1", "")],
        [(f"warning: {ROUTER} service-route rem1 next-hop router1 rem1-intf node-name: router1 is not "
         "the router's node; node1 is taken. Write node1")],
    ),
    "one way written twice": (
        [("next-hop      node1 rem1-intf", ("next-hop router1 rem1-intf\n exit\n"
          "next-hop      node1 rem1-intf"))],
        [
            (f"warning: {ROUTER} service-route rem1 next-hop router1 rem1-intf node-name: router1 is "
            "not the router's node; node1 is taken. Write node1"),
            f"warning: {HOP1}: is written twice. Remove one",
        ],
    ),
    "a gateway outside its prefix": (
        [("gateway        172.16.3.5", "gateway        172.16.4.5")],
        [(f"warning: {WANINTF} address 172.16.3.2 gateway: 172.16.4.5 is outside 172.16.3.0/24. "
         "Name a gateway in the interface's own network")],
    ),
    "a next-hop outside the interface's network": (
        [("gateway-ip  172.16.3.5", "gateway-ip  172.16.4.5")],
        [(f"warning: {ROUTER} service-route ipsec next-hop node1 wanintf gateway-ip: 172.16.4.5 is "
         "in no network of wanintf. Its network is 172.16.3.0/24")],
    ),
    "a next-hop that is not the namespace": (
        [("gateway-ip  169.254.129.6", "gateway-ip  169.254.129.5")],
        [(f"warning: {HOP1} gateway-ip: 169.254.129.5 is not the namespace's address of rem1, which "
         "is 169.254.129.6. Leave gateway-ip out")],
    ),
    "a client that is switched off": (
        [("enabled  true", "enabled false")],
        [
            (f"warning: {HOP1} interface: is generated only when ipsec-client client1 is enabled. "
            "Enable it, or remove the next-hop"),
            (f"warning: {ROUTER} service-route rem2 next-hop node1 rem2-intf interface: is generated "
            "only when ipsec-client client1 is enabled. Enable it, or remove the next-hop"),
        ],
    ),
    "a service-route that leads nowhere": (
        [("next-hop      node1 rem1-intf", ""), ("node-name   node1", ""),
         ("interface   rem1-intf", ""), ("gateway-ip  169.254.129.6\n                exit", "")],
        [(f"warning: {ROUTER} service-route rem1: has no next-hop, so its service is unreachable. "
         "Add a next-hop")],
    ),
    "a service without an address": (
        [("address         1.1.1.0/24", "")],
        [
            ("warning: authority service cleartext: has no address, so it covers nothing. "
            "Add an address"),
            (f"warning: {ROUTER} service-route rem1 service-name: service cleartext has no address, "
            "so nothing takes this route. Give the service an address"),
            (f"warning: {ROUTER} service-route rem2 service-name: service cleartext has no address, "
            "so nothing takes this route. Give the service an address"),
        ],
    ),
    "an access policy for nobody": (
        [("access-policy   lan\n                source      lan", "access-policy lam")],
        [("warning: authority service cleartext access-policy lam source: there is no tenant lam. "
         "Did you mean lan?")],
    ),
    "a gateway that no service covers": (
        [("address 172.16.5.4", "")],
        [(f"warning: {REM2} host: no service covers 172.16.5.4, so no IKE leaves for it. "
         "Add 172.16.5.4 to a service that allows tenant ipsec")],
    ),
    "a gateway that the policy denies": (
        [("source      ipsec\n                permission  allow", "permission deny")],
        [
            (f"warning: {REM1} host: service ipsec covers 172.16.4.3 and does not allow tenant ipsec. "
            "Add an access-policy for ipsec to service ipsec"),
            (f"warning: {REM2} host: service ipsec covers 172.16.5.4 and does not allow tenant ipsec. "
            "Add an access-policy for ipsec to service ipsec"),
        ],
    ),
    "a gateway without NAT-T": (
        [with_field("address 172.16.5.4", "transport udp\n port-range 500\n exit\n exit")],
        [
            (f"warning: {REM1} host: service ipsec covers 172.16.4.3 without udp 500 or 4500. "
            "Add both ports to service ipsec"),
            (f"warning: {REM2} host: service ipsec covers 172.16.5.4 without udp 500 or 4500. "
            "Add both ports to service ipsec"),
        ],
    ),
    "a gateway without a service-route": (
        [("service-name  ipsec", "service-name  cleartext")],
        [
            (f"warning: {REM1} host: router router1 has no service-route for service ipsec, which "
            "leads there. Add one with service-name ipsec"),
            (f"warning: {REM2} host: router router1 has no service-route for service ipsec, which "
            "leads there. Add one with service-name ipsec"),
        ],
    ),
    "a silent gateway that nobody notices": (
        [("dpddelay 10", "")],
        [(f"warning: {REM1}: a silent gateway will not be noticed: there is neither a tunnel-monitor "
         "nor dpddelay. Add a tunnel-monitor, or dpddelay to ipsec-profile primary")],
    ),
    "a monitor switched off is none": (
        [("dpddelay 10", ""),
         with_field(IN_REM1, "tunnel-monitor\n enabled false\n destination 8.8.8.8\n exit\n exit")],
        [(f"warning: {REM1}: a silent gateway will not be noticed: there is neither a tunnel-monitor "
         "nor dpddelay. Add a tunnel-monitor, or dpddelay to ipsec-profile primary")],
    ),
    "a monitor without a destination": (
        [with_field(IN_REM1, "tunnel-monitor\n exit")],
        [(f"warning: {REM1} tunnel-monitor: has no destination, so it monitors nothing. "
         "Add a destination")],
    ),
    "a half-set monitor": (
        [with_field(IN_REM1, "tunnel-monitor\n destination 8.8.8.8\n timeout 10\n exit\n exit")],
        [(f"warning: {REM1} tunnel-monitor destination 8.8.8.8: leaves max-retries and interval to "
         "defaults made for a monitor without any timing. "
         "Set all of timeout, max-retries and interval, or none")],
    ),
    "a removed key": (
        [("somekey1", "(removed)")],
        [(f"warning: {PRIMARY} pre-shared-key: (removed) stands for the stored key, which this text "
         "does not hold. Write the key where there is none stored")],
    ),
    "weak choices": (
        [with_field(IN_PRIMARY, "phase2-encryption null", "phase2-digest md5", "ike-v2 never",
                    "dpdtimeout 30")],
        [
            (f"warning: {PRIMARY} phase2-encryption: null encrypts nothing. "
            "Use a stronger one, or leave it unset"),
            f"warning: {PRIMARY} phase2-digest: md5 is broken (RFC 8247). Use a stronger one, or leave it unset",
            (f"warning: {PRIMARY} ike-v2: never means IKEv1, which is retired (RFC 9395). "
            "Use a stronger one, or leave it unset"),
        ],
    ),
    "a digest beside an AEAD cipher (PLUGIN-1467)": (
        [with_field(IN_PRIMARY, "phase2-encryption aes_gcm256", "phase2-digest sha2")],
        [f"warning: {PRIMARY} phase2-digest: sha2 is dropped: aes_gcm256 brings its own"],
    ),
    "a group that this Libreswan lacks": (
        [with_field(IN_PRIMARY, "ike-modp modp1024")],
        [(f"warning: {PRIMARY} ike-modp: modp1024 is not supported by Libreswan 4.10. "
         "Use another value, or leave it unset for strong ones")],
    ),
    "fields that nothing acts on": (
        [with_field("address 172.16.5.4", "scope public"),
         ("name               wan\n", "type bridged\n network-namespace x\n"),
         ("name          wanintf\n", "type shared\n enforced-mss 1300\n"),
         with_field(IN_REM1, "vector-name fast")],
        [
            ("warning: authority service ipsec scope: services are not announced to other routers. "
            "It may stay; it changes nothing"),
            (f"warning: {WAN} type: bridged is used as a Linux device that must be there; nothing "
            "makes it. It may stay; it changes nothing"),
            (f"warning: {WAN} network-namespace: only generated device-interfaces are put into a "
            "namespace. It may stay; it changes nothing"),
            (f"warning: {WANINTF} type: shared is treated as external: there are no other routers. "
            "It may stay; it changes nothing"),
            (f"warning: {WANINTF} enforced-mss: the MSS is enforced on the KNIs of remotes only. "
            "Set it on the remotes"),
            (f"warning: {REM1} vector-name: next hops are taken in the order they are written, "
            "whatever their vector. It may stay; it changes nothing"),
        ],
    ),
    "a monitor network on the LAN": (
        [with_field("enabled  true", "tunnel-monitor-nat-network 172.16.1.0/28")],
        [(f"warning: {CLIENT} tunnel-monitor-nat-network: 172.16.1.0/28 overlaps 172.16.1.0/24 of "
         f"{NODE} device-interface lan network-interface lanintf address 172.16.1.2. "
         "Use a network that nothing else uses")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", ERRORS)
def test_errors(rule: str) -> None:
    changes, expected = ERRORS[rule]
    found = told(*changes)
    assert found == expected
    assert any(item.startswith("error: ") for item in found)


@pytest.mark.parametrize("rule", WARNINGS)
def test_warnings(rule: str) -> None:
    changes, expected = WARNINGS[rule]
    found = told(*changes)
    assert found == expected
    assert all(item.startswith("warning: ") for item in found)


FINE: dict[str, list[tuple[str, str]]] = {
    "a gateway by name": [(IN_REM1, "host gateway1.com")],
    "the internal tenant": [with_field(IN_REM1, "tenant _internal_")],
    "a tenant that is a part of an allowed one": [
        ("tenant ipsec\n", "tenant ipsec\n exit\n tenant a.ipsec\n"),
        ("tenant   ipsec", "tenant   a.ipsec"),
    ],
    "a monitor instead of dpddelay": [
        ("dpddelay 10", ""),
        with_field(IN_REM1, MONITOR.format("8.8.8.8", "")),
    ],
    "a full monitor": [
        with_field(
            IN_REM1,
            "tunnel-monitor\n destination 8.8.8.8\n timeout 10\n max-retries 3\n"
            "interval 120\n exit\n exit",
        )
    ],
    "an allowed custom-option": [
        with_field(IN_PRIMARY, "custom-option fragmentation\n value yes\n exit")
    ],
    "both ports of IKE": [
        with_field(
            "address 172.16.5.4",
            "transport udp\n port-range 500\n exit\n port-range 4000\n end-port 4999\n exit\n exit",
        )
    ],
    "a gateway in a connected network": [
        (IN_REM1, "host 172.16.3.77"),
        ("address 172.16.5.4", "address 172.16.5.4\n address 172.16.3.0/24"),
    ],
    "equal identities with one key": [
        (IN_REM2, "host 172.16.4.3"),
        ("profile  secondary", "profile  primary"),
    ],
    "identities of their own": [(IN_REM2, "host 172.16.4.3\n remote-id @second")],
}


@pytest.mark.parametrize("case", FINE)
def test_what_is_fine_is_not_talked_about(case: str) -> None:
    assert told(*FINE[case]) == []


def test_a_series_that_is_named_makes_what_it_lacks_an_error() -> None:
    text = clean().replace(IN_PRIMARY, IN_PRIMARY + "\n ike-modp modp1024")
    (finding,) = examine(text, series=4).findings
    assert finding.severity == "error"
    assert finding.what == "modp1024 is not supported by Libreswan 4.10"


def test_findings_stand_at_their_lines() -> None:
    text = clean().replace(IN_REM1, "").replace("somekey2", "(removed)")
    lines = text.split("\n")
    missing, removed = sorted(examine(text).findings, key=lambda finding: finding.severity)
    assert lines[missing.line - 1].split() == ["remote", "rem1"]
    assert lines[removed.line - 1].split()[0] == "pre-shared-key"
