"""The router's firewall: who may pass, by which way out, and with which source and segment size.

Default deny between what is configured, and no way round a tunnel.
"""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.model.access import permission
from ipsec_client.plan.forwarding import Claim, Forwarding
from ipsec_client.plan.objects import OUT_OF_TUNNEL, Firewall
from ipsec_client.plan.ruleset import Chain, clamp, names, table


def firewall(way: Forwarding) -> Firewall:
    """The router's nftables table."""
    forward = Chain("forward", "type filter hook forward priority filter; policy accept;")
    forward.add(f"{_replies(way)} accept")
    if way.knis:
        forward.add(f"iifname != {names(way.devices)} oifname {names(way.knis)} drop")
    if way.devices:
        forward.add(f"iifname != {names(way.devices)} return")
    for claim in way.claims:
        _admit(way, forward, claim)
    if way.devices:
        forward.add("counter drop")
    chains = [
        forward,
        _own_packets(way),
        *_from_tunnels(way),
        *_segment_size(way),
        *_source_nat(way),
    ]
    return Firewall("", table(chains))


def _from_tunnels(way: Forwarding) -> Iterator[Chain]:
    """The connection of what comes out of a tunnel is marked. What answers it leaves into a tunnel or not at all: where
    no service leads back, the default route would take it. The kernel's own errors belong to that connection too.
    """
    if not way.ingress:
        return
    marks = Chain("marks", "type filter hook prerouting priority mangle; policy accept;")
    into, out = f"iifname {names(way.ingress)}", f"oifname != {names(['lo', *way.ingress])}"
    marks.add(f"{into} ct state new ct mark set ct mark | {OUT_OF_TUNNEL:#x}")
    yield marks
    for hook in ("forward", "output"):
        kind = f"type filter hook {hook} priority filter - 1; policy accept;"
        answers = Chain(f"{hook}_answers", kind)
        answers.add(f"{out} ct direction reply ct mark & {OUT_OF_TUNNEL:#x} != 0 drop")
        yield answers


def _replies(way: Forwarding) -> str:
    """Answers to what was let in. They leave by none of our interfaces without a tenant: nothing is let in there, so
    one that would is an answer to a tunnel's packet, which no service leads back into the tunnel.
    """
    closed = list(dict.fromkeys(item.device for item in way.interfaces.values() if not item.tenant))
    replies = "ct direction reply ct state established,related"
    return f"oifname != {names(closed)} {replies}" if closed else replies


def _admit(way: Forwarding, chain: Chain, claim: Claim) -> None:
    denied = [
        item.device
        for item in way.interfaces.values()
        if item.tenant and permission(claim.service, item.tenant) is False
    ]
    allowed, exits = way.let_in(claim.service), way.exits(claim)
    for match in claim.matches():
        if allowed and exits:
            chain.add(f"iifname {names(allowed)} oifname {names(exits)} {match} accept")
        if denied:
            chain.add(f"iifname {names(denied)} {match} drop")


def _own_packets(way: Forwarding) -> Chain:
    """The router's own packets to a service leave by the service's next hops or not at all."""
    output = Chain("output", "type filter hook output priority filter; policy accept;")
    for claim in way.claims:
        if way.routed(claim.service) and claim.network.prefixlen > 0 and not claim.transport:
            exits = ["lo", *way.exits(claim)]
            output.add(f"oifname != {names(exits)} {claim.matches()[0]} drop")
    return output


def _segment_size(way: Forwarding) -> Iterator[Chain]:
    """The MSS of one's own interfaces; that of the KNIs is for the namespace to enforce."""
    sizes = {
        item.device: item.made_of.enforced_mss
        for item in way.interfaces.values()
        if not item.kni and item.made_of.enforced_mss not in (None, "disabled")
    }
    if sizes:
        chain = Chain("segment_size", "type filter hook forward priority mangle; policy accept;")
        for device, size in sizes.items():
            clamp(chain, device, size)
        yield chain


def _source_nat(way: Forwarding) -> Iterator[Chain]:
    chain = Chain("source_nat", "type nat hook postrouting priority srcnat; policy accept;")
    for address in way.egress.addresses if way.egress else ():
        inside = address.gateway
        if inside is not None:
            ip = "ip" if inside.version == 4 else "ip6"
            chain.add(f"{ip} saddr {inside} oifname != {names(way.knis)} masquerade")
    own = [item for item in way.interfaces.values() if not item.kni and item.made_of.source_nat]
    if own:
        chain.add(f"oifname {names(dict.fromkeys(item.device for item in own))} masquerade")
    if chain.rules:
        yield chain
