"""Who is at the other end of a socket, by the word of the kernel and of the user database, and what he may do.

Root and the members of ADMINS configure and restart; the members of LOOKERS look. What daemons ask of each
other is for root, for the daemon's own user and for the conductor's.

Who has become root by sudo goes by the name he logged in with, which the kernel remembers (loginuid): his candidate
is his, and history tells who committed.
"""

from __future__ import annotations

import asyncio
import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from ipsec_client.base.sockets import Peer

ADMINS = ("128t-admin", "wheel", "sudo")
"""Groups whose members configure."""

LOOKERS = ("128t-user", "128t")
"""Groups whose members look."""

CONDUCTOR = "ipsec-client"
"""The user that the conductor runs as."""

PROC = Path("/proc")
_NO_LOGIN = 2**32 - 1

PRIVATE = 0o600
SHARED = 0o666


@dataclass(frozen=True, slots=True)
class Person:
    """A user. ``looks`` is all that he may do unless he is an ``admin``; ``daemon``: one of ours, or root."""

    name: str
    admin: bool = False
    looks: bool = False
    daemon: bool = False


async def person(uid: int | None, process: int | None = None) -> Person:
    """The user of this number, in that process. The user database may be slow: it is asked beside the loop."""
    if uid in (None, 0, os.geteuid()):
        login = _login(process) if uid == 0 and process is not None else None
        name = await asyncio.to_thread(_name, login) if login else _name(uid)
        return Person(name, True, True, True)
    return await asyncio.to_thread(_look_up, uid)


async def refusal(peer: Peer) -> str:
    """Why the process at the other end is not listened to; empty for one that is."""
    found = await person(peer.uid)
    if found.looks or found.daemon:
        return ""
    return (
        f"{found.name} may neither look nor configure here. That takes a member of the group "
        f"{' or '.join(LOOKERS)} (look), {', '.join(ADMINS)} (configure), or sudo"
    )


def mode() -> int:
    """The mode of a socket: shared, its users told apart by ``refusal``, where a group of the product's exists."""
    return SHARED if any(map(_exists, (ADMINS[0], *LOOKERS))) else PRIVATE


def _look_up(uid: int) -> Person:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Person(str(uid))
    groups = set()
    for number in os.getgrouplist(entry.pw_name, entry.pw_gid):
        try:
            groups.add(grp.getgrgid(number).gr_name)
        except KeyError:
            continue
    admin = not groups.isdisjoint(ADMINS)
    looks = admin or not groups.isdisjoint(LOOKERS)
    return Person(entry.pw_name, admin, looks, entry.pw_name == CONDUCTOR)


def _login(process: int) -> int | None:
    """The user id that the process's session was logged in with; None where there was no login, or it is not seen."""
    try:
        login = int((PROC / str(process) / "loginuid").read_text())
    except (OSError, ValueError):
        return None
    return None if login == _NO_LOGIN else login


def _name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid).pw_name if uid is not None else "admin"
    except KeyError:
        return str(uid)


def _exists(group: str) -> bool:
    try:
        grp.getgrnam(group)
    except KeyError:
        return False
    return True
