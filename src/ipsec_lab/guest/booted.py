"""systemd as a guest's first process: what of the host's services is left out, since the guest has no use for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ipsec_lab import syscalls

_MASKS = Path("/run/systemd/system")
_ENABLED = Path("/etc/systemd/system")
_KEPT = ("128t-", "ipsec")
"""What units' names begin with that are what a booted guest is for."""
_LEFT_OUT = (
    "dbus.service",
    "dbus.socket",
    "getty.target",
    "systemd-logind.service",
    "systemd-binfmt.service",
    "systemd-hwdb-update.service",
    "systemd-timesyncd.service",
    "systemd-udev-settle.service",
    "systemd-udev-trigger.service",
    "systemd-udevd.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "tmp.mount",
)


def become_systemd() -> None:
    """Never returns: this process is systemd's."""
    Path("/usr/sbin/policy-rc.d").unlink(
        missing_ok=True
    )  # a container's: no service may be started
    # Files of the host's own /tmp are no business of the guest, whose systemd would remove them all.
    syscalls.mount("tmpfs", "/tmp", options="mode=1777")  # noqa: S108
    _MASKS.mkdir(parents=True)
    for name in {*_LEFT_OUT, *_enabled()}:
        (_MASKS / name).symlink_to(os.devnull)
    os.execv("/sbin/init", ["/sbin/init"])  # noqa: S606 - a list, no shell


def _enabled() -> Iterator[str]:
    """The services that the host's owner has enabled."""
    for link in _ENABLED.glob("*.wants/*"):
        if not link.name.startswith(_KEPT):
            yield link.name
