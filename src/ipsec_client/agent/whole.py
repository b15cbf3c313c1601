"""An agent is whole or it is not: where one of its parts ends by an error, it ends, and a fresh one is started."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

log = logging.getLogger(__name__)


def ended(task: asyncio.Task[None]) -> None:
    """To be called when a task ends that is to run as long as the agent, or not to fail."""
    if not task.cancelled() and (error := task.exception()):
        log.critical("a part of the agent ended", exc_info=error)
        os.kill(os.getpid(), signal.SIGABRT)
