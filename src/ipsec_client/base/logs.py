"""Logging of the daemons: one line a record, to standard error and to a file of the process's own.

Records are written by a thread of their own: who logs never waits for a disk. A Secret shows as
``(removed)`` wherever it is formatted.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import queue
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

LEVELS = {
    "fatal": logging.CRITICAL,
    "error": logging.ERROR,
    "warning": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.DEBUG,
}
"""The router's log levels (reference, 9.4) as Python's; there is none finer than debug here."""

SIZE = 10 * 1024 * 1024
KEPT = 25
"""A log file is turned over at SIZE octets; so many old ones are kept (reference, 9.4)."""

_WAITING = 10_000  # records not written yet, beyond which the newest are dropped
_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7))


def log_folder() -> Path:
    """Where the log files are: /var/log/128technology, or IPSEC_CLIENT_LOG."""
    return Path(os.environ.get("IPSEC_CLIENT_LOG") or "/var/log/128technology")


@contextmanager
def recording(process: str, level: str = "info") -> Iterator[None]:
    """Logs to standard error and ``<process>.log`` until the block is left; without the file where it cannot be."""
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(_WAITING)
    outlets = [_screen(), *_file(process)]
    listener = logging.handlers.QueueListener(waiting, *outlets)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers[:] = [_Waiting(waiting)]
    root.setLevel(LEVELS[level])
    listener.start()
    try:
        yield
    finally:
        root.handlers[:], level_before = before
        root.setLevel(level_before)
        listener.stop()
        for outlet in outlets:
            outlet.close()


class _Waiting(logging.handlers.QueueHandler):
    def enqueue(self, record: logging.LogRecord) -> None:
        with suppress(queue.Full):
            self.queue.put_nowait(record)


class Line(logging.Formatter):
    """``Mar 13 14:14:38.345 [IPSC| -- ] INFO  (agent) text``, in UTC; whatever the text holds, one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as its line."""
        when = datetime.fromtimestamp(record.created, UTC)
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        name = record.name.removeprefix("ipsec_client.")
        stamp = f"{when:%b %d %H:%M:%S}.{when.microsecond // 1000:03}"
        return f"{stamp} [IPSC| -- ] {record.levelname:<5} ({name}) {one_line(text)}"


class _Journal(Line):
    """For the journal, which has the time itself and reads the priority from ``<n>`` (sd-daemon(3))."""

    def format(self, record: logging.LogRecord) -> str:
        priority = next(number for level, number in _PRIORITIES if record.levelno >= level)
        return f"<{priority}>{super().format(record).split('] ', 1)[1]}"


def one_line(text: str) -> str:
    """The text with its lines joined, and nothing in it that steers a terminal or begins another record."""
    joined = " | ".join(line.strip() for line in text.splitlines() if line.strip())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in joined)


def _screen() -> logging.Handler:
    outlet = logging.StreamHandler(sys.stderr)
    outlet.setFormatter(_Journal() if os.environ.get("JOURNAL_STREAM") else Line())
    return outlet


def _file(process: str) -> list[logging.Handler]:
    path = log_folder() / f"{process}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        outlet = logging.handlers.RotatingFileHandler(
            path, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8", errors="replace"
        )
    except OSError:
        return []
    outlet.setFormatter(Line())
    return [outlet]
