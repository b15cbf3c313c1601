"""Each rule that warns, by the one change to a text without findings that it speaks of, and what is fine."""

from __future__ import annotations

import pytest

from ipsec_client.config.examine import examine
from tests.config.change import (
    CLIENT,
    HOP1,
    IN_PRIMARY,
    IN_REM1,
    IN_REM2,
    MONITOR,
    NODE,
    PRIMARY,
    REM1,
    REM2,
    ROUTER,
    WAN,
    WANINTF,
    told,
    with_field,
)
from tests.configs import clean


def test_the_clean_text_is_clean() -> None:
    assert told() == []


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
         ("name          wanintf\n", "type shared\n icmp drop\n")],
        [
            ("warning: authority service ipsec scope: services are not announced to other routers. "
            "It may stay; it changes nothing"),
            (f"warning: {WAN} type: bridged is used as a Linux device that must be there; nothing "
            "makes it. It may stay; it changes nothing"),
            (f"warning: {WAN} network-namespace: only generated device-interfaces are put into a "
            "namespace. It may stay; it changes nothing"),
            (f"warning: {WANINTF} type: shared is treated as external: there are no other routers. "
            "It may stay; it changes nothing"),
            (f"warning: {WANINTF} icmp: nothing acts on it. It may stay; it changes nothing"),
        ],
    ),
    "a vector that orders nothing": (
        [with_field(IN_REM1, "vector-name fast")],
        [(f"warning: {REM1} vector-name: orders nothing: no service-policy has a vector of this "
         "name. Add it to a service-policy")],
    ),
    "a service that applies to no router": (
        [with_field("address 172.16.5.4",
         "applies-to router\n router-name router7\n exit\n applies-to router-group\n group-name g\n exit")],
        [
            ("warning: authority service ipsec applies-to router router-name: there is no router "
            "router7. Did you mean router1?"),
            ("warning: authority service ipsec applies-to router-group group-name: no router is in "
            "group g. Add group g to a router"),
            (f"warning: {REM1} host: no service covers 172.16.4.3, so no IKE leaves for it. "
            "Add 172.16.4.3 to a service that allows tenant ipsec"),
            (f"warning: {REM2} host: no service covers 172.16.5.4, so no IKE leaves for it. "
            "Add 172.16.5.4 to a service that allows tenant ipsec"),
            (f"warning: {ROUTER} service-route ipsec service-name: service ipsec does not apply to "
            "router router1. Add the router to its applies-to"),
        ],
    ),
    "a monitor network on the LAN": (
        [with_field("enabled  true", "tunnel-monitor-nat-network 172.16.1.0/28")],
        [(f"warning: {CLIENT} tunnel-monitor-nat-network: 172.16.1.0/28 overlaps 172.16.1.0/24 of "
         f"{NODE} device-interface lan network-interface lanintf address 172.16.1.2. "
         "Use a network that nothing else uses")],
    ),
}  # fmt: skip


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
