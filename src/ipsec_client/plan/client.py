"""The inside of a client: its namespace, KNIs, tunnel devices, tables, firewall, pluto and connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ipsec_client.base.errors import InputFault
from ipsec_client.dialect import algorithms, render
from ipsec_client.dialect.series import NEW, RUNNING, runs
from ipsec_client.model.access import inside_version, outside_version
from ipsec_client.model.elements import IpsecClient, IpsecProfile, Remote
from ipsec_client.model.slots import PREFIX_LENGTH_SIX, Slot, probe_source, slots
from ipsec_client.model.values import ADDRESS
from ipsec_client.plan.forwarding import Forwarding, ask_again, known_to_be_alone
from ipsec_client.plan.objects import (
    LAST_METRIC,
    MAIN_TABLE,
    PROBE_MARK,
    Connection,
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
from ipsec_client.plan.ruleset import Chain, clamp, names, table
from ipsec_client.wire.document import Document


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A remote with all that follows from its slot: names and numbers in the namespace."""

    remote: Remote
    profile: IpsecProfile
    slot: Slot

    @property
    def device(self) -> str:
        """The XFRM interface; Libreswan 4 names it so for ``ipsec-interface=<slot>``."""
        return f"ipsec{self.slot.index}"

    @property
    def version(self) -> int:
        """The version of IP that it carries."""
        return inside_version(self.remote)

    @property
    def towards(self) -> int:
        """The table from the KNI to the tunnel."""
        return 100 + self.slot.index

    @property
    def back(self) -> int:
        """The table from the tunnel to the KNI; 253 to 255 are the kernel's own (rtnetlink.h)."""
        index = self.slot.index
        return 200 + index if index < 53 else 203 + index


def route_back(netns: str, tunnel: Tunnel) -> Route:
    """The way of decrypted packets to the KNI; the kernel drops it when the KNI's end goes down."""
    via = tunnel.slot.router_six if tunnel.version == 6 else tunnel.slot.router
    return Route(
        netns, tunnel.back, "default", 0, tunnel.version, dev=tunnel.remote.name, via=str(via)
    )


