"""One SQLite file of ours: private from its first byte, durable, of a known format, and whole or said not to be."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ipsec_client.base import files
from ipsec_client.base.errors import Fault

log = logging.getLogger(__name__)

_FIRST = """
-- at and confirmed_until in seconds of the wall clock, routers a JSON array of names
CREATE TABLE commits (
    version INTEGER PRIMARY KEY, at REAL NOT NULL, user TEXT NOT NULL, routers TEXT NOT NULL,
    confirmed_until REAL, undone_from INTEGER
);
-- what a commit changed, of kind "shared" (the authority's own), "order" (of routers) or "router" (no text: gone)
CREATE TABLE parts (
    kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, text TEXT, digest BLOB NOT NULL,
    PRIMARY KEY (kind, name, version)
);
CREATE INDEX parts_of_commit ON parts (version);
CREATE TABLE candidates (user TEXT PRIMARY KEY, edits TEXT NOT NULL);
CREATE TABLE exports (
    name TEXT PRIMARY KEY, at REAL NOT NULL, encrypted INTEGER NOT NULL, content BLOB NOT NULL
);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

FORMATS: tuple[str, ...] = (_FIRST,)
"""The statements that lead to each format from the one before; ``user_version`` counts them."""

_BESIDE = ("", "-wal", "-shm")  # what SQLite keeps in the folder for one database


_OF_THE_DISK = tuple(
    f"SQLITE_{name}" for name in ("IOERR", "FULL", "CANTOPEN", "READONLY", "BUSY", "PERM")
)


class Damaged(Exception):
    """The file cannot be relied on."""


class File:
    """An open database. Its connection is used by one thread at a time."""

    def __init__(self, path: Path, formats: Sequence[str] = FORMATS) -> None:
        """Opens it, made if it was not there, and brought to the newest format.

        Raises Damaged, or Fault for a format newer than this software's.
        """
        self.path = path
        with as_damage(path):
            files.folder(path.parent)
            if not path.exists():
                files.replace(path, b"")
            self._connection = _connected(path)
            try:
                self._make_ready(formats)
            except BaseException:
                self._connection.close()
                raise

    def _make_ready(self, formats: Sequence[str]) -> None:
        [(found,)] = self.rows("PRAGMA user_version")
        if found > len(formats):
            raise Fault(
                f"{self.path} is of format {found}; this software knows formats up to {len(formats)}",
                cure="Install the release that wrote it, or a newer one",
            )
        [(told,), *_] = self.rows("PRAGMA integrity_check(1)")
        if told != "ok":
            raise Damaged(f"{self.path}: {told}")
        if found == len(formats):
            return
        if found:
            before = self.path.with_name(f"{self.path.name}.format-{found}")
            self.copy_to(before)
            log.info("%s was of format %d, and is kept so as %s", self.path, found, before)
        try:
            with self.writing():
                for statements in formats[found:]:
                    for statement in filter(str.strip, statements.split(";")):
                        self.do(statement)
                self.do(f"PRAGMA user_version = {len(formats)}")
        except Damaged as trouble:  # the file was whole a moment ago
            raise Fault(
                f"{self.path} could not be brought to format {len(formats)}: {trouble}",
                cure="It is as it was: install the release before",
            ) from None

    def rows(self, query: str, *values: object) -> list[Any]:
        """What a query finds."""
        with as_damage(self.path):
            return self._connection.execute(query, values).fetchall()

    def do(self, statement: str, *values: object) -> None:
        """Carries out a statement; inside ``writing`` as a part of it."""
        with as_damage(self.path):
            self._connection.execute(statement, values)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All that is done inside is on the disk afterwards, or none of it."""
        self.do("BEGIN IMMEDIATE")
        try:
            yield
            self.do("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.rollback()
            raise

    def copy_to(self, path: Path) -> None:
        """Makes another file the same as this, in one step; nobody may have it open."""
        with as_damage(self.path):
            content = self._connection.serialize()
            remove(path)
            files.replace(path, content)

    def close(self) -> None:
        """Ends its use."""
        self._connection.close()


def remove(path: Path) -> None:
    """Removes a database with all that SQLite keeps beside it; what it left there would be taken for the next one's."""
    for end in reversed(_BESIDE):
        path.with_name(path.name + end).unlink(missing_ok=True)


def put_aside(path: Path) -> Path:
    """Renames a database so that people can look into it; where it is now."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for end in _BESIDE:
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    return aside


@contextmanager
def as_damage(path: Path) -> Iterator[None]:
    """SQLite's complaints about a file's content as Damaged; about the disk, as Fault."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "").startswith(_OF_THE_DISK):
            raise _unusable(path, str(error)) from None
        raise Damaged(f"{path}: {error}") from None
    except sqlite3.DatabaseError as error:
        raise Damaged(f"{path}: {error}") from None
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from None


def _unusable(path: Path, why: str) -> Fault:
    return Fault(f"{path} cannot be used: {why}", cure="Look after the disk")


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "secure_delete = ON",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection
