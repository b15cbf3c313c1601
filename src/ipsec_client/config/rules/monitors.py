"""Tunnel monitors: whether they can tell a good tunnel from a bad one, and whether anything tells at all."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.findings import Finding, error, warning
from ipsec_client.config.rules.probes import alike, probes
from ipsec_client.config.rules.scope import Place
from ipsec_client.model.access import inside_version
from ipsec_client.model.definition import Path
from ipsec_client.model.elements import IpsecClient, MonitorDestination, Remote
from ipsec_client.model.slots import monitor_network, probe_source
from ipsec_client.model.values import ADDRESS

LONGEST_HOLD = 300_000
"""Milliseconds that no hold-down exceeds (health.switch)."""


def monitors(place: Place) -> Iterator[Finding]:
    """The monitors of a node's remotes, and the remotes without one."""
    monitored = []
    for remote in place.remotes:
        monitor = remote.tunnel_monitor
        if monitor is None or monitor.enabled is False:
            yield from _silent(place, remote)
            continue
        if monitor.destination:
            monitored.append(remote)
        else:
            said = "has no destination, so it monitors nothing"
            yield warning(_path(place, remote), said, "Add a destination")
            yield from _silent(place, remote)
        required = monitor.destinations_required
        if required is not None and required > len(monitor.destination) > 0:
            path = (*_path(place, remote), "destinations-required")
            said = f"{required} is more than the {len(monitor.destination)} destinations there are"
            yield error(path, said, "Lower it, or add destinations")
        for destination in monitor.destination:
            if destination.timeout or destination.max_retries or destination.interval:
                yield from _timing(destination, _path(place, remote, destination))
            if remote.subnet or ":" in destination.probed or remote.local_subnet:
                yield from _reachable(remote, destination, _path(place, remote, destination))
            yield from probes(destination, _path(place, remote, destination))
        yield from alike(monitor.destination, _path(place, remote))
    yield from _sources(place, monitored)
    if place.client is not None:
        yield from _switching(place.client, place.client_path)


def _switching(client: IpsecClient, path: Path) -> Iterator[Finding]:
    """Hold-down and failback."""
    hold = client.hold_down
    if hold is not None and hold.milliseconds("s") > LONGEST_HOLD:
        said = f"{hold} is more than the {LONGEST_HOLD // 1000}s that no hold-down exceeds"
        yield error((*path, "hold-down"), said, "Write less")
    if client.failback_delay is not None and client.failback != "delayed":
        said = "is waited for only with failback delayed"
        yield warning((*path, "failback-delay"), said, "Set failback to delayed, or remove it")


def _path(place: Place, remote: Remote, destination: MonitorDestination | None = None) -> Path:
    path = (*place.remote_path(remote), "tunnel-monitor")
    return (*path, "destination", destination.address) if destination else path


def _timing(destination: MonitorDestination, path: Path) -> Iterator[Finding]:
    timing = {
        "timeout": destination.timeout,
        "max-retries": destination.max_retries,
        "interval": destination.interval,
    }
    unset = [name for name, value in timing.items() if value is None]
    if unset:
        said = f"leaves {' and '.join(unset)} to defaults made for a monitor without any timing"
        yield warning(path, said, "Set all of timeout, max-retries and interval, or none")
    if destination.timeout is not None and destination.timeout.milliseconds("s") == 0:
        yield error((*path, "timeout"), "leaves no time for an answer", "Write at least 10ms")


def _reachable(remote: Remote, destination: MonitorDestination, path: Path) -> Iterator[Finding]:
    """A destination that no ``subnet`` holds never enters the tunnel: it would always seem dead."""
    try:
        address = ADDRESS.read(destination.probed)
    except ValueError:
        return  # a name is resolved on the node
    if remote.subnet:
        if not any(address in prefix.network for prefix in remote.subnet):
            said = "is in no subnet of the remote, so probes to it would not enter the tunnel"
            yield error(path, said, "Monitor a host in subnet, or add it to subnet")
    elif address.version != inside_version(remote):
        said = f"is not IPv{inside_version(remote)}, which is what the tunnel carries"
        yield error(path, said, "Set subnet, or monitor another host")


def _silent(place: Place, remote: Remote) -> Iterator[Finding]:
    profile = place.site.profiles.get(remote.profile or "")
    if profile is not None and not (profile.dpddelay and profile.dpddelay.number):
        said = (
            "a silent gateway will not be noticed: there is neither a tunnel-monitor nor dpddelay"
        )
        cure = f"Add a tunnel-monitor, or dpddelay to ipsec-profile {profile.name}"
        yield warning(place.remote_path(remote), said, cure)


def _sources(place: Place, monitored: list[Remote]) -> Iterator[Finding]:
    """What probes come from: a host of its own per remote, and one that may enter the tunnel."""
    network = monitor_network(place.client) if place.client else None
    if place.client is None or network is None:
        return
    size = network.num_addresses
    met: dict[int, Remote] = {}
    for remote in monitored:
        slot = place.slots.get(remote.name)
        if slot is None:
            continue
        other = met.setdefault(int(slot.namespace) % 256 % size, remote)
        if other is not remote:
            source = probe_source(place.client, slot)
            path = (*place.client_path, "tunnel-monitor-nat-network")
            said = f"probes of {other.name} and {remote.name} would both come from {source}"
            yield error(path, said, "Use a larger network, such as a /28")
        if remote.local_subnet:
            version = inside_version(remote)
            source = probe_source(place.client, slot, version)
            if not any(source in prefix.network for prefix in remote.local_subnet):
                said = f"does not hold {source}, which probes come from: they would not enter the tunnel"
                path = (*place.remote_path(remote), "local-subnet")
                cure = f"Add {source}/32, or another tunnel-monitor-nat-network"
                yield error(path, said, cure if version == 4 else f"Add {source}/128")
