"""Bytes through each tunnel since its remote came to be: they outlive rekeys, devices, pluto, the agent and a boot.

The kernel counts per device and begins anew with each. Here is added up what was seen of all of them; what is kept
on disk says how far the present device had been counted, so that an agent started anew misses nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from ipsec_client.agent.shelf import Shelf
from ipsec_client.kernel.counters import Device

SAVE_PACE = 10.0
"""Seconds between two savings: a power cut costs no more than what flowed in them."""

BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Total:
    """``inbound`` and ``outbound`` in all, of which the device of ``index`` had ``seen_in`` and ``seen_out``.

    ``boot`` is the boot in which the device was seen: indices are given out anew in each.
    """

    inbound: int = 0
    outbound: int = 0
    seen_in: int = 0
    seen_out: int = 0
    index: int = 0
    boot: str = ""

    def after(self, boot: str, index: int, inbound: int, outbound: int) -> Total:
        """The total once a device's counters stand so: one that is another, or counts less, is a new one."""
        known = (self.boot, self.index) == (boot, index)
        known = known and inbound >= self.seen_in and outbound >= self.seen_out
        came = inbound - (self.seen_in if known else 0)
        went = outbound - (self.seen_out if known else 0)
        return Total(self.inbound + came, self.outbound + went, inbound, outbound, index, boot)


class Totals:
    """The totals of the node's remotes."""

    def __init__(self, shelf: Shelf, boot: str | None = None) -> None:
        self._shelf = shelf
        self._boot = BOOT.read_text().strip() if boot is None else boot
        self._totals: dict[str, Total] = {}
        self._saved: dict[str, Total] = {}
        self._saved_at: float | None = None
        for remote, kept in shelf.read("totals", remotes=dict).get("remotes", {}).items():
            total = _read(kept)
            if total is None:
                shelf.pass_over(f"totals.json: its entry {remote!r}")
            else:
                self._totals[remote] = total

    def look(self, remote: str, index: int, inbound: int, outbound: int) -> None:
        """Takes in how the counters of the remote's present device stand."""
        before = self._totals.get(remote, Total())
        self._totals[remote] = before.after(self._boot, index, inbound, outbound)
        if before.index and before.index != index:
            self.save()

    def gone(self, remote: str) -> None:
        """The remote's device is no more: whatever comes next counts from nothing. Kept at once, for nobody else
        could ever say again what went through it.
        """
        if remote in self._totals:
            self._totals[remote] = replace(self._totals[remote], index=0)
            self.save()

    def of(self, remote: str, device: Device | None) -> tuple[int, int]:
        """Inbound and outbound bytes in all, as the device stands at this instant."""
        total = self._totals.get(remote, Total())
        if device is not None:
            total = total.after(self._boot, device.index, device.in_octets, device.out_octets)
        return total.inbound, total.outbound

    def keep(self, remotes: Collection[str]) -> None:
        """Forgets the totals of all other remotes: one that comes again begins at nothing."""
        self._totals = {name: total for name, total in self._totals.items() if name in remotes}

    def save(self, now: float | None = None) -> None:
        """Keeps them on disk; where ``now`` (monotonic) is given, only if it is time again and they differ."""
        if now is not None:
            if self._totals == self._saved:
                return
            if self._saved_at is not None and now - self._saved_at < SAVE_PACE:
                return
            self._saved_at = now
        self._saved = dict(self._totals)
        kept: Mapping[str, Any] = {name: astuple(total) for name, total in self._saved.items()}
        self._shelf.write("totals", {"remotes": kept}, durable=False)


def _read(kept: Any) -> Total | None:
    match kept:
        case [int(), int(), int(), int(), int(), str()] if min(kept[:5]) >= 0:
            return Total(*kept)
    return None
