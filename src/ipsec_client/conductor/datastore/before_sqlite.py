"""What releases before the datastore kept: the running configuration and the one before it, as PCLI text with keys."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

from ipsec_client.base import files
from ipsec_client.base.errors import UsageFault
from ipsec_client.config.findings import refused
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Authority

log = logging.getLogger(__name__)

_NAMES = ("running.previous.conf", "running.conf")
_HEAD = re.compile(r"# commit (\d{1,12})\n")


def commits(folder: Path) -> Iterator[tuple[int, Authority]]:
    """Their versions and configurations, older first; one that is damaged is passed over."""
    latest = 0
    for path in (folder / name for name in _NAMES):
        if path.exists() and (found := _read(path)) and found[0] > latest:
            yield found
            latest = found[0]


def put_away(folder: Path) -> None:
    """Renames them: they were taken over, and would only grow old."""
    for path in (folder / name for name in _NAMES):
        if path.exists():
            path.rename(path.with_name(f"{path.name}.taken-over"))


def _read(path: Path) -> tuple[int, Authority] | None:
    try:
        text = files.read_text(path)
    except UsageFault as fault:
        log.error("a commit is passed over: %s", fault)
        return None
    head = _HEAD.match(text)
    reading = read(text)
    if head is None or reading.config.authority is None or refused(reading.findings):
        log.error("%s is damaged, and is passed over", path)
        return None
    return int(head[1]), reading.config.authority
