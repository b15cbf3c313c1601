"""Writes docs/third-party.md: every piece of software of others that this project uses, and its licence.

Python packages come from requirements.lock, their licences from their own metadata. Debian packages come
from the lab's list; their licences are read here once from each package's copyright file.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ipsec_lab import packages

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "third-party.md"

DEBIAN_LICENCES = {
    "bc": "GPL-2+",
    "bison": "GPL-3+",
    "e2fsprogs": "GPL-2",
    "flex": "BSD-2-Clause",
    "gcc": "GPL-3+ with the GCC runtime library exception",
    "iproute2": "GPL-2",
    "iputils-ping": "GPL-2+ and BSD-3-Clause",
    "kmod": "GPL-2+ and LGPL-2.1+",
    "libc6-dev": "LGPL-2.1+",
    "libelf-dev": "GPL-2+ or LGPL-3+",
    "libnss3-tools": "MPL-2.0",
    "libreswan": "GPL-2+",
    "libyang2-tools": "BSD-3-Clause",
    "lintian": "GPL-2+",
    "linux-source-6.1": "GPL-2",
    "make": "GPL-3+",
    "nftables": "GPL-2",
    "procps": "GPL-2+ and LGPL-2+",
    "python3": "PSF-2.0",
    "python3-cryptography": "Apache-2.0 or BSD-3-Clause",
    "python3-prompt-toolkit": "BSD-3-Clause",
    "python3-venv": "PSF-2.0",
    "rpm": "GPL-2+",
    "strongswan": "GPL-2+",
    "systemd": "LGPL-2.1+",
    "systemd-sysv": "LGPL-2.1+",
    "tcpdump": "BSD-3-Clause",
    "util-linux": "GPL-2+ and LGPL-2.1+",
    "xz-utils": "GPL-2+ and public domain",
}

FUZZING_LICENCES = {"atheris": "Apache-2.0"}
"""Of what tools/fuzz.lock has, which is not installed here."""

SPELLED = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""SPDX identifiers of licences that packages name otherwise, or by their trove classifier alone."""

HEAD = """\
# Software of others

Written by `tools/third_party.py`; a test holds it to the lock. Nothing below is part of this repository:
Python packages are fetched by `make setup`, Debian packages by the commands that need them.
"""


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of the lock; ``via`` names what asked for it."""

    name: str
    version: str
    marker: str
    via: tuple[str, ...]


def locked(text: str) -> Iterator[Locked]:
    """The packages in the text of a lock."""
    for block in re.split(r"\n(?=[a-z0-9])", text):
        head = re.match(r"(?P<name>\S+)==(?P<version>[^\s;\\]+)\s*(?:; (?P<marker>[^\\]+))?", block)
        if head is None:
            continue
        comment = block.partition("# via")[2]
        via = tuple(line.strip(" #") for line in comment.splitlines() if line.strip(" #"))
        yield Locked(head["name"], head["version"], (head["marker"] or "").strip(), via)


def at_run_time(everything: list[Locked]) -> set[str]:
    """The names of those that the product needs to run, by way of others too."""
    found = {item.name for item in everything if "ipsec-client (pyproject.toml)" in item.via}
    while more := {item.name for item in everything if found & set(item.via)} - found:
        found |= more
    return found


def licence(name: str) -> str:
    """What the installed package says of its licence, as an SPDX expression where it can be told."""
    about = metadata.metadata(name)
    for field in ("License-Expression", "License"):
        if field in about and "\n" not in about[field].strip():
            return SPELLED.get(about[field], about[field])
    words = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or ()]
    return next(SPELLED[word] for word in words if word in SPELLED)


def debian() -> dict[str, str]:
    """The Debian packages used, and for what."""
    uses = dict.fromkeys(("python3", "python3-venv"), "`make setup`")
    uses |= dict.fromkeys(packages.KERNEL, "builds the lab's guest kernel")
    uses |= dict.fromkeys(packages.HOST, "the product and the lab run it")
    uses |= dict.fromkeys(packages.ORACLES, "tests run it")
    uses |= dict.fromkeys(packages.SYSTEM, "the machine that tests boot and install packages on")
    uses["strongswan"] = "the lab's gateways; unpacked privately, never installed"
    return dict(sorted(uses.items()))


def page(lock: str) -> str:
    """The page for the text of a lock."""
    everything = [item for item in locked(lock) if "win32" not in item.marker]
    needed = at_run_time(everything)
    lines = [
        HEAD,
        "## Python packages",
        "",
        "| package | version | licence | for |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {item.name} | {item.version} | {licence(item.name)} "
        f"| {'running' if item.name in needed else 'building and checking'} |"
        for item in everything
    ]
    lines += [
        f"| {item.name} | {item.version} | {FUZZING_LICENCES[item.name]} | `make fuzz` |"
        for item in locked((ROOT / "tools" / "fuzz.lock").read_text())
    ]
    lines += ["", "## Debian packages", "", "| package | licence | for |", "|---|---|---|"]
    lines += [f"| {name} | {DEBIAN_LICENCES[name]} | {use} |" for name, use in debian().items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Writes the page."""
    PAGE.write_text(page((ROOT / "requirements.lock").read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
