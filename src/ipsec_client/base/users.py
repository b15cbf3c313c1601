"""Who somebody is, by the user id that the kernel gave."""

from __future__ import annotations

import pwd


def login_name(uid: int) -> str:
    """The login name; the number where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
