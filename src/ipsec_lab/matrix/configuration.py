"""The router's configuration for some cases at once, as an operator would type it, and the addresses in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from ipsec_lab.document import Address, Network, a_host
from ipsec_lab.matrix.combinations import ANY, LIST, Case

LAN, LAN_SIX = "172.31.1.0/24", "2001:db8:1::/64"


@dataclass(frozen=True)
class Slot:
    """A place for one case: a remote with its gateway, and two networks of each version of IP behind it."""

    number: int
    outside: int

    @property
    def name(self) -> str:
        """The remote's name."""
        return f"m{self.number}"

    @property
    def host(self) -> str:
        """The gateway's address."""
        return f"172.16.{self.number}.3" if self.outside == 4 else f"2001:db8:16:{self.number}::3"

    def networks(self, inside: int) -> tuple[str, str]:
        """The two networks behind the gateway, of a version of IP."""
        if inside == 4:
            return f"192.0.{self.number}.0/25", f"192.0.{self.number}.128/25"
        return f"2001:db8:7:{self.number}::/64", f"2001:db8:8:{self.number}::/64"

    def subnets(self, case: Case) -> tuple[str, ...]:
        """What the remote's `subnet` lists; empty where it is left out."""
        if case.form == ANY:
            return () if case.inside == 4 else ("::/0",)
        return self.networks(case.inside)[: 2 if case.form == LIST else 1]

    def local_subnets(self, case: Case) -> tuple[str, ...]:
        """What its `local-subnet` lists."""
        if case.form == ANY:
            return ()
        return (LAN if case.inside == 4 else LAN_SIX,)

    def targets(self, case: Case) -> tuple[Address, ...]:
        """The hosts to be reached through the tunnel: one in each network that it carries."""
        carried = 1 if case.form != LIST else 2
        return tuple(a_host(_network(text)) for text in self.networks(case.inside)[:carried])


def slots(number: int) -> tuple[Slot, ...]:
    """So many, half of them with gateways that are reached by IPv6."""
    return tuple(Slot(place + 1, 4 if place < (number + 1) // 2 else 6) for place in range(number))


def _network(text: str) -> Network:
    return ip_network(text)


def text(placed: Mapping[Slot, Case]) -> str:
    """The configuration with a remote for each case."""
    services = {
        slot: slot.networks(case.inside)[: 2 if case.form == LIST else 1]
        for slot, case in placed.items()
    }
    remotes = "".join(_remote(slot, case) for slot, case in placed.items())
    return _whole(services, "".join(_profile(*each) for each in placed.items()), remotes)


def everything(all_slots: Sequence[Slot]) -> str:
    """One that the lab is built for: every network behind every gateway."""
    services = {slot: (*slot.networks(4), *slot.networks(6)) for slot in all_slots}
    profiles = "".join(
        f"ipsec-profile p-{slot.name}\npre-shared-key key-of-{slot.name}\nlocal-id @router\nexit\n"
        for slot in all_slots
    )
    remotes = "".join(
        f"remote {slot.name}\nhost {slot.host}\nprofile p-{slot.name}\nexit\n" for slot in all_slots
    )
    return _whole(services, profiles, remotes)


def _whole(services: Mapping[Slot, Sequence[str]], profiles: str, remotes: str) -> str:
    return f"""\
config
authority
tenant ipsec
exit
tenant lan
exit
{"".join(_service(slot, networks) for slot, networks in services.items())}\
service ipsec
address 172.16.0.0/16
address 2001:db8:16::/48
access-policy ipsec
exit
exit
router router1
{profiles}\
node node1
{_interface("lan", "172.31.1.2", "2001:db8:1::2", "tenant lan", gateways=False)}\
{_interface("wan", "172.31.3.2", "2001:db8:3::2", "", gateways=True)}\
ipsec-client client1
tenant ipsec
{remotes}\
exit
exit
{"".join(_route(slot) for slot in services)}\
service-route ipsec
service-name ipsec
next-hop node1 wanintf
exit
exit
exit
exit
exit
"""


def _service(slot: Slot, networks: Sequence[str]) -> str:
    addresses = "".join(f"address {network}\n" for network in networks)
    return f"service net-{slot.name}\n{addresses}access-policy lan\nexit\nexit\n"


def _interface(name: str, four: str, six: str, more: str, *, gateways: bool) -> str:
    addresses = ""
    for address, length in ((four, 24), (six, 64)):
        next_hop = f"gateway {address[:-1]}5\n" if gateways else ""
        addresses += f"address {address}\nprefix-length {length}\n{next_hop}exit\n"
    return f"device-interface {name}\nnetwork-interface {name}intf\n{more}\n{addresses}exit\nexit\n"


def _profile(slot: Slot, case: Case) -> str:
    lines = [f"ipsec-profile p-{slot.name}", f"pre-shared-key key-of-{slot.name}"]
    lines.append("local-id @router")
    for name, value in case.profile().items():
        if name == "custom-option":
            lines += [f"custom-option {one['name']}\nvalue {one['value']}\nexit" for one in value]
        elif isinstance(value, bool):
            lines.append(f"{name} {str(value).lower()}")
        else:
            lines += [f"{name} {word}" for word in ([value] if isinstance(value, str) else value)]
    return "\n".join((*lines, "exit", ""))


def _remote(slot: Slot, case: Case) -> str:
    lines = [f"remote {slot.name}", f"host {slot.host}", f"profile p-{slot.name}"]
    lines += [f"subnet {network}" for network in slot.subnets(case)]
    lines += [f"local-subnet {network}" for network in slot.local_subnets(case)]
    return "\n".join((*lines, "exit", ""))


def _route(slot: Slot) -> str:
    return (
        f"service-route net-{slot.name}\nservice-name net-{slot.name}\n"
        f"next-hop node1 {slot.name}-intf\nexit\nexit\n"
    )
