"""Remotes: their gateways and networks beside those of the node, and beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ipsec_client.config.findings import Finding, error, warning
from ipsec_client.config.rules.scope import Place
from ipsec_client.dialect.algorithms import HEADERS, LEAST_SIX, PATH_MTU, tunnel_mtu
from ipsec_client.model.access import inside_version, outside_version
from ipsec_client.model.definition import Path, dotted
from ipsec_client.model.elements import Remote
from ipsec_client.model.values import ADDRESS, Address, Prefix, reserved

_ELSEWHERE = "Use another plugin-network"


def remotes(place: Place) -> Iterator[Finding]:
    """The remotes of a node."""
    for remote, gateway in place.gateways:
        if said := reserved(gateway) or _own(place, gateway):
            path = (*place.remote_path(remote), "host")
            yield error(path, f"{gateway} {said}", "Write the gateway's address")
    for remote in place.remotes:
        if remote.subnet or remote.local_subnet:
            yield from _networks(place, remote)
        if remote.tunnel_monitor and remote.tunnel_monitor.destination:
            yield from _destinations(place, remote)
        if isinstance(remote.enforced_mss, int) or remote.remote_id or inside_version(remote) == 6:
            yield from _beside_profile(place, remote)


def _own(place: Place, gateway: Address) -> str:
    for at in place.connected:
        if at.address.ip_address == gateway:
            return f"is this node's own address, at {dotted(place.address_path(at))}"
    return ""


def _networks(place: Place, remote: Remote) -> Iterator[Finding]:
    path = place.remote_path(remote)
    yield from _twice(remote.subnet, (*path, "subnet"))
    yield from _twice(remote.local_subnet, (*path, "local-subnet"))
    ours = place.plugin_network
    for prefix in remote.subnet:
        network = prefix.network
        if ours is None or network.version != 4 or network.prefixlen == 0:
            continue
        if ours.supernet_of(network):
            said = f"{network} is in plugin-network {ours}, whose addresses are KNIs of this node"
            yield error((*path, "subnet"), said, _ELSEWHERE)
        elif network.overlaps(ours):
            said = f"{network} holds plugin-network {ours}, so hosts there cannot be reached"
            yield warning((*path, "subnet"), said, _ELSEWHERE)


def _twice(prefixes: Sequence[Prefix], path: Path) -> Iterator[Finding]:
    networks = [prefix.network for prefix in prefixes]
    for place, network in enumerate(networks):
        for other in networks[:place]:
            if network == other:
                yield warning(path, f"{network} is written twice", "Remove one")
            elif network.overlaps(other):
                said = f"{network} and {other} overlap, so one of them adds nothing"
                yield warning(path, said, "Keep the wider one")


def _destinations(place: Place, remote: Remote) -> Iterator[Finding]:
    assert remote.tunnel_monitor
    ours = place.plugin_network
    for destination in remote.tunnel_monitor.destination:
        try:
            address = ADDRESS.read(destination.probed)
        except ValueError:
            continue  # a name is resolved on the node
        if ours is not None and address in ours:
            path = (
                *place.remote_path(remote),
                "tunnel-monitor",
                "destination",
                destination.address,
            )
            said = f"is in plugin-network {ours}, whose addresses are KNIs of this node"
            yield error(path, said, _ELSEWHERE)


def _beside_profile(place: Place, remote: Remote) -> Iterator[Finding]:
    """What does not go with the profile that the remote has."""
    profile = place.site.profiles.get(remote.profile or "")
    if profile is None:
        return
    path = place.remote_path(remote)
    if remote.remote_id and remote.remote_id == profile.local_id:
        said = f"{remote.remote_id} is local-id of ipsec-profile {profile.name} too"
        yield warning((*path, "remote-id"), said, "Give each end an identity of its own")
    if inside_version(remote) == 6 and profile.mtu is not None and profile.mtu < LEAST_SIX:
        said = f"IPv6 is carried, which needs {LEAST_SIX}, and ipsec-profile {profile.name} has mtu {profile.mtu}"
        yield warning((*path, "subnet"), said, f"The tunnel has {LEAST_SIX}. Write that, or more")
    size = remote.enforced_mss
    if isinstance(size, int):
        mtu = profile.mtu or tunnel_mtu(PATH_MTU, profile, outside_version(remote))
        headers = HEADERS[inside_version(remote)]
        if size > mtu - headers:
            said = f"{size} and {headers} bytes of headers are more than the tunnel's MTU of {mtu}"
            yield warning((*path, "enforced-mss"), said, "Write automatic, or a smaller one")
