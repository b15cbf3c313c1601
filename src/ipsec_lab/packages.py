"""What the lab needs of Debian's packages: installed when missing, nothing ever removed, no service started.

strongSwan's packages conflict with Libreswan's, so strongSwan is unpacked into the cache instead of installed.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ipsec_lab import cache, tools
from ipsec_lab.errors import LabError
from ipsec_lab.progress import Progress

HOST = (
    "libreswan",
    "iproute2",
    "nftables",
    "tcpdump",
    "iputils-ping",
    "procps",
    "util-linux",
    "libnss3-tools",
    "kmod",
)
"""What the lab and the product run on this machine."""

SYSTEM = ("systemd", "systemd-sysv", "e2fsprogs", "python3-prompt-toolkit", "python3-cryptography")
"""What a machine has that systemd boots and our packages are installed on."""

ORACLES = ("libyang2-tools", "rpm", "lintian")
"""What only tests run: YANG's validator, what installs an .rpm, what judges a .deb."""

KERNEL = (
    "linux-source-6.1",
    "flex",
    "bison",
    "bc",
    "libelf-dev",
    "gcc",
    "make",
    "xz-utils",
    "libc6-dev",
)
"""What building the guest's kernel takes."""

STRONGSWAN = (
    "strongswan-charon",
    "strongswan-swanctl",
    "libstrongswan",
    "libstrongswan-standard-plugins",
    "libstrongswan-extra-plugins",
    "libcharon-extra-plugins",
    "libcharon-extauth-plugins",
)
"""The gateways of another make; unpacked, never installed."""

_BESIDE_LIBRESWAN_NEVER = ("strongswan-starter", "strongswan-charon")
_POLICY = Path("/usr/sbin/policy-rc.d")
_POLICY_TEXT = "#!/bin/sh\n# put here by ipsec-lab while it installs packages: no service is started\nexit 101\n"
_STATUS = Path("/var/lib/dpkg/status")
_APT = ("apt-get", "-o", "DPkg::Lock::Timeout=300")


def installed(names: Sequence[str], run: tools.Runner = tools.run) -> dict[str, str]:
    """The versions of those of ``names`` that are installed."""
    try:
        done = run(["dpkg-query", "-W", "-f=${Package} ${Version} ${db:Status-Status}\\n", *names])
    except LabError as error:
        raise LabError(
            "this is no Debian system: there is no dpkg-query",
            cure="Run the lab on Debian 12, or in a Debian 12 container with root",
        ) from error
    rows = (line.split() for line in done.out.splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 3 and row[2] == "installed"}


def ensure(names: Sequence[str], progress: Progress, run: tools.Runner = tools.run) -> None:
    """Installs what is missing of ``names``; asks apt for nothing when all is there."""
    if not _missing(names, run):
        return
    with cache.alone("packages", progress.note):
        missing = _missing(names, run)
        if not missing:
            return
        if os.geteuid() != 0:
            raise LabError(
                f"not installed: {' '.join(missing)}",
                cure="Run this as root, or install them with apt-get",
            )
        _refuse_conflict(missing, run)
        log = cache.logs("packages")
        with progress.step(f"packages: installing {' '.join(missing)}", log=log) as step:
            with _services_denied():
                _install(missing, step.update, log, run)
            if "libreswan" in missing and shutil.which("systemctl"):
                # the package enables its own daemon; what runs here is started by us alone
                run(["systemctl", "disable", "ipsec.service"])


def _missing(names: Sequence[str], run: tools.Runner) -> list[str]:
    there = installed(names, run)
    return [name for name in names if name not in there]


def _refuse_conflict(missing: Sequence[str], run: tools.Runner) -> None:
    if "libreswan" not in missing:
        return
    if rivals := sorted(installed(_BESIDE_LIBRESWAN_NEVER, run)):
        raise LabError(
            f"Libreswan cannot be installed beside {' and '.join(rivals)}, and nothing of yours is removed here",
            cure=f"Remove it yourself (apt-get remove {' '.join(rivals)}), or use another machine",
        )


def _install(
    names: Sequence[str], tell: Callable[[str], None], log: Path, run: tools.Runner
) -> None:
    argv = [*_APT, "install", "-y", "--no-remove", "--no-install-recommends", *names]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    first = run(argv, extra=quiet)
    log.write_text(first.out + first.err)
    if first.status == 0:
        return
    tell("package lists are old, fetching new ones")
    update = run([*_APT, "update"])
    second = run(argv, extra=quiet)
    log.write_text(update.out + update.err + second.out + second.err)
    if second.status != 0:
        raise LabError(
            f"apt-get could not install {' '.join(names)}: {_complaint(second)}",
            cure="Put apt in order, then run this again",
        )


