"""``ipsec-client doctor``: what this host has and lacks for an ipsec-client, each lack with its cure."""

from __future__ import annotations

import argparse
import locale
import shutil
import sys
from collections.abc import Iterable, Iterator

from ipsec_client.app.conflicts import conflicts
from ipsec_client.app.surroundings import surroundings
from ipsec_client.base.run import environment
from ipsec_client.kernel.facts import Fact, facts
from ipsec_client.pluto.version import version

PROGRAMS = {"nft": "nftables", "certutil": "libnss3-tools"}
"""Programs that we run beside Libreswan's own, each with Debian's package of it."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments: none."""
    del parser


def main(args: argparse.Namespace) -> int:
    """Prints the table; 0 when the host is ready, 1 when something is missing or in the way."""
    del args
    found = findings(named=False)
    signs = sys.stdout.isatty() and locale.getencoding().upper() == "UTF-8"
    sys.stdout.writelines(f"{line}\n" for line in table(found, signs=signs))
    return 0 if all(fact.good for fact in found) else 1


def findings(named: bool) -> list[Fact]:
    """All that is looked at, the good too. Needs root to find out; changes nothing. ``named``: names are in use."""
    return [*facts(), *programs(), *surroundings(named=named), *conflicts()]


def programs() -> Iterator[Fact]:
    """The programs of others that are run."""
    libreswan = version()
    cure = "" if libreswan else "Install the package libreswan"
    yield Fact("Libreswan", bool(libreswan), libreswan or "not installed", cure)
    for program, package in PROGRAMS.items():
        path = shutil.which(program, path=environment()["PATH"])
        if path is None:
            yield Fact(program, False, "not installed", f"Install the package {package}")
        else:
            yield Fact(program, True, path)


def table(found: Iterable[Fact], *, signs: bool) -> Iterator[str]:
    """The facts as lines; ``signs`` marks them with ✔ and ✖ instead of words."""
    good, bad = ("✔", "✖") if signs else ("yes", "no ")
    rows = list(found)
    width = max((len(fact.name) for fact in rows), default=0)
    for fact in rows:
        yield f"{good if fact.good else bad}  {fact.name:<{width}}  {fact.found}"
        if not fact.good and fact.cure:
            yield f"{' ' * (len(bad) + width + 4)}{fact.cure}"
