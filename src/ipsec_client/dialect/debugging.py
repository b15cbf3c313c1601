"""The router's log levels as Libreswan's classes of debugging. Never those that would print keys. Pure.

``crypt`` and ``private`` log key material, ``tmi`` whatever there is: no level turns them on (``whack --debug help``
of 4.10 and 5.2 marks the first two with DANGER; ipsec.conf(5), plutodebug). ``trace``, which is no class of Libreswan's
and would be refused as one (PLUGIN-1810), is all that is left.
"""

from __future__ import annotations

SECRET = frozenset({"crypt", "private", "tmi"})
"""Classes that are never turned on."""

CLASSES = {"debug": ("base",), "trace": ("base", "cpu-usage")}
"""What each level turns on; a level that is not here turns all off."""


def switches(level: str) -> list[str]:
    """The arguments of whack that have pluto log as finely as the level, in place of what it did before."""
    classes = ("none", *CLASSES.get(level, ()))
    return [word for name in classes for word in ("--debug", name)]


def is_debugging(line: str) -> bool:
    """Whether a line of pluto's log is one of debugging: its text begins with ``|``, and tells nothing of a tunnel."""
    return line.partition(": ")[2].startswith("| ")
