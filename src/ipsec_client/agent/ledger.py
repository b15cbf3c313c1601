"""The agent's files: the document in force, the ledger of what was created and given to pluto, and memory.

The ledger is written before what it tells of is relied on; a missing or broken file is an empty one,
and the node is then compared with the kernel alone.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from ipsec_client.base import files
from ipsec_client.base.errors import Fault
from ipsec_client.wire.document import Document, dump, from_json

log = logging.getLogger(__name__)

FORMAT = 1


def state_folder() -> Path:
    """Where a node's state is kept: /var/lib/ipsec-client/node, or below IPSEC_CLIENT_STATE."""
    return Path(os.environ.get("IPSEC_CLIENT_STATE") or "/var/lib/ipsec-client") / "node"


class Shelf:
    """The state folder. Writes go through one thread, so that no step of health ever waits for a disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = files.folder(folder)
        self._disk = ThreadPoolExecutor(1, "disk")

    def document(self) -> Document | None:
        """The document in force before, or the one before it where that is damaged."""
        for name in ("document.json", "document.previous.json"):
            with suppress(Fault, ValueError):
                return from_json(json.loads(files.read_text(self._folder / name)))
        return None

    def keep_document(self, document: Document) -> None:
        """Puts the document in force on disk, the last one beside it. Called in a worker; it waits."""
        path = self._folder / "document.json"
        if path.exists():
            files.replace(self._folder / "document.previous.json", path.read_bytes())
        files.replace(path, dump(document, secrets=True))

    def forget_document(self) -> None:
        """Removes both documents: the node is to be nothing."""
        for name in ("document.json", "document.previous.json"):
            (self._folder / name).unlink(missing_ok=True)

    def read(self, name: str) -> dict[str, Any]:
        """A state file's content; empty when it is missing, damaged or of a format that is not ours."""
        try:
            data = json.loads(files.read_text(self._folder / f"{name}.json"))
        except (Fault, ValueError):
            return {}
        return data if isinstance(data, dict) and data.get("format") == FORMAT else {}

    def write(self, name: str, data: dict[str, Any], *, durable: bool = True) -> None:
        """Writes a state file in the background."""
        text = json.dumps({"format": FORMAT, **data})
        self._disk.submit(
            _logged, lambda: files.replace(self._folder / f"{name}.json", text, durable=durable)
        )

    def close(self) -> None:
        """Waits for what is still to be written."""
        self._disk.shutdown(wait=True)


def _logged(work: Callable[[], None]) -> None:
    try:
        work()
    except OSError as error:
        log.error("cannot keep state: %s", error)


class Ledger:
    """What was created and what pluto was given; small values by key, kept whole at each change."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._entries: dict[str, Any] = shelf.read("ledger").get("entries", {})

    def get(self, key: str) -> Any:
        """The entry, or None."""
        return self._entries.get(key)

    def put(self, key: str, value: Any) -> None:
        """Sets the entry; None removes it."""
        if self._entries.get(key) == value:
            return
        if value is None:
            del self._entries[key]
        else:
            self._entries[key] = value
        self._shelf.write("ledger", {"entries": self._entries})
