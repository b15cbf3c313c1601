"""The few Linux calls for namespaces and mounts that Python 3.11 does not offer."""

from __future__ import annotations

import ctypes
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def unshare(kinds: int) -> None:
    """Leave the namespaces of these kinds for new ones; concerns the calling thread alone."""
    _checked(_libc.unshare(kinds), "unshare")


def setns(descriptor: int, kind: int) -> None:
    """Enter the namespace behind ``descriptor``; concerns the calling thread alone."""
    _checked(_libc.setns(descriptor, kind), "setns")


def mount(kind: str, target: str, *, flags: int = 0, options: str = "", source: str = "") -> None:
    """Mount a file system of ``kind``, from the device ``source`` if it is on one, on ``target``."""
    result = _libc.mount(
        (source or kind).encode(),
        target.encode(),
        kind.encode(),
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _checked(result, f"mount {kind} on {target}")


def keep_mounts_to_ourselves() -> None:
    """Mounts made from here on are not seen outside this mount namespace."""
    _checked(_libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None), "mount")


def die_with_parent(signal_number: int) -> None:
    """Get ``signal_number`` as soon as the parent of this process is gone."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal_number), 0, 0, 0), "prctl")
