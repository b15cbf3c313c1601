"""The datastore: commits, candidates, exports and a few settings, written to one file and then to its copy.

A commit is in it whole or not at all, whatever ends the process. What the disk damages is kept aside for people,
and the other of the two files is taken.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ipsec_client.base import files
from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.commands.port import Committed, Exported
from ipsec_client.conductor.datastore import before_sqlite
from ipsec_client.conductor.datastore.file import FORMATS, Damaged, File, as_damage, put_aside
from ipsec_client.conductor.datastore.texts import (
    ORDER,
    ROUTER,
    SHARED,
    Part,
    changed_parts,
    joined,
)
from ipsec_client.model.elements import Authority

log = logging.getLogger(__name__)

HISTORY = 100
"""Commits that are kept."""

_INSERT_COMMIT = """
INSERT INTO commits (version, at, user, routers, confirmed_until, undone_from) VALUES (?, ?, ?, ?, ?, ?)
"""
_DELETE_PARTS = """
DELETE FROM parts WHERE version < ? AND (kind, name) IN (SELECT kind, name FROM parts WHERE version = ?)
"""

_KEEP_SETTING = "INSERT OR REPLACE INTO settings VALUES (?, ?)"

_SMALL = (
    "SELECT * FROM candidates ORDER BY user",
    "SELECT name, at, encrypted FROM exports ORDER BY name",
    "SELECT * FROM settings ORDER BY name",
)
"""What beside the history tells whether the copy is the same."""

Statement = tuple[Any, ...]
"""A statement of SQL, and its values."""


def state_folder() -> Path:
    """Where the conductor keeps its state: /var/lib/ipsec-client/conductor, or below IPSEC_CLIENT_STATE."""
    return Path(os.environ.get("IPSEC_CLIENT_STATE") or "/var/lib/ipsec-client") / "conductor"


class Datastore:
    """Used by one thread at a time. ``history`` is newest first, ``exports`` are by name.

    Nothing is made on the disk before there is something to keep. Methods that write raise Fault where the disk
    does not take it; nothing is changed then.
    """

    def __init__(
        self, folder: Path, *, formats: Sequence[str] = FORMATS, history: int = HISTORY
    ) -> None:
        """Opens what is there, or takes over what releases before the datastore left."""
        self._path = folder / "datastore.db"
        self._copy_path = folder / "datastore.copy.db"
        self._formats = formats
        self._longest = history
        self._file: File | None = None
        self._copy: File | None = None
        self._held: ExitStack | None = None
        self.history: tuple[Committed, ...] = ()
        self.exports: tuple[Exported, ...] = ()
        try:
            if self._path.exists() or self._copy_path.exists():
                self._hold()
                self._open()
            self._take_over(folder)
        except BaseException:
            self.close()
            raise

    def running(self) -> Authority | None:
        """What the latest commit made the running configuration; None before the first."""
        return self.authority(self.history[0].version) if self.history else None

    def authority(self, version: int, names: Collection[str] | None = None) -> Authority:
        """What was running after a commit; with ``names`` only those routers. Raises InputFault for an unknown one."""
        if not any(commit.version == version for commit in self.history):
            raise InputFault(f"there is no commit {version}", cure="show config history lists them")
        assert self._file is not None
        try:
            found = joined(*_view(self._file, version, names), names)
        except Damaged as damage:
            raise _unusable(damage) from None
        if found is None:
            raise Fault(
                f"{self._path}: the text of commit {version} cannot be read by this release",
                cure="Install the release that wrote it",
            )
        return found

    def keep(
        self,
        commit: Committed,
        before: Authority | None,
        after: Authority,
        candidate_of: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Makes it the latest commit; no other awaits confirmation. ``candidate_of`` a user goes with it.

        ``settings`` are kept with it.
        """
        statements: list[Statement] = [
            ("UPDATE commits SET confirmed_until = NULL",),
            (
                _INSERT_COMMIT,
                commit.version,
                commit.at,
                commit.user,
                json.dumps(commit.routers),
                commit.confirmed_until,
                commit.undone_from,
            ),
            *(
                (
                    "INSERT INTO parts VALUES (?, ?, ?, ?, ?)",
                    part.kind,
                    part.name,
                    commit.version,
                    part.text,
                    part.digest(commit.version),
                )
                for part in changed_parts(before, after)
            ),
        ]
        statements += [(_KEEP_SETTING, *setting) for setting in (settings or {}).items()]
        if candidate_of is not None:
            statements.append(("DELETE FROM candidates WHERE user = ?", candidate_of))
        if len(self.history) >= self._longest:
            statements += _forget(self.history[self._longest - 1], self.history[self._longest - 2])
        self._write(statements)

    def confirm(self, version: int) -> None:
        """The commit awaits its confirmation no longer."""
        self._write([("UPDATE commits SET confirmed_until = NULL WHERE version = ?", version)])

    def candidates(self) -> dict[str, Any]:
        """Everybody's candidate, as it was kept."""
        return _candidates(self._file) if self._file is not None else {}

    def keep_candidate(self, user: str, edits: Any) -> None:
        """Keeps a candidate, as JSON values; None forgets it."""
        if edits is None:
            self._write([("DELETE FROM candidates WHERE user = ?", user)])
        else:
            self._write(
                [("INSERT OR REPLACE INTO candidates VALUES (?, ?)", user, json.dumps(edits))]
            )

    def exported(self, name: str) -> bytes:
        """The content of an export; raises InputFault for an unknown name."""
        rows = self._rows("SELECT content FROM exports WHERE name = ?", name)
        if not rows:
            raise InputFault(f"there is no export {name}", cure="show config exports lists them")
        found: bytes = rows[0][0]
        return found

    def keep_export(self, export: Exported, content: bytes) -> None:
        """Keeps an export; raises InputFault where there is one of that name."""
        if any(other.name == export.name for other in self.exports):
            raise InputFault(
                f"there is an export {export.name} already", cure="Delete it, or take another name"
            )
        values = export.name, export.at, export.encrypted, content
        self._write([("INSERT INTO exports VALUES (?, ?, ?, ?)", *values)])

    def delete_export(self, name: str) -> None:
        """Forgets an export; raises InputFault for an unknown name."""
        self.exported(name)
        self._write([("DELETE FROM exports WHERE name = ?", name)])

    def setting(self, name: str) -> str | None:
        """A setting's value; None where it was never kept."""
        rows = self._rows("SELECT value FROM settings WHERE name = ?", name)
        return rows[0][0] if rows else None

    def keep_setting(self, name: str, value: str) -> None:
        """Keeps a setting."""
        self._write([(_KEEP_SETTING, name, value)])

    def close(self) -> None:
        """Ends its use."""
        for file in filter(None, (self._file, self._copy)):
            file.close()
        if self._held is not None:
            self._held.close()

    def _hold(self) -> None:
        """Keeps others from it: two at once would each take the other's half-written copy for a bad one."""
        if self._held is None:
            with as_damage(self._path), ExitStack() as holding:
                lock = files.folder(self._path.parent) / "lock"
                holding.enter_context(files.lock(lock, "conductor"))
                self._held = holding.pop_all()

    def _rows(self, query: str, *values: object) -> list[Any]:
        if self._file is None:
            return []
        try:
            return self._file.rows(query, *values)
        except Damaged as damage:
            raise _unusable(damage) from None

    def _write(self, statements: Sequence[Statement]) -> None:
        """Has the file carry them out, all or none, then its copy; one that fails is made anew at the next start."""
        try:
            if self._file is None:
                self._hold()
                self._file = File(self._path, self._formats)
                self._make_copy()
            _carry_out(self._file, statements)
        except Damaged as damage:
            raise _unusable(damage) from None
        self._look(self._file)
        if self._copy is not None:
            try:
                _carry_out(self._copy, statements)
            except (Damaged, Fault) as trouble:
                log.error("the datastore has no copy until the next start: %s", trouble)
                self._copy.close()
                self._copy = None

    def _open(self) -> None:
        file, copy = self._whole(self._path), self._whole(self._copy_path)
        if copy and (file is None or _latest(copy) > _latest(file)):
            if file:
                log.error("%s lacks the latest commits", self._path)
                file.close()
                put_aside(self._path)
            log.error("the datastore's copy is taken, with commit %d", _latest(copy))
            copy.copy_to(self._path)
            file = File(self._path, self._formats)
        self._file, self._copy = file, copy
        if file:
            self._look(file)
            if copy is None or not _same(copy, file):
                self._make_copy()
        else:
            log.error("no commit is left; nodes go on as they are until the next one")

    def _look(self, file: File) -> None:
        self.history = _history(file)
        rows = file.rows("SELECT name, at, encrypted FROM exports ORDER BY name")
        self.exports = tuple(Exported(name, at, bool(encrypted)) for name, at, encrypted in rows)

    def _whole(self, path: Path) -> File | None:
        """The file, if what it holds is what was written; else it is put aside."""
        if not path.exists():
            return None
        try:
            file = File(path, self._formats)
            _view(file, _latest(file))
            _candidates(file)
        except (Damaged, ValueError) as damage:
            log.error("the datastore is damaged: %s; kept as %s", damage, put_aside(path))
            return None
        return file

    def _make_copy(self) -> None:
        assert self._file is not None
        if self._copy is not None:
            self._copy.close()
            self._copy = None
        try:
            self._file.copy_to(self._copy_path)
            self._copy = File(self._copy_path, self._formats)
        except (Damaged, Fault) as trouble:
            log.error("the datastore has no copy until the next start: %s", trouble)

    def _take_over(self, folder: Path) -> None:
        for version, authority in before_sqlite.commits(folder):
            if self.history and version <= self.history[0].version:
                continue  # the process ended while it took them over
            routers = tuple(router.name for router in authority.router)
            commit = Committed(version, float(version), "", routers)
            self.keep(commit, self.running(), authority)
        before_sqlite.put_away(folder)


