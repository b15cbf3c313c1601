"""What came of each case: one line of JSON for each, the last one counts; a folder for each Libreswan of the router."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from ipsec_lab.matrix.combinations import Combination, Hole

FOLDERS = {"4": Path("build/matrix"), "5": Path("build/matrix-5")}
"""By the series of the router's Libreswan, as `--libreswan` names it."""
EXTENT, ROWS, QUICK = "extent.json", "rows.jsonl", "quick.jsonl"
"""ROWS: every case that was ever tried, oldest first."""


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


def read(path: Path) -> list[Row]:
    """The last row of each combination and maker of gateway."""
    if not path.exists():
        return []
    rows = [Row(**json.loads(line)) for line in path.read_text().splitlines()]
    return list({(row.name, row.maker): row for row in rows}.values())


def write(rows: Iterable[Row], path: Path) -> None:
    """Adds rows at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.writelines(f"{json.dumps(asdict(row))}\n" for row in rows)


@dataclass(frozen=True)
class Extent:
    """What a run computed: the names of all combinations, and what is none of them."""

    combinations: tuple[str, ...]
    holes: tuple[Hole, ...]


def read_extent(folder: Path) -> Extent:
    """That of the last run."""
    found = json.loads(folder.joinpath(EXTENT).read_text())
    return Extent(tuple(found["combinations"]), tuple(Hole(**hole) for hole in found["holes"]))


def write_extent(extent: Extent, folder: Path) -> None:
    """Keeps it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath(EXTENT).write_text(json.dumps(asdict(extent), indent=1) + "\n")
