"""Numbers of device-interfaces, as alarms name them: ``Intf rem1 (4)``. Given once, kept, never given again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Ports:
    """The number of each device-interface that the node ever had, and the next to give."""

    numbers: Mapping[str, int] = field(default_factory=dict)
    following: int = 1


def assign(ports: Ports, names: Iterable[str]) -> Ports:
    """The ports with a number for each of the names, new ones in the order given."""
    new = [name for name in dict.fromkeys(names) if name not in ports.numbers]
    if not new:
        return ports
    numbers = {name: number for number, name in enumerate(new, ports.following)}
    return replace(
        ports, numbers={**ports.numbers, **numbers}, following=ports.following + len(new)
    )
