"""SAs that nothing stands on: a second child SA beside the one that carries, and what pluto does not know.

They come to be when both ends negotiate at once, when pluto serves a packet of one tunnel with the connection of
another (kernel/policies.py), and when another hand meddles. A rekey is neither: its two child SAs are side by side
for seconds only, and an IKEv1 gateway may go on using the old one. Pure: two looks in, what to end out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

GRACE = 20.0
"""Seconds for which something must have been so before it counts: a rekey is over by then."""


@dataclass(frozen=True, slots=True)
class Child:
    """A child SA of pluto's with the bytes that the kernel has counted; None where the kernel lacks that half.

    ``name`` is the connection's with the pair of subnets: several pairs have a child SA each.
    """

    name: str
    serial: int
    inbound: int | None
    outbound: int | None


@dataclass(frozen=True, slots=True)
class Stranger:
    """An SA that the kernel has and pluto does not know."""

    if_id: int
    destination: str
    spi: int


@dataclass(frozen=True, slots=True)
class Look:
    """What was there at one instant (monotonic seconds)."""

    at: float
    children: tuple[Child, ...]
    strangers: frozenset[Stranger]

    @property
    def clean(self) -> bool:
        """Whether every child SA is the only one of its name and whole, and all SAs are known."""
        names = [child.name for child in self.children]
        return (
            len(set(names)) == len(names)
            and not self.strangers
            and not any(None in (child.inbound, child.outbound) for child in self.children)
        )


@dataclass(frozen=True, slots=True)
class Surplus:
    """A child SA to be ended, and the one of its name that carries."""

    child: Child
    carrying: Child


def surplus(before: Look, now: Look) -> list[Surplus]:
    """The child SAs that another of the same name makes needless, between two looks at least GRACE apart.

    Only where traffic is on the other one, both ways, and on this one neither way.
    """
    if now.at - before.at < GRACE:
        return []
    known = {child.serial: child for child in before.children}
    lasting = sorted((child for child in now.children if child.serial in known), key=_name)
    found = []
    for _, group in groupby(lasting, key=_name):
        beside = list(group)
        busy = [child for child in beside if _moved(known[child.serial], child) == (True, True)]
        idle = [child for child in beside if _moved(known[child.serial], child) == (False, False)]
        if busy:
            found += [Surplus(child, busy[-1]) for child in idle]
    return found


def strangers(before: Look, now: Look) -> Iterable[Stranger]:
    """The SAs that pluto knew at neither of two looks at least GRACE apart."""
    return before.strangers & now.strangers if now.at - before.at >= GRACE else ()


def _name(child: Child) -> str:
    return child.name


def _moved(before: Child, now: Child) -> tuple[bool, bool]:
    return _more(before.inbound, now.inbound), _more(before.outbound, now.outbound)


def _more(before: int | None, now: int | None) -> bool:
    return now is not None and now > (before or 0)
