"""Kernel settings below /proc/sys, read and written in a namespace. What stood there before is kept in the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from ipsec_client.kernel import namespaces

FOLDER = Path("/proc/sys")
ENTRY = "sysctls"
"""The ledger's entry: the router's settings that we changed, with the values they had."""


class Ledger(Protocol):
    """What the agent keeps across its restarts; values are JSON's."""

    def get(self, key: str) -> Any:
        """The entry, or None."""

    def put(self, key: str, value: Any) -> None:
        """Sets the entry; None removes it."""


def read(netns: str, key: str) -> str | None:
    """The present value, or None when there is no such setting (its device is not there)."""
    try:
        return namespaces.inside(netns, (FOLDER / key).read_text).strip()
    except FileNotFoundError:
        return None


def write(netns: str, key: str, value: str) -> bool:
    """Sets the value; False when there is no such setting."""
    try:
        namespaces.inside(netns, lambda: (FOLDER / key).write_text(value))
    except FileNotFoundError:
        return False
    return True


def changed(ledger: Ledger) -> dict[str, str]:
    """The router's settings that we changed, with the values to put back."""
    return dict(ledger.get(ENTRY) or {})


def set_and_keep(key: str, value: str, ledger: Ledger) -> bool:
    """Sets one of the router's settings; the first time, what stood there goes to the ledger before."""
    before = read("", key)
    if before is None:
        return False
    entries = changed(ledger)
    if key not in entries:
        ledger.put(ENTRY, {**entries, key: before})
    return write("", key, value)


def put_back(key: str, ledger: Ledger) -> None:
    """Gives one of the router's settings the value it had, if it is still there, and forgets it."""
    entries = changed(ledger)
    before = entries.pop(key, None)
    if before is not None:
        write("", key, before)
    ledger.put(ENTRY, entries or None)
