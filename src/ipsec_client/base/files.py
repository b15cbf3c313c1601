"""Files that are whole or absent: written beside, synced, renamed. Secret ones are 0600 from the first byte."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ipsec_client.base.errors import Fault, UsageFault


def replace(path: Path, content: str | bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Puts ``content`` at ``path`` in one step; a reader sees the old file or the new one, never a part."""
    data = content.encode() if isinstance(content, str) else content
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        beside.rename(path)
    except BaseException:
        with suppress(FileNotFoundError):
            beside.unlink()
        raise
    if durable:
        _sync_folder(path.parent)


def name_also(path: Path, other: Path) -> None:
    """Gives the file a further name, in one step, in place of whatever bore it; not synced by itself."""
    beside = other.with_name(f".{other.name}.{os.getpid()}.new")
    beside.unlink(missing_ok=True)
    beside.hardlink_to(path)
    beside.replace(other)
    beside.unlink(missing_ok=True)  # where both names were one file's already, nothing was replaced


def to_append(path: str | Path) -> int:
    """A file to append to in a folder to which others may write: raises OSError where a link stands there."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, 0o666)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def folder(path: Path, mode: int = 0o700) -> Path:
    """The folder, made with exactly ``mode`` if it was not there."""
    with suppress(FileExistsError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=mode)
    path.chmod(mode)
    return path


def read_text(path: Path) -> str:
    """The file as UTF-8 text; raises UsageFault with the reason when it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise UsageFault(f"{path} is not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise UsageFault(f"cannot read {path}: {error.strerror}") from None


@contextmanager
def lock(path: Path, holder: str) -> Iterator[None]:
    """Holds an exclusive lock on ``path``; raises Fault at once when another process has it."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Fault(
                f"another {holder} is running ({path} is locked)", cure="Stop it first"
            ) from None
        yield
