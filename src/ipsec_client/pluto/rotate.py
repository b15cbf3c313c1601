"""Logs turned over in place: who writes them keeps the file open and appends, so the file is copied and emptied.

What is written between the two, a fraction of a millisecond, is lost.
"""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from ipsec_client.base.logs import KEPT, SIZE

PRINTED = "ipsec-client-run.log"
"""What pluto and our daemons print, where ``ipsec-client run`` started them: open in each of them as well."""


def beside(log: Path) -> Path:
    """The file that pluto's prints go to, beside its log."""
    return log.with_name(PRINTED)


def is_full(log: Path) -> bool:
    """Whether it is time."""
    try:
        return log.stat().st_size >= SIZE
    except OSError:
        return False


def turn_over(log: Path) -> None:
    """Makes the log ``.1``, that ``.2`` and so on, and begins it anew; raises OSError where there is no room, or where
    the log is a link: others than root may write to its folder.
    """
    with os.fdopen(os.open(log, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC), "r+b") as full:
        for number in range(KEPT - 1, 0, -1):
            with suppress(FileNotFoundError):
                _old(log, number).replace(_old(log, number + 1))
        try:
            _old(log, 1).unlink(missing_ok=True)
            how = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            mode = stat.S_IMODE(os.fstat(full.fileno()).st_mode)
            with os.fdopen(os.open(_old(log, 1), how, mode), "wb") as kept:
                shutil.copyfileobj(full, kept)
        finally:  # with no room for the copy, room is what is needed most
            full.truncate(0)


def _old(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
