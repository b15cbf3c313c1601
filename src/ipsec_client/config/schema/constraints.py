"""The rules of ``config.rules`` that YANG can carry, as what YANG has for them. All that are errors there are here.

Each entry is for a kind of element and one of its members; the member "" is the element itself. Those that
need arithmetic on addresses, keys or Libreswan's own tables YANG cannot say: docs/yang.md lists them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipsec_client.config.generated import interface_name
from ipsec_client.config.rules.monitors import LONGEST_HOLD
from ipsec_client.config.rules.names import MOST_REMOTES
from ipsec_client.model import elements as e
from ipsec_client.model.definition import Element
from ipsec_client.model.interfaces import LONGEST_DEVICE
from ipsec_client.model.slots import DESCRIPTION
from ipsec_client.model.values import MILLISECONDS

Place = tuple[type[Element], str]


@dataclass(frozen=True, slots=True)
class Must:
    """An XPath expression that holds, seen from where it stands (RFC 7950, 7.5.3), and what to say if not."""

    test: str
    message: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a name must match, or must not."""

    pattern: str
    match: bool = True


REFERENCES: dict[Place, str] = {
    (e.Remote, "profile"): "../../../../ipsec-profile/name",
    (e.Service, "service-policy"): "/authority/service-policy/name",
    (e.ServiceRoute, "service-name"): "/authority/service/name",
}
"""Where the values of a field come from, as the path of a leafref."""

LIMITS: dict[Place, int] = {
    (e.Node, "ipsec-client"): 1,
    (e.IpsecClient, "remote"): MOST_REMOTES,
}
"""How many entries a list may have."""

_LINUX = Pattern("all|default|lo", match=False)

PATTERNS: dict[Place, tuple[Pattern, ...]] = {
    (e.IpsecClient, "name"): (
        Pattern("[A-Za-z].*"),
        Pattern("(ipsec|mast).*", match=False),
        _LINUX,
    ),
    (e.Remote, "name"): (Pattern("ipsec[0-9]+", match=False), _LINUX),
}
"""What names may be beyond their type."""


def _generated(at: str) -> str:
    """Whether the device-interface at the path (which ends in a slash, or is empty) was generated."""
    return f"({at}description = '{DESCRIPTION}' and {at}type = 'host' and {at}network-namespace)"


_OWN = f"device-interface[not({_generated('')})]"
_INTF = interface_name("")

_NUMBER = "translate(., 'dhms', '')"


def _milliseconds(at: str, bare: str) -> str:
    """The duration at the path in ms, 0 where there is none; a number alone is in the unit ``bare``."""
    number = f"translate({at}, 'dhms', '')"
    units = {
        f"contains({at}, 'ms')": "ms",
        f"(contains({at}, 's') and not(contains({at}, 'm')))": "s",
        f"(contains({at}, 'm') and not(contains({at}, 's')))": "m",
        f"contains({at}, 'h')": "h",
        f"contains({at}, 'd')": "d",
        f"({at} = {number})": bare,
    }
    terms = " + ".join(f"{test} * {MILLISECONDS[unit]}" for test, unit in units.items())
    # concat: a place where nothing is has no number, and sums with it would be none
    return f"number(concat('0', {number})) * ({terms})"


def _at_most(most: int, bare: str) -> str:
    """Whether the duration is at most so many ms; a number alone is in the unit ``bare``."""
    return f"{_milliseconds('.', bare)} <= {most}"


def _linux_name(device: str, interface: str) -> str:
    """What Linux calls the network-interface: ``interfaces.linux_name`` in XPath, which has no condition."""
    name = (
        f"substring({device}name, 1, string-length({device}name) * not({device}target-interface))"
    )
    vlan = f"substring(concat('.', string({interface}vlan)), 1, 5 * ({interface}vlan > 0))"
    return f"concat({device}target-interface, {name}, {vlan})"


_FIRST = "substring-before(., '.')"
_HOSTS = (
    f"not(translate(., '0123456789./', '') = '' and ({_FIRST} = 0 or {_FIRST} = 127 or {_FIRST} >= 224))"
    " and . != '::' and . != '::1' and not(re-match(., 'ff[0-9a-f]{2}:.*'))"
)
"""That a host can have the address, or one of the prefix; other text passes. Addresses are in canonical form."""

_NO_HOST = "No host can have such an address (RFC 6890)"

