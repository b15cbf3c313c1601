"""What came of each case: one line of JSON for each in build/matrix, the last one counts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from ipsec_lab.matrix.combinations import Combination, Hole

HOLES = Path("build/matrix/holes.json")
ROWS = Path("build/matrix/rows.jsonl")
"""Every case that was ever tried, oldest first."""


@dataclass(frozen=True)
class Row:
    """One case and its outcome. ``reason`` is empty where all was as asked."""

    date: str
    name: str
    kind: str
    version: int
    cipher: str
    digest: str
    group: str
    outside: int
    inside: int
    form: str
    esn: bool
    gateway: str
    """What it is made of, with its version."""
    router: str
    """The version of the product's Libreswan."""
    kernel: str
    ike: str
    esp: str
    """As the gateway named them once they were there."""
    in_kernel: str
    """What the kernel of the router protects packets with."""
    sent: int
    answered: int
    seconds: float
    reason: str

    @property
    def combination(self) -> Combination:
        """What was tried."""
        return Combination(self.kind, self.version, self.cipher, self.digest, self.group)

    @property
    def maker(self) -> str:
        """Whose gateway it was."""
        return self.gateway.split()[0]


def read(path: Path = ROWS) -> list[Row]:
    """The last row of each combination and maker of gateway."""
    if not path.exists():
        return []
    rows = [Row(**json.loads(line)) for line in path.read_text().splitlines()]
    return list({(row.name, row.maker): row for row in rows}.values())


def write(rows: Iterable[Row], path: Path = ROWS) -> None:
    """Adds rows at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.writelines(f"{json.dumps(asdict(row))}\n" for row in rows)


def holes() -> list[Hole]:
    """What the last run left out of the set."""
    return [Hole(**hole) for hole in json.loads(HOLES.read_text())] if HOLES.exists() else []


def write_holes(found: Iterable[Hole]) -> None:
    """Keeps them."""
    HOLES.parent.mkdir(parents=True, exist_ok=True)
    HOLES.write_text(json.dumps([asdict(hole) for hole in found], indent=1) + "\n")
