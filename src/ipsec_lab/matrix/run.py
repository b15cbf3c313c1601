"""`ipsec-lab matrix`: computes the set, tries what is missing of it, and keeps a row of each."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path

from ipsec_lab import trixie
from ipsec_lab.document import read
from ipsec_lab.gateways.strongswan import StrongSwan
from ipsec_lab.lab import LIBRESWAN, STRONGSWAN, Lab, built
from ipsec_lab.matrix import combinations, configuration, rows, support
from ipsec_lab.matrix.combinations import (
    ESP,
    STRONGSWAN_CANNOT,
    Case,
    Combination,
    Hole,
    Support,
)
from ipsec_lab.matrix.configuration import Slot
from ipsec_lab.matrix.support import AH
from ipsec_lab.matrix.trial import Trials
from ipsec_lab.progress import Progress
from ipsec_lab.router import document, machine
from ipsec_lab.topology import PROVIDER

SLOTS = 4
"""Cases at once: two gateways that are reached by IPv4, two by IPv6."""
SEED = 1


@dataclass(frozen=True)
class Wanted:
    """What a run is to do; ``part`` is one of how many, from 1."""

    quick: bool = False
    seed: int = SEED
    resume: bool = False
    part: tuple[int, int] = (1, 1)
    seconds: float = inf
    gateway: str = STRONGSWAN
    libreswan: str = "4"
    """The series of the router's."""
    only: str = ""
    """A regular expression that the names of combinations have a match of."""

    @property
    def folder(self) -> Path:
        """Where the rows are."""
        return rows.FOLDERS[self.libreswan]


def matrix(wanted: Wanted) -> int:
    """Makes the rows; the exit status: 1 if one is not as asked."""
    begin = time.monotonic()
    slots = configuration.slots(SLOTS)
    text = configuration.everything(slots)
    site, progress = read(document(text)), Progress()
    kinds = {slot.name: wanted.gateway for slot in slots}
    own = trixie.libreswan(progress) if wanted.libreswan == "5" else None
    with built(site, text, kinds, progress, partial(machine, str(site.name_server), own)) as lab:
        found, extent = computed(lab)
        if wanted.gateway == STRONGSWAN:
            rows.write_extent(extent, wanted.folder)
        cases = chosen(found, wanted)
        progress.note(
            f"{len(found)} combinations, {len(extent.holes)} holes; "
            f"{_number(cases)} to be tried by {len(cases)} tunnels"
        )
        made = _try(lab, slots, cases, wanted, begin, progress)
    bad = [row for row in made if row.reason]
    for row in bad:
        print(f"✖ {row.name}: {row.reason}")
    seconds = time.monotonic() - begin
    print(f"{len(made)} tried, {len(bad)} not as asked, {seconds:.0f} s")
    return 1 if bad else 0


def computed(lab: Lab) -> tuple[list[Combination], rows.Extent]:
    """The set for the gateways of a lab, and the whole with its holes, asked of the programs."""
    gateway = next(iter(lab.gateways.values()))
    libreswan = support.Libreswan(lab.router.host)
    table = libreswan.table()
    own = isinstance(gateway, StrongSwan)
    listed = gateway.algorithms() if isinstance(gateway, StrongSwan) else support.as_gateway(table)
    model = support.model(lab.router.host)
    series = lab.router.libreswan_version().partition(".")[0]
    refused = support.refused(lab.router.host, series, model[f"{ESP}-encryption"])
    all_have = Support(
        libreswan.refusals,
        listed,
        support.kernel(lab.hosts[PROVIDER]),
        model,
        refused,
        gateway.software,
        STRONGSWAN_CANNOT if own else {},
    )
    found, holes = combinations.computed(all_have)
    whole, _ = combinations.computed(replace(all_have, gateway_cannot={}))
    beyond = support.beyond_the_model(table, listed)
    return found, rows.Extent(
        tuple(one.name for one in whole), (*holes, Hole(AH, refused[AH]), *beyond)
    )


def chosen(found: Sequence[Combination], wanted: Wanted) -> list[Case]:
    """The cases of this part of the run; settings are spread over the whole set, whichever part is run."""
    picked = combinations.sample(found, wanted.seed) if wanted.quick else found
    every = combinations.cases(picked, wanted.seed)
    number, parts = wanted.part
    mine = every[number - 1 :: parts]
    mine = [case for case in mine if re.search(wanted.only, case.combination.name)]
    before = rows.read(wanted.folder / rows.ROWS)
    if wanted.gateway == LIBRESWAN:
        # Only for what the other one could not.
        good = {row.name for row in before if not row.reason and row.maker == "strongSwan"}
        mine = [case for case in mine if case.combination.name not in good]
    done: dict[str, bool] = {}
    if wanted.resume:
        known = (row for row in before if row.maker.lower() == wanted.gateway)
        done = {row.name: not row.reason for row in known}
        mine = [case for case in mine if not done.get(case.combination.name)]
    return combinations.together(mine, alone=done)


def batches(slots: Sequence[Slot], cases: Sequence[Case]) -> Iterator[dict[Slot, Case]]:
    """The cases in their order, as many at once as there are places with the right version of IP outside."""
    left = list(cases)
    while left:
        placed: dict[Slot, Case] = {}
        for slot in slots:
            case = next((case for case in left if case.outside == slot.outside), None)
            if case is not None:
                placed[slot] = case
                left.remove(case)
        yield placed


def _number(cases: Sequence[Case]) -> int:
    return sum(len(case.tried) for case in cases)


def _try(
    lab: Lab,
    slots: Sequence[Slot],
    cases: Sequence[Case],
    wanted: Wanted,
    begin: float,
    progress: Progress,
) -> list[rows.Row]:
    trials, made = Trials(lab, wanted.folder / "logs"), []
    file = wanted.folder / (rows.QUICK if wanted.quick else rows.ROWS)
    for placed in batches(slots, cases):
        if time.monotonic() - begin > wanted.seconds:
            progress.note("time is over: `--resume` goes on from here")
            break
        fresh = trials.run(placed)
        rows.write(fresh, file)
        made += fresh
        for row in fresh:
            progress.note(
                f"{len(made)}/{_number(cases)} {row.name} {row.outside}/{row.inside} {row.form}"
                f"{' esn' if row.esn else ''} {row.seconds} s {row.reason or 'ok'}"
            )
    return made