_LIFETIME = (
    Must(f"{_NUMBER} > 0", "A lifetime is more than no time"),
    Must(_at_most(MILLISECONDS["d"], "s"), "Libreswan would cut a lifetime above 24h"),
)
_TENANT = f". = '{e.INTERNAL_TENANT}' or . = /authority/tenant/name"
_NO_TENANT = "There is no such tenant"
_IPV4 = Must("not(contains(., ':'))", "Only an IPv4 network can be used here")
_V6 = "[contains(., ':')]"
_CARRIED = (
    "../../enabled = 'false' or ../../../subnet"
    " or not(contains(., ':') or translate(., '0123456789.', '') = '')"
    f" or contains(., ':') = boolean(../../../local-subnet{_V6})"
)
_NOT_CARRIED = "The tunnel carries the other version of IP"
_PORT = (
    "concat(string({0}port), substring('80', 1, 2 * (not({0}port) and {0}protocol = 'http')),"
    " substring('53', 1, 2 * (not({0}port) and {0}protocol = 'dns')))"
)
_PROBED = "concat({0}host, substring({0}address, 1, string-length({0}address) * not({0}host)))"
_ALIKE = " and ".join(
    [
        "protocol = current()/protocol",
        f"{_PROBED.format('')} = {_PROBED.format('current()/')}",
        f"{_PORT.format('')} = {_PORT.format('current()/')}",
        *(
            f"string({name}) = string(current()/{name})"
            for name in ("path", "host-header", "query", "query-type")
        ),
    ]
)
"""That a destination asks what the present one asks."""


def _kni_names(node: str) -> tuple[Must, ...]:
    """The name of a KNI and of the network-interface on it are no other's of the node."""
    return (
        Must(
            f"not({node}{_OWN}/name = name) and not({node}{_OWN}/target-interface = name)",
            "This is the name of a device-interface, or of its target-interface, too",
        ),
        Must(
            f"not({node}{_OWN}/network-interface/name = concat(name, '{_INTF}'))",
            "A network-interface bears the name that would be generated",
        ),
    )


_NODE = "../../node[name = current()/node-name or count(../node) = 1]"
_HOP = (
    Must(
        "../../node[name = current()/node-name] or count(../../node) = 1",
        "The router has no such node",
    ),
    Must(
        f"not({_NODE}/ipsec-client[concat(name, '{_INTF}') = current()/interface])",
        "Only encrypted packets come from the egress KNI",
    ),
    Must(
        f"{_NODE}/{_OWN}/network-interface[name = current()/interface]"
        f" or {_NODE}/ipsec-client/remote[concat(name, '{_INTF}') = current()/interface]",
        "The node has no such network-interface",
    ),
)

