"""The running configuration on disk: PCLI text with its generated parts and its keys, readable by us alone."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

from ipsec_client.base import files
from ipsec_client.base.errors import UsageFault
from ipsec_client.config.findings import refused
from ipsec_client.config.printer import write
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Authority, Config

log = logging.getLogger(__name__)

_HEAD = re.compile(r"# commit (\d+)\n")


def state_folder() -> Path:
    """Where the conductor keeps its state: /var/lib/ipsec-client/conductor, or below IPSEC_CLIENT_STATE."""
    return Path(os.environ.get("IPSEC_CLIENT_STATE") or "/var/lib/ipsec-client") / "conductor"


@dataclass(frozen=True, slots=True)
class Commit:
    """A configuration that was committed. Versions grow; one is the time of its commit where that grows too."""

    version: int
    authority: Authority

    @property
    def id(self) -> str:
        """What its node documents are named after."""
        return str(self.version)


class Store:
    """The latest commit, and the one before it for when a disk has damaged the latest."""

    def __init__(self, folder: Path) -> None:
        self._running = folder / "running.conf"
        self._previous = folder / "running.previous.conf"

    def latest(self) -> Commit | None:
        """The latest commit that can be read whole; None where there is none."""
        for path in (self._running, self._previous):
            if path.exists() and (found := _read(path)):
                return found
        return None

    def keep(self, commit: Commit) -> None:
        """Makes it the latest, durably, in one step."""
        files.folder(self._running.parent)
        if self._running.exists():
            files.replace(self._previous, self._running.read_bytes())
        text = write(Config(authority=commit.authority), secrets=True)
        files.replace(self._running, f"# commit {commit.version}\n{text}")


def _read(path: Path) -> Commit | None:
    try:
        text = files.read_text(path)
    except UsageFault as fault:
        log.error("a commit is passed over: %s", fault)
        return None
    head = _HEAD.match(text)
    reading = read(text)
    if head is None or reading.config.authority is None or refused(reading.findings):
        log.error("%s is damaged: the commit before it is taken", path)
        return None
    return Commit(int(head[1]), reading.config.authority)
