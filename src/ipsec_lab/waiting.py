"""Waiting for what tells nobody when it happens."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE = 0.05
"""Seconds between two looks."""


def wait_until(condition: Callable[[], bool], *, deadline: float, pause: float = PAUSE) -> bool:
    """Whether ``condition`` came true within ``deadline`` seconds."""
    until = time.monotonic() + deadline
    while not condition():
        if time.monotonic() >= until:
            return False
        time.sleep(pause)
    return True
