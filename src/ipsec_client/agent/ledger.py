"""The ledger: what the agent created and what it gave pluto. Written before what it tells of is relied on.

An entry that is damaged is as if it were missing: that part of the node is then compared with the kernel alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

from ipsec_client.agent.shelf import Shelf
from ipsec_client.plan.objects import TABLES


class Ledger:
    """Small values by key, kept whole at each change."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._entries: dict[str, Any] = {}
        for key, value in shelf.read("ledger", entries=dict).get("entries", {}).items():
            if _SHAPES.get(key.partition(" ")[0], bool)(value):
                self._entries[key] = value
            else:
                shelf.pass_over(f"ledger.json: its entry {key!r}")

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


def _are(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(type(item) is kind for item in value)


def _maps_to(value: Any, kind: type) -> bool:
    return isinstance(value, dict) and all(type(item) is kind for item in value.values())


def _are_tables(value: Any) -> bool:
    """Another's table would be emptied as if it were ours, and two services would share one."""
    if not _maps_to(value, int):
        return False
    return all(number in TABLES for number in value.values()) and len(set(value.values())) == len(
        value
    )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_pluto(value: Any) -> bool:
    match value:
        case {"life": [int(), int()], "setup": str(), "connections": dict(connections)}:
            return all(map(_is_connection, connections.values()))
    return False


def _is_connection(value: Any) -> bool:
    match value:
        case [str(), list(options)]:
            return all(_are(pair, str) and len(pair) == 2 for pair in options)
    return False


_SHAPES: Mapping[str, Callable[[Any], bool]] = {
    "tables": _are_tables,
    "namespaces": lambda value: _are(value, str),
    "names": lambda value: _maps_to(value, str) and all(map(_is_address, value.values())),
    "sysctls": lambda value: _maps_to(value, str),
    "pluto": _is_pluto,
    "libreswan": lambda value: isinstance(value, str),
}
"""What the entries are like, by the first word of their keys."""
