"""An operator's ``ping`` on this node: by which namespace and device, and what is said of each answer."""

from __future__ import annotations

import asyncio
from functools import partial

from ipsec_client.base.errors import Fault, HostFault, InputFault
from ipsec_client.commands.port import Ping
from ipsec_client.kernel import namespaces
from ipsec_client.model.interfaces import linux_name
from ipsec_client.plan.build import Plan
from ipsec_client.probes.echo import Heard
from ipsec_client.probes.ping import Pinger
from ipsec_client.wire.request import Say

PACE = 1.0
"""Seconds between two requests."""


async def ping(plan: Plan, order: Ping, say: Say) -> None:
    """Sends the requests and says each answer as it comes (reference, 8.7), then how many there were.

    Raises InputFault for a remote or device that is not there, HostFault where nothing can be sent, and Fault
    where nothing was answered.
    """
    netns, device = way(plan, order)
    loop = asyncio.get_running_loop()
    trips: list[float] = []
    sent = 0
    try:
        pinger = Pinger(
            partial(namespaces.open_socket, netns), order.address, device, whole=order.whole
        )
    except HostFault as fault:
        raise HostFault(fault.what, cure=_cure(order)) from None
    try:
        for sequence in range(order.count):
            following = loop.time() + PACE
            sent += 1
            found = await pinger.ping(sequence, order.size, order.timeout)
            if found and not found[0].trouble:
                trips.append(found[1])
            if await say(f"{told(order, sequence, found)}\n") is False:
                return
            if sequence + 1 < order.count:
                await asyncio.sleep(max(0.0, following - loop.time()))
    except HostFault as fault:
        raise HostFault(fault.what, cure=fault.cure or _cure(order)) from None
    finally:
        pinger.close()
    await say(f"\n{summary(sent, trips)}\n")
    if not trips:
        raise Fault(f"{order.address} did not answer", cure=_cure(order))


def way(plan: Plan, order: Ping) -> tuple[str, str]:
    """The namespace ("": the router's own) and the device there ("": by its routes)."""
    tunnels = {tunnel.remote.name: tunnel.device for tunnel in plan.tunnels}
    remote = order.remote
    if order.device:
        for device in plan.document.node.device_interface:
            for interface in device.network_interface:
                if order.device in (device.name, interface.name):
                    if device.name in tunnels:
                        remote = device.name  # what leaves by an ingress KNI is in its tunnel
                        break
                    return "", linux_name(device, interface)
    if remote in tunnels and plan.inside:
        return plan.inside.client.name, tunnels[remote]
    if order.device:
        names = [item.name for item in plan.document.node.device_interface]
        raise InputFault(
            f"there is no interface {order.device}", cure=f"There are {', '.join(names) or 'none'}"
        )
    if remote:
        raise InputFault(
            f"there is no remote {remote}", cure=f"There are {', '.join(tunnels) or 'none'}"
        )
    return "", ""


def told(order: Ping, sequence: int, found: tuple[Heard, float] | None) -> str:
    """The line of one request."""
    number = f"icmp_seq={sequence}"
    if found is None:
        return f"Ping to {order.address}: {number} no answer within {order.timeout:g} s"
    heard, seconds = found
    if heard.trouble:
        return f"Ping to {order.address}: {number} {heard.trouble}, says {heard.source}"
    source = heard.source
    return f"Ping from {source} ({source}): {number} ttl={heard.ttl} time={seconds * 1000:.2f}ms"


def summary(sent: int, trips: list[float]) -> str:
    """The last line: ``4 sent, 3 answered, round trip 10.1/12.4/20.0 ms`` (least, mean, most)."""
    line = f"{sent} sent, {len(trips)} answered"
    if not trips:
        return line
    values = (min(trips), sum(trips) / len(trips), max(trips))
    return f"{line}, round trip {'/'.join(f'{value * 1000:.1f}' for value in values)} ms"


def _cure(order: Ping) -> str:
    if order.remote:
        return (
            f"See why remote {order.remote}: its device is there while the tunnel is, or has been"
        )
    return "See show service-path"