def _view(
    file: File, version: int, names: Collection[str] | None = None
) -> tuple[str, str, dict[str, str]]:
    """The shared text, the order, and the routers' texts as of a commit. Raises Damaged."""
    rows: list[Any] = []
    if names is None:
        rows = file.rows(
            "SELECT kind, name, text, digest, MAX(version) FROM parts WHERE version <= ?"
            " GROUP BY kind, name",
            version,
        )
    else:
        for kind, name in ((SHARED, ""), (ORDER, ""), *((ROUTER, name) for name in names)):
            rows += file.rows(
                "SELECT kind, name, text, digest, version FROM parts"
                " WHERE kind = ? AND name = ? AND version <= ? ORDER BY version DESC LIMIT 1",
                kind,
                name,
                version,
            )
    texts: dict[tuple[str, str], str] = {}
    for kind, name, text, digest, written in rows:
        part = Part(kind, name, text)
        if part.digest(written) != digest:
            raise Damaged(f"{file.path}: {kind} {name} is not what was stored")
        if part.text is not None:
            texts[kind, name] = part.text
    if version and not {(SHARED, ""), (ORDER, "")} <= texts.keys():
        raise Damaged(f"{file.path}: commit {version} is not whole")
    routers = {name: text for (kind, name), text in texts.items() if kind == ROUTER}
    return texts.get((SHARED, ""), ""), texts.get((ORDER, ""), "[]"), routers


