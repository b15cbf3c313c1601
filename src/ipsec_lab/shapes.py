"""Configurations for labs of other shapes than the demo's: any gateways, any services over them, IPv4 and IPv6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OUTSIDE = ("172.16.0.0/19", "2001:db8:16::/48")
"""Where gateways may be."""
LAN, WAN = "172.31.1.2", "172.31.3.2"
LAN_SIX, WAN_SIX = "2001:db8:1::2", "2001:db8:3::2"
PROBED, PROBED_SIX = "8.8.8.8", "2001:db8:8::8"


@dataclass(frozen=True)
class Remote:
    """A remote; ``profile`` and ``fields`` are further lines of its profile and of its own. ``probed`` is what its
    monitor asks, if it has one.
    """

    name: str
    host: str
    profile: str = ""
    fields: str = ""
    probed: str = PROBED


@dataclass(frozen=True)
class Service:
    """Networks that the LAN reaches by these remotes, in this order."""

    addresses: Sequence[str]
    remotes: Sequence[str]


def configuration(
    remotes: Sequence[Remote],
    services: Mapping[str, Service],
    *,
    client: str = "",
    lan: str = "",
    wan: str = "",
) -> str:
    """A router with these remotes, all dual-stack; the last three are further lines of the client and interfaces."""
    return f"""\
config
authority
tenant ipsec
exit
tenant lan
exit
{"".join(_service(name, service) for name, service in services.items())}
service ipsec
{_addresses(OUTSIDE)}
access-policy ipsec
exit
exit
router router1
{"".join(_profile(remote) for remote in remotes)}
node node1
{_interface("lan", LAN, LAN_SIX, f"tenant lan{chr(10)}{lan}", gateways=False)}
{_interface("wan", WAN, WAN_SIX, wan, gateways=True)}
ipsec-client client1
tenant ipsec
{client}
{"".join(_remote(remote) for remote in remotes)}
exit
exit
{"".join(_routes(name, service) for name, service in services.items())}
service-route ipsec
service-name ipsec
next-hop node1 wanintf
exit
exit
exit
exit
exit
"""


def _addresses(networks: Sequence[str]) -> str:
    return "\n".join(f"address {network}" for network in networks)


def _service(name: str, service: Service) -> str:
    return f"service {name}\n{_addresses(service.addresses)}\naccess-policy lan\nexit\nexit\n"


def _profile(remote: Remote) -> str:
    return f"ipsec-profile p-{remote.name}\npre-shared-key key-of-{remote.name}\n{remote.profile}\nexit\n"


def _interface(name: str, four: str, six: str, more: str, *, gateways: bool) -> str:
    addresses = ""
    for address, length in ((four, 24), (six, 64)):
        next_hop = f"gateway {address[:-1]}5\n" if gateways else ""
        addresses += f"address {address}\nprefix-length {length}\n{next_hop}exit\n"
    return f"device-interface {name}\nnetwork-interface {name}intf\n{more}\n{addresses}exit\nexit\n"


def _remote(remote: Remote) -> str:
    monitor = f"tunnel-monitor\ndestination {remote.probed}\nexit\nexit\n" if remote.probed else ""
    return (
        f"remote {remote.name}\nhost {remote.host}\nprofile p-{remote.name}\n{remote.fields}\n"
        f"{monitor}exit\n"
    )


def _routes(name: str, service: Service) -> str:
    return "".join(
        f"service-route {name}-{remote}\nservice-name {name}\n"
        f"next-hop node1 {remote}-intf\nexit\nexit\n"
        for remote in service.remotes
    )
