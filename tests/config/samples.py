"""Texts for every type of value: right ones, and ones that are wrong, at the edge, or right in some places only.

What a name refers to comes from a few names that every tree of ``variants`` defines. Networks, hosts and keys are
chosen so that none of the rules is broken that YANG cannot carry.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from ipsec_client.base.secret import REMOVED
from ipsec_client.config.generated import interface_name
from ipsec_client.config.schema.constraints import Place
from ipsec_client.model import elements as e
from ipsec_client.model.definition import Element, Leaf, Member
from ipsec_client.model.slots import DESCRIPTION

TENANTS = ("lan", "ipsec", "a.lan")
SERVICES = ("s1", "s2")
PROFILES = ("p1", "p2")
POLICIES = ("policy1", "policy2")
NODES = ("n1", "n2")
DEVICES = {"lan": "lan-intf", "wan": "uplink"}
CLIENT = "client1"
REMOTES = ("rem1", "rem2", "rem3", "rem4", "rem5")

Chosen = Callable[[Random], str]


def _of(*texts: str) -> Chosen:
    return lambda random: random.choice(texts)


_LONG = "x" * 300
_BAD_NAMES = ("a b", "é", "a.b", "a/b", "", "a\tb", _LONG[:12], _LONG[:13], _LONG[:63], _LONG[:64])
_V4 = ("203.0.113.7", "198.51.100.250")

GOOD: dict[str, Chosen] = {
    "name-id": lambda random: f"name-{random.randrange(10**9)}_",
    "device-name": lambda random: f"d{random.randrange(10**9)}",
    "network-namespace": _of("ns1", "a-b_c"),
    "tenant-name": _of(*TENANTS),
    "source-spec": _of(*TENANTS, "lan@10.0.0.0/8", "10.0.0.0/8", "nobody"),
    "linux-interface": lambda random: f"eth{random.randrange(10**6)}",
    "identity": lambda random: f"@id{random.randrange(10**9)}.example",
    "option-name": _of("narrowing"),
    "string": _of("", "some text", 'a "quoted" \\ one', "é – ü", "#"),
    "boolean": _of("true", "false"),
    "duration": _of("10", "1s", "30m", "8h", "1d", "86400", "1440m", "86400000ms"),
    "host": _of("gw.example", *_V4),
    "ip-address": _of(*_V4, "2001:db8::1"),
    "ip-prefix": lambda random: f"10.{random.randrange(256)}.0.0/{random.randint(16, 32)}",
    "password": _of(REMOVED),
    "http-path": _of("/", "/vpntest", "/a?b=c&d"),
    "http-status": _of("200", "200-299", "301-404"),
}
"""Values of each type that are right wherever the type is."""

GOOD_AT: dict[Place, Chosen] = {
    (e.Service, "service-policy"): _of(*POLICIES),
    (e.PortRange, "end-port"): _of("4500", "65535"),
    (e.IpsecClient, "hold-down"): _of("0", "10", "300s", "5m"),
}

SPOILT: dict[str, tuple[str, ...]] = {
    "name-id": (*_BAD_NAMES, *TENANTS, *SERVICES, *PROFILES, *NODES, "n3", CLIENT),
    "device-name": (
        *_BAD_NAMES, *DEVICES, CLIENT, "ipsec1", "ipsecs", "mast", "mast1", "lo", "all", "default",
        "1c", "_c", "-c", "rem1", "rem9",
    ),
    "network-namespace": (*_BAD_NAMES, "1n", _LONG[:50], _LONG[:51]),
    "tenant-name": (*_BAD_NAMES, "_internal_", "nobody", "a..b", ".a", "a.", "b.lan", _LONG[:256]),
    "source-spec": (*_BAD_NAMES, "a,b", "a;b", _LONG[:255], _LONG[:256]),
    "linux-interface": (*_BAD_NAMES, _LONG[:15], _LONG[:16], "a:b", "a'b", 'a"b', "lan", "wan", "rem1", CLIENT),
    "identity": (*_BAD_NAMES, "a@b", "a{", "a;b", "a\\b", "%any", "2001:db8::1", _LONG[:255], _LONG[:256]),
    "option-name": ("1x", "a b", "", "a.b", _LONG[:64]),
    "string": ("a\tb", "a\x1bb", "\u2028", "a\u00a0b", "\u00ad", "é", "\U0001f600", _LONG),
    "boolean": ("yes", "TRUE", "", "1"),
    "duration": (
        "0", "0ms", "0h", "1ms", "24h", "25h", "1d", "2d", "86401", "86401s", "1441m", "86400001ms",
        "1w", "-1s", "1.5s", "", "1 h", "24H", "9" * 12, "9" * 13, "ms",
    ),
    "ip-address": (
        "1.2.3", "1.2.3.400", "01.2.3.4", "1.2.3.4/24", "fe80::1%eth0", "::", "1::2::3", "::ffff:1.2.3.4",
        "127.0.0.1", "224.0.0.1", "0.1.2.3", "255.255.255.255", "FF02::1", "ff::1", "::1",
        "2001:DB8::1", "12345::", "10.0.1.1", "10.1.1.1", "a", "", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9",
    ),
    "ip-prefix": (
        "0.0.0/0", "0.0.0.0/0", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/255.0.0.0", "fe80::1%eth0", "::/0",
        "2001:db8::/32", "2001:db8::1/32", "2001:DB8::/32", "2001:db8::/129", "::/00", ":::", "1:2:3:4:5:6:7::/64",
        "1:2:3:4:5:6:7:8::", "::ffff:1.2.3.4/100", "1:2:3:4:5:6:7:1.2.3.4", "1::2::3/64",
        "12345::/16", "10.0.0.1/8", "2001:db8::1", "203.0.113.7", "203.0.113.0/24", "203.0.113.0/",
        "", "lan",
    ),
    "host": (
        "127.0.0.1", "224.1.1.1", "0.0.0.0", "ff02::1", "127.example", "0.example", "10.0.0.1", "10.1.1.1",
        "gw.example.com", "1.2.3.400", "-a.example", "a-.example", "a_.b", "a.b.", "a..b", ".", "1.2.3.4.",
        "123", "a.123", "a.123.", "é.example", "", "2001:db8::1", "fe80::1%eth0", "::1", "a b",
        _LONG[:63], _LONG[:64], ".".join([_LONG[:62]] * 4), ".".join([_LONG[:62]] * 4) + ".x",
        ".".join([_LONG[:62]] * 4) + ".xy",
    ),
    "http-path": ("", "a", "/a b", "/a#b", '/a"b', "/é", "/" + _LONG, "/" + 1023 * "x", "/" + 1024 * "x"),
    "http-status": (
        "", "99", "600", "2000", "200-", "200-199", "404-301", "299-200", "500-100", "200-200", "200-600", "2xx",
    ),
    "password": ("", 'a"b', "a\tb", "a\u2028b"),
}  # fmt: skip
"""Values of each type that are wrong, at the edge, or right in some places only."""

PLUGIN_NETWORKS = (
    "169.254.129.0/27", "169.254.129.0/26", "169.254.129.0/28", "169.254.129.0/29", "169.254.129.0/30",
    "169.254.129.0/31", "169.254.129.0/32", "169.254.129.0", "fd00::/24", "fd00::1", "169.254.129.0/27x", "",
    "127.0.0.0/24", "224.0.0.0/24", "0.1.2.0/24",
)  # fmt: skip
MONITOR_NETWORKS = (
    "10.128.128.0/28",
    "10.128.128.0/24",
    "10.128.128.3/27",
    "fd00::/64",
    "10/8",
    "",
)
_KNIS = ("wan", "rem1", "rem4", CLIENT, "nix")
_HOPS = (*DEVICES.values(), *map(interface_name, _KNIS), "lan")

SPOILT_AT: dict[Place, tuple[str, ...]] = {
    (e.IpsecClient, "plugin-network"): PLUGIN_NETWORKS,
    (e.IpsecClient, "tunnel-monitor-nat-network"): MONITOR_NETWORKS,
    (e.InterfaceAddress, "prefix-length"): ("-1", "8", "32", "33", "128", "129", "", "x"),
    (e.NextHop, "interface"): _HOPS,
    (e.NetworkInterface, "name"): _HOPS,
    (e.DeviceInterface, "description"): (DESCRIPTION, "x"),
    (e.MonitorDestination, "protocol"): ("icmp", *4 * ("tcp", "dns"), "http", "udp", ""),
}


def spoilt(element: type[Element], leaf: Member) -> tuple[str, ...]:
    """What a field may be spoilt with."""
    assert isinstance(leaf, Leaf)
    kind = leaf.type
    if (element, leaf.name) in SPOILT_AT:
        return SPOILT_AT[element, leaf.name]
    if kind.least is not None and kind.most is not None:
        numbers = (kind.least - 1, kind.least, kind.most, kind.most + 1, 33, 32)
        return (*kind.choices, *map(str, numbers), "", "x", "1.5", "Automatic")
    return SPOILT.get(kind.name) or (*kind.choices, "", "x", kind.choices[0].upper())


def good(random: Random, element: type[Element], leaf: Leaf) -> str:
    """A value that is right in the field, whatever the others are."""
    kind = leaf.type
    if (element, leaf.name) in GOOD_AT:
        return GOOD_AT[element, leaf.name](random)
    if kind.name in GOOD:
        return GOOD[kind.name](random)
    if kind.choices:
        return random.choice([word for word in kind.choices if word != "ah"])
    assert kind.least is not None
    assert kind.most is not None
    return str(random.randint(kind.least, kind.most))