MUSTS: dict[Place, tuple[Must, ...]] = {
    (e.IpsecProfile, "ike-lifetime"): _LIFETIME,
    (e.IpsecProfile, "connection-lifetime"): _LIFETIME,
    (e.IpsecProfile, "authentication-protocol"): (
        Must(". != 'ah'", "AH does not pass the source NAT of encrypted packets"),
    ),
    (e.IpsecClient, ""): _kni_names("../"),
    (e.IpsecClient, "tenant"): (Must(_TENANT, _NO_TENANT),),
    (e.IpsecClient, "plugin-network"): (
        _IPV4,
        Must(f"substring-after(., '/') < 8 or {_HOSTS}", _NO_HOST),
        Must(
            "contains(., '/') and substring-after(., '/') <= 30 - (count(../remote) > 0) - (count(../remote) > 1)"
            " - (count(../remote) > 3)",
            "The network has no /30 for the egress and each remote",
        ),
    ),
    (e.IpsecClient, "tunnel-monitor-nat-network"): (_IPV4,),
    (e.IpsecClient, "hold-down"): (
        Must(_at_most(LONGEST_HOLD, "s"), "No hold-down is longer than 300s"),
    ),
    (e.Remote, ""): (
        *_kni_names("../../"),
        Must("name != ../name", "The ipsec-client bears this name"),
        Must(
            f"not(subnet{_V6} or local-subnet{_V6})"
            " or count(subnet) <= 1 and count(local-subnet) <= 1"
            f" and count(subnet | local-subnet) = count(subnet{_V6} | local-subnet{_V6})",
            "Networks of a remote are several IPv4 ones, or one IPv6 one at each end",
        ),
        Must(
            "not(contains(host, ':')) or count(subnet) <= 1 and count(local-subnet) <= 1",
            "Behind an IPv6 gateway a remote has one network at each end",
        ),
    ),
    (e.Remote, "host"): (
        Must(_HOSTS, _NO_HOST),
        Must(
            f"not(. = ../../../{_OWN}/network-interface/address/ip-address)",
            "This is an address of the node itself",
        ),
    ),
    (e.Remote, "tenant"): (Must(_TENANT, _NO_TENANT),),
    (e.TunnelMonitor, "destinations-required"): (
        Must(
            "../enabled = 'false' or not(../destination) or . <= count(../destination)",
            "There are fewer destinations",
        ),
    ),
    (e.MonitorDestination, ""): (
        Must(
            "../enabled = 'false' or protocol != 'tcp' or port",
            "The port of a TCP service has to be written",
        ),
        Must(
            "../enabled = 'false' or protocol != 'dns' or query",
            "There is nothing to ask the name server for",
        ),
        Must(
            f"../enabled = 'false' or count(../destination[{_ALIKE}]) = 1",
            "Another destination asks the same",
        ),
    ),
    (e.MonitorDestination, "address"): (Must(f"../host or {_CARRIED}", _NOT_CARRIED),),
    (e.MonitorDestination, "host"): (Must(_CARRIED, _NOT_CARRIED),),
    (e.MonitorDestination, "port"): (
        Must("../../enabled = 'false' or ../protocol != 'icmp'", "ICMP has no ports"),
    ),
    **{
        (e.MonitorDestination, name): (
            Must("../../enabled = 'false' or ../protocol = 'http'", "Only HTTP has this"),
        )
        for name in ("path", "host-header")
    },
    (e.MonitorDestination, "expected-status"): (
        Must("../../enabled = 'false' or ../protocol = 'http'", "Only HTTP has this"),
        Must(
            "../../enabled = 'false' or not(contains(., '-'))"
            " or substring-before(., '-') <= substring-after(., '-')",
            "The range holds no status",
        ),
    ),
    (e.MonitorDestination, "query"): (
        Must("../../enabled = 'false' or ../protocol = 'dns'", "Only DNS has this"),
        Must(
            "../../enabled = 'false' or not(contains(., ':') or translate(., '0123456789.', '') = '')",
            "Name servers are asked for names",
        ),
    ),
    (e.MonitorDestination, "query-type"): (
        Must("../../enabled = 'false' or ../protocol = 'dns'", "Only DNS has this"),
    ),
    (e.MonitorDestination, "timeout"): (
        Must(f"../../enabled = 'false' or {_NUMBER} > 0", "No time is left for an answer"),
    ),
    (e.MonitorDestination, "latency-limit"): (
        Must(
            f"../../enabled = 'false' or {_NUMBER} > 0 and"
            f" {_milliseconds('.', 'ms')} < 800 * not(../timeout) + {_milliseconds('../timeout', 's')}",
            "No answer is later than timeout",
        ),
    ),
    (e.NetworkInterface, ""): (
        Must(
            f"{_generated('../')} or "
            f"count(../../{_OWN}/network-interface[name = current()/name]) = 1",
            "Another device-interface of the node has a network-interface of this name",
        ),
        Must(
            f"{_generated('../')} or string-length({_linux_name('../', '')}) <= {LONGEST_DEVICE}",
            f"Names in Linux have {LONGEST_DEVICE} characters, with the vlan",
        ),
        Must(
            f"{_generated('../')} or count(../../{_OWN}/network-interface"
            f"[{_linux_name('../', '')} = {_linux_name('current()/../', 'current()/')}]) = 1",
            "Another network-interface of the node has this device and vlan",
        ),
    ),
    (e.NetworkInterface, "tenant"): (Must(f"{_TENANT} or {_generated('../../')}", _NO_TENANT),),
    (e.InterfaceAddress, ""): (
        Must(
            f"{_generated('../../')} or count(../../../{_OWN}/network-interface"
            "/address[ip-address = current()/ip-address]) = 1",
            "Another network-interface of the node has this address",
        ),
    ),
    (e.InterfaceAddress, "ip-address"): (Must(f"{_generated('../../../')} or {_HOSTS}", _NO_HOST),),
    (e.InterfaceAddress, "gateway"): (
        Must(
            f"{_generated('../../../')} or . != ../ip-address",
            "This is the interface's own address",
        ),
    ),
    (e.PortRange, ""): (
        Must("../protocol = 'tcp' or ../protocol = 'udp'", "This protocol has no ports"),
    ),
    (e.PortRange, "end-port"): (Must(". >= ../start-port", "This is below start-port"),),
    (e.InterfaceAddress, "prefix-length"): (
        Must(
            f". <= 32 or contains(../ip-address, ':') or {_generated('../../../')}",
            "An IPv4 address has 32 bits",
        ),
    ),
    (e.NextHop, ""): _HOP,
}
"""What holds between fields."""
