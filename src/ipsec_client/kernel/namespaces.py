"""Network namespaces, named as iproute2 names them: a bind mount below /run/netns. Nothing about their content.

A namespace of ours is marked by the link alias of its loopback device, set before the namespace gets a name.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ipsec_client.base.errors import HostFault
from ipsec_client.base.run import in_thread

T = TypeVar("T")

FOLDER = Path("/run/netns")
"""Where iproute2 and systemd's NetworkNamespacePath= look for named namespaces (ip-netns(8))."""

CLONE_NEWNET = 0x40000000  # linux/sched.h
MS_BIND, MS_REC, MS_SHARED = 0x1000, 0x4000, 0x100000  # linux/mount.h
MNT_DETACH = 2  # sys/mount.h

_libc = ctypes.CDLL(None, use_errno=True)


def path(name: str) -> Path:
    """The file that stands for a namespace; ``""`` is that of the calling thread."""
    return FOLDER / name if name else Path("/proc/thread-self/ns/net")


def exists(name: str) -> bool:
    """True when ``name`` is a namespace (and not the empty file that a broken creation leaves)."""
    try:
        return path(name).stat().st_dev == Path("/proc/self/ns/net").stat().st_dev
    except FileNotFoundError:
        return False


def entered(name: str) -> Callable[[], None]:
    """What moves the calling thread into a namespace: for ``base.run``'s ``inside``. ``""`` moves nothing.

    The call raises HostFault when the namespace is not there.
    """

    def enter() -> None:
        if not name:
            return
        try:
            handle = os.open(path(name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise HostFault(
                f"namespace {name} does not exist", cure="The agent makes it again by itself"
            ) from None
        try:
            enter_file(handle)
        except OSError as error:
            raise HostFault(f"cannot enter namespace {name}: {error.strerror}") from None
        finally:
            os.close(handle)

    return enter


def enter_file(handle: int) -> None:
    """Moves the calling thread into the namespace whose file is open as ``handle``; raises OSError."""
    if sys.version_info >= (3, 12):
        os.setns(handle, CLONE_NEWNET)
    elif _libc.setns(handle, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def inside(name: str, work: Callable[[], T]) -> T:
    """The result of ``work`` done in a namespace, in a thread of its own (0.2 ms); ``""``: done right here."""
    return in_thread(entered(name), work) if name else work()


def open_socket(name: str, family: int, kind: int, protocol: int) -> socket.socket:
    """A socket that lives in a namespace, whatever thread uses it, until it is closed.

    An open one keeps the namespace itself alive after ``delete``.
    """
    return inside(name, lambda: socket.socket(family, kind | socket.SOCK_CLOEXEC, protocol))


def apart() -> None:
    """Puts the calling thread into a new namespace without a name, which ends with it."""
    _check(_libc.unshare(CLONE_NEWNET), "cannot make a namespace")


def create(name: str, mark: Callable[[], None]) -> None:
    """Makes a namespace; ``mark`` is called inside it before it has its name, so that none is ever unmarked."""
    _prepare_folder()
    target = path(name)
    target.touch(mode=0o444)

    def make() -> None:
        mark()
        _mount("/proc/thread-self/ns/net", target, MS_BIND, f"cannot name namespace {name}")

    try:
        in_thread(apart, make)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def delete(name: str) -> None:
    """Takes the name away; the kernel frees what is inside once no process and no socket is in it."""
    target = path(name)
    if exists(name):
        _check(_libc.umount2(os.fsencode(target), MNT_DETACH), f"cannot remove namespace {name}")
    target.unlink(missing_ok=True)


def _prepare_folder() -> None:
    """As iproute2 does: shared, so that a removal is seen in every mount namespace that has a copy."""
    FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle = os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # two at once would mount it over itself again and again
        try:
            _mount("", FOLDER, MS_SHARED | MS_REC, f"cannot share {FOLDER}")
        except HostFault as fault:
            if not isinstance(fault.__cause__, OSError) or fault.__cause__.errno != errno.EINVAL:
                raise
            _mount(FOLDER, FOLDER, MS_BIND | MS_REC, f"cannot make {FOLDER} a mount point")
            _mount("", FOLDER, MS_SHARED | MS_REC, f"cannot share {FOLDER}")
    finally:
        os.close(handle)


def _mount(source: str | Path, target: Path, flags: int, what: str) -> None:
    _check(
        _libc.mount(os.fsencode(source), os.fsencode(target), b"none", ctypes.c_ulong(flags), None),
        what,
    )


def _check(status: int, what: str) -> None:
    if status == 0:
        return
    error = OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    cure = "It needs root with CAP_SYS_ADMIN" if error.errno == errno.EPERM else ""
    raise HostFault(f"{what}: {error.strerror}", cure=cure) from error
