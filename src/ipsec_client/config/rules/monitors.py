"""Tunnel monitors: whether they can tell a good tunnel from a bad one, and whether anything tells at all."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from ipsec_client.config.findings import Finding, error, warning
from ipsec_client.config.rules.scope import Place
from ipsec_client.model.definition import Path
from ipsec_client.model.elements import MonitorDestination, Remote, TunnelMonitor
from ipsec_client.model.slots import probe_source


def monitors(place: Place) -> Iterator[Finding]:
    """The monitors of a node's remotes, and the remotes without one."""
    if place.client is None:
        return
    monitored = []
    for remote in place.remotes:
        monitor = remote.tunnel_monitor
        if monitor is not None and monitor.enabled is not False:
            path = (*place.remote_path(remote), "tunnel-monitor")
            yield from _monitor(monitor, path)
            yield from _reachable(remote, monitor, path)
            if monitor.destination:
                monitored.append(remote)
                continue
        yield from _silent(place, remote)
    yield from _sources(place, monitored)


def _monitor(monitor: TunnelMonitor, path: Path) -> Iterator[Finding]:
    if not monitor.destination:
        yield warning(path, "has no destination, so it monitors nothing", "Add a destination")
    required = monitor.destinations_required
    if required is not None and required > len(monitor.destination) > 0:
        said = f"{required} is more than the {len(monitor.destination)} destinations there are"
        yield error((*path, "destinations-required"), said, "Lower it, or add destinations")
    for destination in monitor.destination:
        yield from _timing(destination, (*path, "destination", destination.address))


def _timing(destination: MonitorDestination, path: Path) -> Iterator[Finding]:
    timing = {
        "timeout": destination.timeout,
        "max-retries": destination.max_retries,
        "interval": destination.interval,
    }
    unset = [name for name, value in timing.items() if value is None]
    if 0 < len(unset) < len(timing):
        said = f"leaves {' and '.join(unset)} to defaults made for a monitor without any timing"
        yield warning(path, said, "Set all of timeout, max-retries and interval, or none")
    if destination.timeout is not None and destination.timeout.milliseconds("s") == 0:
        yield error((*path, "timeout"), "leaves no time for an answer", "Write at least 10ms")


def _reachable(remote: Remote, monitor: TunnelMonitor, path: Path) -> Iterator[Finding]:
    """A destination that no ``subnet`` holds never enters the tunnel: it would always seem dead."""
    networks = [prefix.network for prefix in remote.subnet]
    for destination in monitor.destination if networks else ():
        try:
            address = ip_address(destination.address)
        except ValueError:
            continue  # a name is resolved on the node
        if not any(address in network for network in networks):
            said = "is in no subnet of the remote, so probes to it would not enter the tunnel"
            cure = "Monitor a host in subnet, or add it to subnet"
            yield error((*path, "destination", destination.address), said, cure)


def _silent(place: Place, remote: Remote) -> Iterator[Finding]:
    profile = place.site.profiles.get(remote.profile or "")
    if profile is not None and profile.dpddelay is None:
        said = (
            "a silent gateway will not be noticed: there is neither a tunnel-monitor nor dpddelay"
        )
        cure = f"Add a tunnel-monitor, or dpddelay to ipsec-profile {profile.name}"
        yield warning(place.remote_path(remote), said, cure)


def _sources(place: Place, monitored: list[Remote]) -> Iterator[Finding]:
    """What probes come from: a host of its own per remote, and one that may enter the tunnel."""
    assert place.client
    met: dict[object, str] = {}
    for remote in monitored:
        slot = place.slots.get(remote.name)
        source = probe_source(place.client, slot) if slot else None
        if source is None:
            continue
        if source in met:
            path = (*place.client_path, "tunnel-monitor-nat-network")
            said = f"probes of {met[source]} and {remote.name} would both come from {source}"
            yield error(path, said, "Use a larger network, such as a /28")
        met.setdefault(source, remote.name)
        networks = [prefix.network for prefix in remote.local_subnet]
        if networks and not any(source in network for network in networks):
            said = (
                f"does not hold {source}, which probes come from: they would not enter the tunnel"
            )
            path = (*place.remote_path(remote), "local-subnet")
            yield error(path, said, f"Add {source}/32, or another tunnel-monitor-nat-network")