@dataclass(frozen=True)
class Inside:
    """The client of a document. ``hosts`` has the addresses of gateways that are named, as far as known."""

    document: Document
    client: IpsecClient
    forwarding: Forwarding
    hosts: Mapping[str, str]
    series: int
    given: bool = False  # the KNIs, by the router itself

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """The slot of the egress KNI and of each remote's; raises InputFault where there is room for none."""
        found = slots(self.document.node, self.client)
        if self.client.name not in found:
            raise InputFault(f"the plugin-network of {self.client.name} has no room")
        return found

    @property
    def six(self) -> bool:
        """Whether a gateway is reached by IPv6."""
        return any(outside_version(remote) == 6 for remote in self.client.remote)

    @property
    def local(self) -> frozenset[str]:
        """The namespace's addresses of the egress KNI, which encrypted packets are sent from."""
        egress = self.slots[self.client.name]
        return frozenset(str(egress.of_namespace(version)) for version in (4, 6))

    @cached_property
    def tunnels(self) -> list[Tunnel]:
        """The client's remotes in configuration order; raises InputFault where one lacks what it stands on."""
        profiles = {profile.name: profile for profile in self.document.router.ipsec_profile}
        found = []
        for remote in self.client.remote:
            profile, slot = profiles.get(remote.profile or ""), self.slots.get(remote.name)
            if profile is None:
                raise InputFault(f"remote {remote.name} names no ipsec-profile that is there")
            if slot is None:
                raise InputFault(f"remote {remote.name} has no room in the plugin-network")
            found.append(Tunnel(remote, profile, slot))
        return found

    def objects(self) -> Iterator[Object]:
        """All that the namespace holds, by phase."""
        netns = self.client.name
        yield Namespace(netns)
        yield self.firewall()
        yield from self._sysctls()
        egress = self.slots[netns]
        yield self._kni(netns, egress, ingress=False, six=self.six)
        yield Route(netns, MAIN_TABLE, "default", 0, dev=netns, via=str(egress.router))
        if self.six:
            yield Route(netns, MAIN_TABLE, "default", 0, 6, dev=netns, via=str(egress.router_six))
        for tunnel in self.tunnels:
            six = tunnel.version == 6
            yield self._kni(tunnel.remote.name, tunnel.slot, ingress=True, six=six)
            yield TunnelDevice(
                tunnel.device, netns, tunnel.slot.index, self._mtu(tunnel), self.series >= NEW
            )
            yield from self._routing(tunnel)
        yield Pluto(netns, netns, render.setup(self.document, self.series))
        given = render.conns(self.document, self.slots, self.hosts, self.series)
        for remote, conn in given.items():
            if remote in self.refused:
                continue
            yield Connection(conn.name, netns, remote, conn.options)

    def _kni(self, name: str, slot: Slot, *, ingress: bool, six: bool) -> Kni:
        router, namespace = (f"{end}/{slot.prefix_length}" for end in (slot.router, slot.namespace))
        if six:
            router += f" {slot.router_six}/{PREFIX_LENGTH_SIX}"
            namespace += f" {slot.namespace_six}/{PREFIX_LENGTH_SIX}"
        netns = self.client.name
        if self.given:
            return Kni(name, netns, "", namespace, ingress, given=True)
        return Kni(name, netns, router, namespace, ingress)

    def _mtu(self, tunnel: Tunnel) -> int:
        """The tunnel device's, in bytes."""
        gateway = render.gateway(tunnel.remote, self.hosts)
        path = algorithms.PATH_MTU
        if gateway:
            path = self.forwarding.path_mtu(ADDRESS.read(gateway), self.client.tenant)
        version = 6 if gateway and ":" in gateway else 4
        mtu = tunnel.profile.mtu or algorithms.tunnel_mtu(path, tunnel.profile, version)
        return max(mtu, algorithms.LEAST_SIX) if tunnel.version == 6 else mtu

    @cached_property
    def refused(self) -> dict[str, str]:
        """Why this node's Libreswan cannot run a remote, by remote: its values are used exactly or not at all."""
        found = {}
        for tunnel in self.tunnels:
            if not runs(self.series):
                found[tunnel.remote.name] = (
                    f"runs on Libreswan {RUNNING}, not on this node's. Install one of these"
                )
                continue
            reasons = [
                *algorithms.refusals(tunnel.profile, self.series),
                *algorithms.remote_refusals(tunnel.remote, self.series),
            ]
            if reasons:
                field, reason, cure = reasons[0]
                found[tunnel.remote.name] = f"{field} {reason}. {cure}"
        return found

    @property
    def unresolved(self) -> dict[str, str]:
        """The remotes whose gateway has a name and no address yet: the name by remote."""
        return {
            remote.name: remote.host or ""
            for remote in self.client.remote
            if render.gateway(remote, self.hosts) is None
        }

    def _sysctls(self) -> Iterator[Sysctl]:
        for key, value in (
            ("net/ipv4/ip_forward", "1"),
            ("net/ipv4/conf/all/rp_filter", "0"),
            ("net/ipv4/conf/default/rp_filter", "0"),
            ("net/ipv4/conf/all/send_redirects", "0"),
            ("net/ipv4/conf/default/send_redirects", "0"),
            ("net/ipv4/conf/all/accept_redirects", "0"),
            ("net/ipv6/conf/default/accept_ra", "0"),
        ):
            yield Sysctl(self.client.name, key, value, phase=Phase.NAMESPACE)
        if any(tunnel.version == 6 for tunnel in self.tunnels):
            # A KNI that is lowered would lose its IPv6 address, which nothing gives it again.
            for key in ("forwarding", "keep_addr_on_down"):
                path = f"net/ipv6/conf/all/{key}"
                yield Sysctl(self.client.name, path, "1", phase=Phase.NAMESPACE)
        for tunnel in self.tunnels:
            if tunnel.version == 6:
                yield known_to_be_alone(self.client.name, tunnel.remote.name)
            for family in sorted({4, tunnel.version}):
                yield ask_again(self.client.name, tunnel.remote.name, family)

    def _routing(self, tunnel: Tunnel) -> Iterator[Object]:
        netns, index, version = self.client.name, tunnel.slot.index, tunnel.version
        for family in sorted({4, version}):
            yield Rule(netns, 1000 + index, tunnel.towards, family, iif=tunnel.remote.name)
            yield Rule(netns, 1100 + index, tunnel.back, family, iif=tunnel.device)
            yield Rule(netns, 1200 + index, tunnel.towards, family, oif=tunnel.device)
            for place in (tunnel.towards, tunnel.back):
                yield Route(netns, place, "default", LAST_METRIC, family)
        subnets = [str(prefix.network) for prefix in tunnel.remote.subnet] or ["default"]
        metric = tunnel.profile.metric or 0
        for subnet in dict.fromkeys(subnets):
            to = "default" if subnet in ("0.0.0.0/0", "::/0") else subnet
            yield Route(netns, tunnel.towards, to, metric, version, dev=tunnel.device)
        yield route_back(netns, tunnel)

    def firewall(self) -> Firewall:
        """The namespace's nftables table: KNI and tunnel in pairs; by the egress only IKE, ESP and their ICMP."""
        egress = f'"{self.client.name}"'
        tunnels = names(tunnel.device for tunnel in self.tunnels)
        knis = names(tunnel.remote.name for tunnel in self.tunnels)
        into = Chain("input", "type filter hook input priority filter; policy drop;")
        into.add('iifname "lo" accept')
        into.add(f"iifname {egress} udp sport {{ 500, 4500 }} accept")
        into.add(f"iifname {egress} udp dport {{ 500, 4500 }} accept")
        into.add(f"iifname {egress} meta l4proto {{ esp, {_icmp(self.six)} }} accept")
        out = Chain("output", "type filter hook output priority filter; policy drop;")
        out.add('oifname "lo" accept')
        out.add(f"oifname {egress} udp dport {{ 500, 4500 }} accept")
        out.add(f"oifname {egress} udp sport {{ 500, 4500 }} accept")
        out.add(f"oifname {egress} meta l4proto {{ esp, {_icmp(self.six)} }} accept")
        forward = Chain("forward", "type filter hook forward priority filter; policy drop;")
        size = Chain("segment_size", "type filter hook forward priority mangle; policy accept;")
        probes = Chain("probes", "type nat hook postrouting priority srcnat; policy accept;")
        if self.tunnels:
            icmp = _icmp(any(tunnel.version == 6 for tunnel in self.tunnels))
            icmp = f"{{ {icmp} }}" if "," in icmp else icmp
            into.add(f"iifname {tunnels} meta l4proto {icmp} accept")
            into.add(f"iifname {knis} meta l4proto {icmp} accept")
            out.add(f"oifname {tunnels} meta l4proto {icmp} accept")
            into.add(f"iifname {tunnels} meta l4proto {{ tcp, udp }} ct state established accept")
            out.add(
                f"oifname {tunnels} meta mark {PROBE_MARK} meta l4proto {{ tcp, udp }} meta mark set 0 accept"
            )
            out.add(f"oifname {knis} meta l4proto {icmp} accept")
        for tunnel in self.tunnels:
            forward.add(f'iifname "{tunnel.remote.name}" oifname "{tunnel.device}" accept')
            forward.add(f'iifname "{tunnel.device}" oifname "{tunnel.remote.name}" accept')
            if tunnel.remote.enforced_mss != "disabled":
                segment = self._mtu(tunnel) - algorithms.HEADERS[tunnel.version]
                clamp(size, tunnel.device, tunnel.remote.enforced_mss, segment)
            source = probe_source(self.client, tunnel.slot, tunnel.version)
            if source is not None:
                ip = "ip" if source.version == 4 else "ip6"
                probes.add(f'oifname "{tunnel.device}" fib saddr type local snat {ip} to {source}')
        return Firewall(self.client.name, table([forward, into, out, size, probes]))


def _icmp(six: bool) -> str:
    """What tells of errors; with IPv6 it is also what finds neighbours."""
    return "icmp, ipv6-icmp" if six else "icmp"