def _complaint(done: tools.Done) -> str:
    """The first error line of apt, or the last line it printed at all."""
    lines = [line.strip() for line in (done.err + done.out).splitlines() if line.strip()]
    errors = [line.removeprefix("E: ") for line in lines if line.startswith("E: ")]
    return (errors or lines[-1:] or [f"status {done.status}"])[0]


@contextmanager
def _services_denied() -> Iterator[None]:
    """While the body runs no package starts a service; a policy of the user's own stays as it is."""
    ours = not _POLICY.exists() or _POLICY.read_text(errors="replace") == _POLICY_TEXT
    if ours:
        _POLICY.write_text(_POLICY_TEXT)
        _POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            _POLICY.unlink(missing_ok=True)


def strongswan_root(progress: Progress, run: tools.Runner = tools.run) -> Path:
    """The folder that holds strongSwan as Debian built it: ``usr/sbin/swanctl``, ``usr/lib/ipsec/charon`` …

    With it come the shared libraries that it needs and this machine lacks, in ``usr/lib/<triplet>``.
    """

    def build(folder: Path) -> None:
        log = cache.logs("strongswan")
        with progress.step("strongSwan: fetching and unpacking", log=log) as step:
            _unpack_strongswan(folder, step.update, log, run)

    return cache.obtain(f"strongswan-{_release()}-{platform.machine()}", build, progress.note)


def _release() -> str:
    release = platform.freedesktop_os_release()
    return f"{release['ID']}{release.get('VERSION_ID', '')}"


def _unpack_strongswan(
    folder: Path, tell: Callable[[str], None], log: Path, run: tools.Runner
) -> None:
    names = _closure(folder, run)
    if not names:
        tell("package lists are missing, fetching them")
        run([*_APT, "update"])
        names = _closure(folder, run)
    tell("fetching")
    fetched = run(["apt-get", "download", *names], cwd=folder)
    log.write_text(fetched.out + fetched.err)
    files = sorted(folder.glob("*.deb"))
    if fetched.status != 0 or len(files) != len(names):
        raise LabError(
            f"strongSwan's packages could not be fetched: {_complaint(fetched)}",
            cure="Put apt in order, then run this again",
        )
    for file in files:
        if run(["dpkg-deb", "-x", str(file), str(folder)]).status != 0:
            raise LabError(
                f"{file.name} could not be unpacked", cure="Free some space and try again"
            )
        file.unlink()


def _closure(folder: Path, run: tools.Runner) -> list[str]:
    """strongSwan's packages and the libraries that would come with them; empty if apt knows none."""
    # apt is asked as if Libreswan were not installed: beside it strongSwan would be refused
    stanzas = _STATUS.read_text(errors="replace").split("\n\n")
    status = folder / "status"
    status.write_text(
        "\n\n".join(stanza for stanza in stanzas if not stanza.startswith("Package: libreswan\n"))
    )
    as_if = ["-o", f"Dir::State::status={status}", "--no-install-recommends"]
    done = run(["apt-get", "-s", *as_if, "install", *STRONGSWAN])
    status.unlink()
    return new_libraries(done.out)


def new_libraries(simulation: str) -> list[str]:
    """From the output of ``apt-get -s install``: what would be new, strongSwan and libraries only.

    An upgrade (``Inst NAME [old] (new …)``) is left out: the version that is installed serves.
    """
    found = re.findall(r"^Inst (\S+) \(", simulation, re.MULTILINE)
    return [name for name in found if name.startswith(("strongswan", "lib"))]


def tool_versions(progress: Progress, run: tools.Runner = tools.run) -> dict[str, str]:
    """The versions of what makes tunnels here: ``{"libreswan": "4.10", "strongswan": "5.9.8"}``."""
    libreswan = installed(["libreswan"], run).get("libreswan", "none")
    root = strongswan_root(progress, run)
    where = {
        "LD_LIBRARY_PATH": str(root / "usr/lib/ipsec"),
        "STRONGSWAN_CONF": str(root / "etc/strongswan.conf"),
    }
    charon = run([str(root / "usr/lib/ipsec/charon"), "--version"], extra=where)
    return {
        "libreswan": libreswan.partition("-")[0],
        "strongswan": charon.out.split()[-1],  # Linux strongSwan 5.9.8
    }
