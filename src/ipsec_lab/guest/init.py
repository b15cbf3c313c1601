"""The first process inside the guest: makes the host's files a root folder of the guest's own, then serves.

The host's files are seen through hostfs, read only, with an overlay in memory over them: the guest may write
anywhere, the host stays as it is. Only the folders named in the settings are the host's own.

With a disk what the guest writes lies on it and is there again at the next start, and systemd is the guest's
first process, as on a machine of its own; the service is beside it then.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import socket
import struct
import sys
import traceback
from pathlib import Path

from ipsec_lab import syscalls
from ipsec_lab.guest import wire

_libc = ctypes.CDLL(None, use_errno=True)
_PIVOT_ROOT = 155  # x86-64, the one architecture of user-mode Linux here
_MNT_DETACH = 2
_POWER_OFF = 0x4321FEDC
_STAGE = "/dev/shm"  # noqa: S108 - the launcher's, private to this guest
_LINK = "vec0"
_SIOCSIFADDR, _SIOCSIFNETMASK = 0x8916, 0x891C
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1

READY = "ipsec-lab: the guest is ready"
"""The line on the console that says so."""


def main(settings: str) -> None:
    """Never returns: the guest is powered off when this fails."""
    try:
        given = json.loads(settings)
        _own_root([Path(folder) for folder in given["writable"]], on_disk=given["disk"])
        socket.sethostname(given["name"])
        _up("lo")
        _up(_LINK, wire.ADDRESS[0], wire.PREFIX_LENGTH)
        # imported through the new root folder
        from ipsec_lab.guest import booted, server  # noqa: PLC0415

        listener = socket.create_server(wire.ADDRESS, backlog=64)
        if given["disk"] and os.fork():
            listener.close()
            booted.become_systemd()
        print(READY, flush=True)
        server.Server(listener).run()
    finally:
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
            sys.stderr.flush()
        os.sync()
        _libc.reboot(_POWER_OFF)


def _own_root(writable: list[Path], *, on_disk: bool) -> None:
    syscalls.mount("tmpfs", _STAGE, options="size=90%,mode=755")
    if on_disk:
        devices, disk = Path(_STAGE, "devices"), Path(_STAGE, "disk")
        devices.mkdir()
        disk.mkdir()
        syscalls.mount("devtmpfs", str(devices))
        syscalls.mount("ext4", str(disk), source=str(devices / "ubda"))
        layers = disk
    else:
        layers = Path(_STAGE)
    upper, work, root = layers / "upper", layers / "work", Path(_STAGE, "root")
    for folder in (upper, work, root):
        folder.mkdir(exist_ok=True)
    syscalls.mount("overlay", str(root), options=f"lowerdir=/,upperdir={upper},workdir={work}")
    _system_folders(root)
    for folder in writable:
        place = root / folder.relative_to("/")
        place.mkdir(parents=True, exist_ok=True)
        syscalls.mount("hostfs", str(place), options=str(folder))
    os.chdir(root)
    if _libc.syscall(_PIVOT_ROOT, b".", b".") < 0:
        raise OSError(ctypes.get_errno(), "pivot_root")
    # both roots are mounted at / now; what comes off is the older one, beneath
    _libc.umount2(b".", _MNT_DETACH)
    os.chdir("/")


def _system_folders(root: Path) -> None:
    for kind, place, options in (
        ("proc", "proc", ""),
        ("sysfs", "sys", ""),
        ("cgroup2", "sys/fs/cgroup", ""),
        ("devtmpfs", "dev", ""),
        ("devpts", "dev/pts", "mode=620,gid=5,ptmxmode=666"),
        ("tmpfs", "dev/shm", "mode=1777"),
        ("tmpfs", "run", "mode=755"),
    ):
        folder = root / place
        folder.mkdir(exist_ok=True)
        syscalls.mount(kind, str(folder), options=options)
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (root / "dev" / name).symlink_to(f"/proc/self/{target}")
    (root / "run/lock").mkdir(mode=0o1777)


def _up(interface: str, address: str = "", prefix_length: int = 0) -> None:
    """Raises an interface, with an address if one is given."""
    name = interface.encode().ljust(16, b"\0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        if address:
            mask = (0xFFFFFFFF << (32 - prefix_length)) & 0xFFFFFFFF
            for request, value in (
                (_SIOCSIFADDR, socket.inet_aton(address)),
                (_SIOCSIFNETMASK, struct.pack("!I", mask)),
            ):
                inet = struct.pack("=HH4s8x", socket.AF_INET, 0, value)
                fcntl.ioctl(handle, request, name + inet.ljust(24, b"\0"))
        had = struct.unpack_from("=h", fcntl.ioctl(handle, _SIOCGIFFLAGS, name + bytes(24)), 16)[0]
        fcntl.ioctl(handle, _SIOCSIFFLAGS, name + struct.pack("=h22x", had | _IFF_UP))
