"""What a commit will do to each tunnel, told before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verb = Literal["created", "rekeyed", "restarted", "untouched", "removed"]


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one tunnel."""

    router: str
    node: str
    remote: str
    verb: Verb
    why: str


@dataclass(frozen=True, slots=True)
class Impact:
    """The tunnels of the routers that a commit changes."""

    rows: tuple[Row, ...]

    def unnamed(self, named: frozenset[str]) -> tuple[str, ...]:
        """The routers that lose tunnels though the change does not name them."""
        losing = (row.router for row in self.rows if row.verb == "removed")
        return tuple(dict.fromkeys(router for router in losing if router not in named))