def _history(file: File) -> tuple[Committed, ...]:
    rows: list[Any] = file.rows(
        "SELECT version, at, user, routers, confirmed_until, undone_from FROM commits"
        " ORDER BY version DESC"
    )
    return tuple(
        Committed(version, at, user, tuple(json.loads(routers)), until, undone)
        for version, at, user, routers, until, undone in rows
    )


def _candidates(file: File) -> dict[str, Any]:
    rows = file.rows("SELECT user, edits FROM candidates")
    return {user: json.loads(edits) for user, edits in rows}


def _same(one: File, other: File) -> bool:
    """Whether two files hold the same, as far as their statements can tell."""
    return _history(one) == _history(other) and all(
        one.rows(query) == other.rows(query) for query in _SMALL
    )


def _latest(file: File) -> int:
    return next((commit.version for commit in _history(file)), 0)


def _carry_out(file: File, statements: Sequence[Statement]) -> None:
    with file.writing():
        for statement in statements:
            file.do(*statement)


def _forget(oldest: Committed, then: Committed) -> Iterator[Statement]:
    """What drops the oldest commit; of its texts those stay that still held after the one ``then``."""
    yield ("DELETE FROM commits WHERE version <= ?", oldest.version)
    yield (
        _DELETE_PARTS,
        then.version,
        then.version,
    )
    yield ("DELETE FROM parts WHERE version = ? AND text IS NULL", then.version)


def _unusable(damage: Damaged) -> Fault:
    return Fault(
        f"the datastore is damaged: {damage}",
        cure="Restart the conductor: it takes the datastore's copy",
    )
