"""Finds SAs that are too many in a client's namespace, by what kernel and pluto say of them, and ends them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

from ipsec_client.base.errors import Fault
from ipsec_client.health import surplus
from ipsec_client.health import types as h
from ipsec_client.health.surplus import GRACE, Child, Look, Stranger
from ipsec_client.kernel import xfrm
from ipsec_client.kernel.xfrm import SaUse
from ipsec_client.pluto import status

log = logging.getLogger(__name__)

SLOW = 60.0
"""Seconds between two questions to pluto where the kernel's SAs are those that were found well before."""


class Pluto(Protocol):
    """What is asked of pluto, off the loop."""

    def children(self) -> Awaitable[list[status.Child]]:
        """Its child SAs; raises Fault."""

    def end_child(self, serial: int) -> Awaitable[None]:
        """Ends one of them; raises Fault."""


class Sweep:
    """One client's. ``tell`` is given a record of each SA that was ended."""

    def __init__(self, netns: str, pluto: Pluto, tell: Callable[[h.Decision], None]) -> None:
        self._netns = netns
        self._pluto = pluto
        self._tell = tell
        self._before: Look | None = None
        self._spis: frozenset[int] = frozenset()  # the kernel's at that look

    async def sweep(self, remotes: Mapping[int, str], now: float) -> None:
        """Looks, and ends what was too many for GRACE already. ``remotes`` are those of the tunnels, by if_id."""
        try:
            found = await asyncio.to_thread(xfrm.uses, self._netns)
            uses = [use for use in found if use.sa.if_id in remotes]
            spis = frozenset(use.sa.spi for use in uses)
            before = self._before
            if before and before.clean and spis == self._spis and now - before.at < SLOW:
                return
            look = looked(now, uses, await self._pluto.children())
            if before and not before.clean and not look.clean:
                if now - before.at < GRACE:
                    return
                await self._end(before, look, remotes)
            self._before, self._spis = look, spis
        except (Fault, OSError) as error:
            log.warning("SAs that are too many cannot be looked for: %s", error)

    async def _end(self, before: Look, look: Look, remotes: Mapping[int, str]) -> None:
        for item in surplus.surplus(before, look):
            await self._pluto.end_child(item.child.serial)
            what = f"child SA #{item.child.serial}"
            self._say(_remote(item.child, remotes), what, f"#{item.carrying.serial} carries")
        for stranger in surplus.strangers(before, look):
            xfrm.remove(self._netns, stranger.destination, stranger.spi)
            what = f"SA {stranger.spi:#x}"
            self._say(remotes[stranger.if_id], what, "Libreswan does not know it")

    def _say(self, remote: str, what: str, why: str) -> None:
        log.info("%s: %s is ended, %s", remote, what, why)
        self._tell(h.Decision(remote, "cleaned", f"{what} is ended: {why}"))


def looked(now: float, uses: Iterable[SaUse], children: Sequence[status.Child]) -> Look:
    """Kernel's and pluto's view put together by SPI."""
    counted = {use.sa.spi: use for use in uses}
    known = [
        Child(item.name, item.serial, _bytes(counted, item.inbound), _bytes(counted, item.outbound))
        for item in children
    ]
    theirs = {spi for item in children for spi in (item.inbound, item.outbound)}
    unknown = (use.sa for spi, use in counted.items() if spi not in theirs)
    strangers = frozenset(Stranger(sa.if_id, sa.destination, sa.spi) for sa in unknown)
    return Look(now, tuple(known), strangers)


def _bytes(counted: Mapping[int, SaUse], spi: int) -> int | None:
    return counted[spi].bytes if spi in counted else None


def _remote(child: Child, remotes: Mapping[int, str]) -> str:
    """The remote whose name ends the connection's; a pair of subnets may follow it."""
    name = child.name.partition("/")[0]
    ends = (remote for remote in remotes.values() if name.endswith(f"-{remote}"))
    return max(ends, key=len, default="")
