"""The router's configuration for some cases at once, as an operator would type it, and the addresses in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from ipsec_lab.document import Address, Network, a_host
from ipsec_lab.matrix.combinations import ANY, LIST, Case
from ipsec_lab.shapes import Remote, Service, configuration

LAN, LAN_SIX = "172.31.1.0/24", "2001:db8:1::/64"
_LOCAL_ID = "local-id @router"


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
    return _whole(
        {slot: _remote(slot, case) for slot, case in placed.items()},
        {
            slot: slot.networks(case.inside)[: 2 if case.form == LIST else 1]
            for slot, case in placed.items()
        },
    )


def everything(all_slots: Sequence[Slot]) -> str:
    """One that the lab is built for: every network behind every gateway."""
    return _whole(
        {slot: Remote(slot.name, slot.host, _LOCAL_ID, probed="") for slot in all_slots},
        {slot: (*slot.networks(4), *slot.networks(6)) for slot in all_slots},
    )


def _whole(remotes: Mapping[Slot, Remote], networks: Mapping[Slot, Sequence[str]]) -> str:
    services = {f"net-{slot.name}": Service(networks[slot], [slot.name]) for slot in remotes}
    return configuration(list(remotes.values()), services)


def _remote(slot: Slot, case: Case) -> Remote:
    fields = [f"subnet {network}" for network in slot.subnets(case)]
    fields += [f"local-subnet {network}" for network in slot.local_subnets(case)]
    return Remote(slot.name, slot.host, _profile(case), "\n".join(fields), probed="")


def _profile(case: Case) -> str:
    lines = [_LOCAL_ID]
    for name, value in case.profile().items():
        if name == "custom-option":
            lines += [f"custom-option {one['name']}\nvalue {one['value']}\nexit" for one in value]
        elif isinstance(value, bool):
            lines.append(f"{name} {str(value).lower()}")
        else:
            lines += [f"{name} {word}" for word in ([value] if isinstance(value, str) else value)]
    return "\n".join(lines)
