"""The agent's files: the document in force and its state files, each with the one before it.

What cannot be read is told, put aside under a name of its own (a newer release may read it again), and the one
before is taken; with neither, a state file is an empty one. Nothing damaged ever keeps an agent from starting.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar

from ipsec_client.base import files
from ipsec_client.base.errors import Fault, HostFault, InputFault
from ipsec_client.wire.document import Document, dump, from_json

log = logging.getLogger(__name__)

T = TypeVar("T")

FORMAT = 1
"""The format of the state files, and the only one read; the document has its own."""

DOCUMENT = "document"


def state_folder() -> Path:
    """Where a node's state is kept: /var/lib/ipsec-client/node, or below IPSEC_CLIENT_STATE."""
    return Path(os.environ.get("IPSEC_CLIENT_STATE") or "/var/lib/ipsec-client") / "node"


class Shelf:
    """The state folder. Writes go through one thread, so that no step of health ever waits for a disk.

    ``passed_over`` says what could not be read so far, for people.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            files.folder(folder)
        except (
            OSError
        ) as error:  # what is read there is as good, and what is made lives until the next boot
            log.error("state cannot be kept in %s: %s", folder, error.strerror)
        self._disk = ThreadPoolExecutor(1, "disk")
        self.passed_over: list[str] = []

    def document(self, check: Callable[[Document], object]) -> Document | None:
        """The document in force before, or the one before it where that is damaged, or ``check`` raises a Fault."""

        def checked(data: Any) -> Document:
            document = from_json(data)
            check(document)
            return document

        return self._read(DOCUMENT, checked)

    def keep_document(self, document: Document) -> None:
        """Puts the document in force on disk, the last one beside it. Called in a worker; it waits.

        Raises HostFault where there is no room for it.
        """
        try:
            self._put(DOCUMENT, dump(document, secrets=True), durable=True)
        except OSError as error:
            raise HostFault(
                f"commit {document.id} cannot be kept in {self._folder}: {error.strerror}",
                cure="Make room there",
            ) from error

    @property
    def lost_document(self) -> bool:
        """Whether there was a document that could not be read."""
        return any(_aside(path).exists() for path in self._both(DOCUMENT))

    def forget_document(self) -> None:
        """Removes all documents: the node is to be nothing."""
        for path in self._both(DOCUMENT):
            path.unlink(missing_ok=True)
            _aside(path).unlink(missing_ok=True)

    def read(self, name: str, **fields: type | UnionType) -> dict[str, Any]:
        """A state file's content, whose ``fields`` are of these types where they are there; else an empty one."""
        return self._read(name, lambda data: _state(data, fields)) or {}

    def write(self, name: str, data: dict[str, Any], *, durable: bool = True) -> Future[None]:
        """Writes a state file in the background; who must not go on before it is there waits for what is returned."""
        text = json.dumps({"format": FORMAT, **data})
        return self._disk.submit(_logged, lambda: self._put(name, text, durable=durable))

    def close(self) -> None:
        """Waits for what is still to be written."""
        self._disk.shutdown(wait=True)

    def pass_over(self, what: str) -> None:
        """Tells of something that could not be read."""
        log.error("%s is passed over", what)
        self.passed_over.append(what)

    def _read(self, name: str, make: Callable[[Any], T]) -> T | None:
        for path in self._both(name):
            if not path.exists():
                continue
            try:
                return make(json.loads(files.read_text(path)))
            except (Fault, ValueError, RecursionError) as error:
                reason = error.what if isinstance(error, Fault) else f"is not JSON: {error}"
                self.pass_over(f"{path.name}: {reason}")
                with suppress(OSError):  # it stays where it is, and is passed over again
                    path.replace(_aside(path))
        return None

    def _put(self, name: str, text: str, *, durable: bool) -> None:
        path, before = self._both(name)
        if path.exists():  # what is there was written by us or read well
            files.name_also(path, before)
        files.replace(path, text, durable=durable)

    def _both(self, name: str) -> tuple[Path, Path]:
        """Where it is, and where the one before it is."""
        return self._folder / f"{name}.json", self._folder / f"{name}.previous.json"


def _aside(path: Path) -> Path:
    return path.with_suffix(".unread.json")


def _state(data: Any, fields: Mapping[str, type | UnionType]) -> dict[str, Any]:
    found = data.get("format") if isinstance(data, dict) else None
    if not isinstance(data, dict) or found != FORMAT:
        raise InputFault(f"is of format {found!r}; this software reads {FORMAT}")
    for name, kind in fields.items():
        if name in data and not isinstance(data[name], kind):
            raise InputFault(f"{name} is not of type {getattr(kind, '__name__', kind)}")
    return data


def _logged(work: Callable[[], None]) -> None:
    try:
        work()
    except OSError as error:
        log.error("cannot keep state: %s", error)
