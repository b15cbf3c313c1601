"""Debian 13's Libreswan beside Debian 12's: unpacked into the cache with all the libraries it needs, never installed.

Its programs are made to take those libraries, and their loader, from that folder alone: nothing of Debian 13 is
visible to any other program. apt fetches the packages from the mirror of this machine, with lists of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ipsec_lab import cache, packages, tools
from ipsec_lab.errors import LabError
from ipsec_lab.progress import Progress

PATCHER = ("patchelf",)
"""What makes a program take its loader and its libraries from another folder."""

_SUITE = "trixie"
_NAME = f"libreswan-{_SUITE}-x86_64"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_LOADER = "usr/lib64/ld-linux-x86-64.so.2"
_PROGRAMS = "usr/libexec/ipsec"
_RUN = ("pluto", "whack", "addconn", "algparse")
"""Those of Libreswan's programs that are run; the others of the folder are scripts and tests of its own."""


def libreswan(progress: Progress, run: tools.Runner = tools.run) -> Path:
    """The folder with Libreswan 5's programs, to stand in for ``/usr/libexec/ipsec``."""
    place = cache.root() / _NAME
    if not place.is_dir():
        packages.ensure(PATCHER, progress, run)

    def build(folder: Path) -> None:
        log = cache.logs("libreswan-5")
        with progress.step("Libreswan 5: fetching and unpacking", log=log):
            _unpack(folder, log, run)
            _redirect(folder, place, run)

    return cache.obtain(_NAME, build, progress.note) / _PROGRAMS


def place() -> Path:
    """Where these programs are once they have been fetched."""
    return cache.root() / _NAME / _PROGRAMS


def _unpack(folder: Path, log: Path, run: tools.Runner) -> None:
    apt = folder / "apt"
    options = _options(apt, run)
    log.write_text(_must(run(["apt-get", *options, "update"]), "package lists"))
    names = _names(
        run(["apt-get", *options, "-s", "--no-install-recommends", "install", "libreswan"]).out
    )
    fetched = run(["apt-get", *options, "download", *names], cwd=apt)
    log.write_text(_must(fetched, "packages"))
    for file in sorted(apt.glob("*.deb")):
        _must(run(["dpkg-deb", "-x", str(file), str(folder)]), file.name)
    shutil.rmtree(apt)


def _options(apt: Path, run: tools.Runner) -> list[str]:
    """Makes apt a world of its own, in which nothing is installed and only Debian 13 is known."""
    for name in ("sources", "lists/partial", "cache/archives/partial"):
        (apt / name).mkdir(parents=True)
    (apt / "status").touch()
    (apt / "sources" / f"{_SUITE}.sources").write_text(
        f"Types: deb\nURIs: {_mirror(run)}\nSuites: {_SUITE}\nComponents: main\nSigned-By: {_KEYRING}\n"
    )
    settings = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": apt / "sources",
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "APT::Sandbox::User": "root",
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]


def _mirror(run: tools.Runner) -> str:
    """Where this machine gets Debian from."""
    shown = run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(COMPONENT)", "Created-By: Packages"]
    )
    for line in shown.out.splitlines():
        address, _, component = line.partition(" ")
        if component == "main" and address.rstrip("/").endswith("/debian"):
            return address
    raise LabError(
        "apt has no source of Debian's main component", cure="Put Debian's source into apt's"
    )


def _names(simulation: str) -> list[str]:
    """Libreswan and the libraries that come with it; what it calls by itself stays this machine's."""
    installed = (line.split()[1] for line in simulation.splitlines() if line.startswith("Inst "))
    return [name for name in installed if name.startswith("lib") or name == "zlib1g"]


def _redirect(folder: Path, place: Path, run: tools.Runner) -> None:
    """``place`` is where the folder is to be found when it is whole. RPATH, unlike RUNPATH, counts for what libraries
    open by themselves too: NSS does so.
    """
    _must(
        run(
            [
                "patchelf",
                *("--set-interpreter", str(place / _LOADER)),
                *("--force-rpath", "--set-rpath", str(place / _LIBRARIES)),
                *(str(folder / _PROGRAMS / name) for name in _RUN),
            ]
        ),
        "programs",
    )


def _must(done: tools.Done, what: str) -> str:
    if done.status != 0:
        words: Sequence[str] = (done.err + done.out).strip().splitlines()[-1:]
        raise LabError(
            f"Libreswan 5: {what}: {''.join(words) or f'status {done.status}'}",
            cure="Put apt in order, then run this again",
        )
    return done.out + done.err
