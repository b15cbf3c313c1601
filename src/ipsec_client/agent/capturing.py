"""An operator's ``capture``: the packets of one tunnel, for a while, into a file for root or onto his screen.

Bounded in time, packets and bytes, so that it is never what makes a node slow or its disk full.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ipsec_client.base import files
from ipsec_client.base.errors import HostFault, InputFault
from ipsec_client.base.logs import log_folder
from ipsec_client.commands.port import Capture
from ipsec_client.dialect import render
from ipsec_client.kernel import filters, packets
from ipsec_client.kernel.packets import Packet, Tap
from ipsec_client.plan.build import Plan
from ipsec_client.wire.request import Say

LARGEST = 16 * 1024 * 1024
"""Bytes of one capture."""

KEPT = 10
"""Captures kept; the oldest go."""

PACE = 1.0
"""Seconds between two looks whether anybody still listens."""


class _Bag:
    """What has been captured, until there is enough."""

    def __init__(self, order: Capture) -> None:
        self._order = order
        self.packets: list[Packet] = []
        self.size = 0
        self.full = asyncio.Event()

    def put(self, packet: Packet) -> None:
        """Takes a packet in, if there is room."""
        if not self.full.is_set():
            self.packets.append(packet)
            self.size += len(packet.data)
        if len(self.packets) >= self._order.packets or self.size >= LARGEST:
            self.full.set()


async def capture(plan: Plan, order: Capture, say: Say) -> None:
    """Captures until there is enough, or nobody listens any more, and says what came of it.

    Raises InputFault for a remote that is not there, HostFault for a device that is not.
    """
    bag = _Bag(order)
    taps: list[Tap] = []
    try:
        for netns, device, program in sources(plan, order):
            taps.append(Tap(netns, device, program, bag.put))
        await _fill(bag, order, say)
    finally:
        dropped = sum(tap.close() for tap in taps)
    missed = f", {dropped} more came too fast" if dropped else ""
    where = ""
    if not order.shown:
        where = f" in {await asyncio.to_thread(_keep, order, bag.packets)}"
    await say(f"{len(bag.packets)} packets{missed}{where}\n")


async def _fill(bag: _Bag, order: Capture, say: Say) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + order.seconds
    shown = 0
    while not bag.full.is_set() and loop.time() < end:
        with suppress(TimeoutError):
            async with asyncio.timeout(min(end - loop.time(), PACE)):
                await bag.full.wait()
        fresh, shown = bag.packets[shown:], len(bag.packets)
        lines = await asyncio.to_thread(_lines, fresh) if order.shown else ""
        if await say(lines) is False:
            return


def _lines(taken: Sequence[Packet]) -> str:
    return "".join(f"{packets.told(packet)}\n" for packet in _in_order(taken))


def sources(plan: Plan, order: Capture) -> Iterator[tuple[str, str, bytes]]:
    """The namespace, the device and the filter's program of each place that is captured at.

    The operator's filter is for what is inside the tunnel, if that is captured; outside a packet is the tunnel's by
    the address of its gateway.
    """
    wanted = filters.read(order.filter)
    tunnel = next((item for item in plan.tunnels if item.remote.name == order.remote), None)
    if tunnel is None or plan.inside is None:
        known = ", ".join(item.remote.name for item in plan.tunnels) or "none"
        raise InputFault(f"there is no remote {order.remote}", cure=f"There are {known}")
    netns = plan.inside.client.name
    if order.inside:
        yield netns, tunnel.device, filters.program(wanted)
    if order.outside:
        gateway = render.gateway(tunnel.remote, plan.inside.hosts)
        if not gateway:
            raise HostFault(f"the address of {tunnel.remote.host} is not known yet")
        outside = filters.read(f"host {gateway}")
        if not order.inside:
            outside = replace(wanted, networks=(*outside.networks, *wanted.networks))
        yield netns, netns, filters.program(outside)


def _keep(order: Capture, taken: Sequence[Packet]) -> Path:
    """Writes the file, readable to root alone from its first byte, and removes the oldest."""
    folder = log_folder() / "captures"
    stamp = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    where = "both" if order.inside and order.outside else "inside" if order.inside else "outside"
    path = folder / f"{stamp}-{order.remote}-{where}.pcap"
    try:
        files.folder(folder)
        files.replace(path, packets.PCAP_HEADER + b"".join(map(packets.record, _in_order(taken))))
    except OSError as error:
        raise HostFault(f"cannot write {path}: {error.strerror}") from None
    for old in sorted(folder.glob("*.pcap"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def _in_order(taken: Sequence[Packet]) -> list[Packet]:
    """As they passed: each device is read by itself."""
    return sorted(taken, key=lambda packet: packet.at)
