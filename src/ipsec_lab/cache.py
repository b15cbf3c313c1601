"""What takes long to make and is kept between runs: where it lies, and how it gets there whole.

A thing in the cache is a folder that is complete or absent. It is built beside its place and renamed
into it; whoever wants the same thing meanwhile waits for the builder. Nothing here knows what is cached.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def root(environment: Mapping[str, str] = os.environ) -> Path:
    """The cache folder: $IPSEC_CLIENT_CACHE, $XDG_CACHE_HOME/ipsec-client or ~/.cache/ipsec-client."""
    if own := environment.get("IPSEC_CLIENT_CACHE"):
        return Path(own).absolute()
    shared = environment.get("XDG_CACHE_HOME", "")
    # the XDG base directory specification: a relative path is to be ignored
    base = Path(shared) if shared.startswith("/") else Path("~/.cache").expanduser()
    return base / "ipsec-client"


def logs(name: str) -> Path:
    """The file for what a long step's programs print; its folder is there."""
    folder = root() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


def obtain(name: str, build: Callable[[Path], None], tell: Callable[[str], None]) -> Path:
    """The folder ``name`` of the cache; if absent, ``build`` fills an empty folder that becomes it.

    ``build`` may fail or be killed at any instant: the next caller starts over. ``tell`` is given a line
    when another process is building it, and has to be waited for.
    """
    place = root() / name
    if place.is_dir():
        return place
    with alone(place.name, tell):
        if place.is_dir():
            return place
        for abandoned in place.parent.glob(f".{place.name}.new-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{place.name}.new-", dir=place.parent))
        try:
            beside.chmod(0o755)
            build(beside)
            beside.rename(place)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
    return place


@contextmanager
def alone(name: str, tell: Callable[[str], None]) -> Iterator[None]:
    """While the body runs no other process is in a body of that name; waits for its turn, and says so."""
    root().mkdir(parents=True, exist_ok=True)
    with (root() / f".{name}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"{name}: another process is at it, waiting for that one")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
