"""Logging of the daemons: one line a record, to the journal or standard error, and to a file of the process's own.

Records are written by a thread of their own: who logs never waits for a disk. What it cannot follow is dropped and
counted. A Secret shows as ``(removed)`` wherever it is formatted. What a record is about (client, remote, connection)
goes with it as fields.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import queue
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

from ipsec_client.base import files
from ipsec_client.base.storm import WINDOW, Storms

TRACE = 5
"""Below Python's own levels: every piece of evidence, every step."""

logging.addLevelName(TRACE, "TRACE")

LEVELS = {
    "fatal": logging.CRITICAL,
    "error": logging.ERROR,
    "warning": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": TRACE,
}
"""The router's log levels (reference, 9.4) as Python's."""

SIZE = 10 * 1024 * 1024
KEPT = 25
"""A log file is turned over at SIZE octets; so many old ones are kept (reference, 9.4)."""

JOURNAL = "/run/systemd/journal/socket"
"""Where journald takes records with fields (systemd's journal native protocol)."""

LOSS_PACE = 1.0
"""Seconds between two lines on what was dropped."""

_WAITING = 10_000  # records not written yet, beyond which the newest are dropped
_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7))


def log_folder() -> Path:
    """Where the log files are: /var/log/128technology, or IPSEC_CLIENT_LOG."""
    return Path(os.environ.get("IPSEC_CLIENT_LOG") or "/var/log/128technology")


def about(*, client: str = "", remote: str = "", connection: str = "") -> dict[str, dict[str, str]]:
    """What a record is about, for ``extra=`` of a call that logs; what is empty is left out."""
    given = {"client": client, "remote": remote, "connection": connection}
    return {"about": {name: value for name, value in given.items() if value}}


def set_level(level: str) -> None:
    """Has this process log what is of that level or above, from now on."""
    logging.getLogger().setLevel(LEVELS[level])


@contextmanager
def recording(process: str, level: str = "info") -> Iterator[None]:
    """Logs to the journal or standard error, and to ``<process>.log``, until the block is left; without the file
    where it cannot be.
    """
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(_WAITING)
    outlets = [_screen(process), *_file(process)]
    entry = _Waiting(waiting)
    listener = _Writer(entry, *outlets)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers[:] = [entry]
    root.setLevel(LEVELS[level])
    listener.start()
    try:
        yield
    finally:
        root.handlers[:], level_before = before
        root.setLevel(level_before)
        listener.stop()
        for outlet in outlets:
            with suppress(OSError):  # what a full disk has not taken is lost
                outlet.close()


class _Waiting(logging.handlers.QueueHandler):
    """Where records come in. ``dropped`` counts those that found no room."""

    queue: queue.Queue[logging.LogRecord]
    dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """A record of trace is made a text where it is written: there are many, and all of what is frozen."""
        return record if record.levelno <= TRACE else super().prepare(record)

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1


class _Writer(logging.handlers.QueueListener):
    """Writes what the storms let through, and what they have to tell when they are over."""

    def __init__(self, entry: _Waiting, *outlets: logging.Handler) -> None:
        super().__init__(entry.queue, *outlets)
        self._entry = entry
        self._waiting = entry.queue
        self._dropped = 0  # that were told of
        self._tells_at = 0.0  # of more of them
        self._storms = Storms()

    def dequeue(self, block: bool) -> logging.LogRecord:
        while True:
            try:
                record = self._waiting.get(block, self._storms.wait(time.monotonic()))
            except queue.Empty:
                self._tell(time.monotonic())
            else:
                return record

    def enqueue_sentinel(self) -> None:
        self._waiting.put(None)  # type: ignore[arg-type] # there may be no room for the last one either

    def handle(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        self._tell(now)
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # not caught, it would end this thread
            text = f"{record.msg} {record.args}"
        record.msg, record.args = text, None  # once for all outlets
        if self._storms.admits(record, now):
            super().handle(record)

    def stop(self) -> None:
        super().stop()
        self._tell(time.monotonic() + WINDOW)

    def _tell(self, now: float) -> None:
        for record in self._storms.over(now):
            super().handle(record)
        lost = self._entry.dropped - self._dropped
        if lost and now >= self._tells_at:
            self._dropped, self._tells_at = self._dropped + lost, now + LOSS_PACE
            super().handle(_loss(lost))


def _loss(lost: int) -> logging.LogRecord:
    told = f"{lost} lines were dropped here: more came than could be written"
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, told, None, None)


class Line(logging.Formatter):
    """``Mar 13 14:14:38.345 [IPSC| -- ] INFO  (agent) text remote=rem1``, in UTC; whatever the text holds, one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as its line."""
        when = datetime.fromtimestamp(record.created, UTC)
        stamp = f"{when:%b %d %H:%M:%S}.{when.microsecond // 1000:03}"
        fields = "".join(f" {name}={one_line(value)}" for name, value in _about(record).items())
        return f"{stamp} [IPSC| -- ] {_text(record, self)}{fields}"


class _Prefixed(Line):
    """For the journal, which has the time itself and reads the priority from ``<n>`` (sd-daemon(3))."""

    def format(self, record: logging.LogRecord) -> str:
        return f"<{_priority(record)}>{super().format(record).split('] ', 1)[1]}"


class _Journal(logging.Handler):
    """Records with their fields straight to journald: ``journalctl IPSEC_REMOTE=rem1`` finds a tunnel's."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter())
        self._process = process
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def emit(self, record: logging.LogRecord) -> None:
        assert self.formatter is not None
        fields = {
            "MESSAGE": _text(record, self.formatter),
            "PRIORITY": str(_priority(record)),
            "SYSLOG_IDENTIFIER": self._process,
            **{f"IPSEC_{name.upper()}": value for name, value in _about(record).items()},
        }
        data = "".join(f"{name}={one_line(value)}\n" for name, value in fields.items())
        try:
            self._socket.sendto(data.encode(errors="replace"), JOURNAL)
        except OSError:  # it is being restarted, or the record is too long for one datagram
            with suppress(OSError):  # standard error, too, leads to a journald that has ended
                sys.stderr.write(f"<{fields['PRIORITY']}>{fields['MESSAGE']}\n")

    def close(self) -> None:
        self._socket.close()
        super().close()


def _text(record: logging.LogRecord, formatter: logging.Formatter) -> str:
    text = record.getMessage()
    if record.exc_info:
        text = f"{text}\n{formatter.formatException(record.exc_info)}"
    name = record.name.removeprefix("ipsec_client.")
    return f"{record.levelname:<5} ({name}) {one_line(text)}"


def _about(record: logging.LogRecord) -> Mapping[str, str]:
    found: Mapping[str, str] = getattr(record, "about", {})
    return found


def _priority(record: logging.LogRecord) -> int:
    return next(number for level, number in _PRIORITIES if record.levelno >= level)


def one_line(text: str) -> str:
    """The text with its lines joined, and nothing in it that steers a terminal or begins another record."""
    joined = " | ".join(line.strip() for line in text.splitlines() if line.strip())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in joined)


def _screen(process: str) -> logging.Handler:
    stream = os.environ.get("JOURNAL_STREAM")
    if stream and stream == _standard_error() and Path(JOURNAL).exists():
        return _Journal(process)
    outlet = logging.StreamHandler(sys.stderr)
    outlet.setFormatter(_Prefixed() if stream else Line())
    return outlet


def _standard_error() -> str:
    """Our standard error as JOURNAL_STREAM would name it (systemd.exec(5)): it may have been led elsewhere since."""
    found = os.fstat(2)
    return f"{found.st_dev}:{found.st_ino}"


class _File(logging.handlers.RotatingFileHandler):
    """A file that may be full: the record is then in the journal, or on standard error, alone. A link is none of
    ours: others than root may write to the folder.
    """

    def _open(self) -> TextIOWrapper:
        handle = files.to_append(self.baseFilename)
        return os.fdopen(handle, "a", encoding=self.encoding, errors=self.errors)

    def handleError(self, _: logging.LogRecord) -> None:  # noqa: N802 — logging's own name
        """No traceback for each record that a full disk does not take."""


def _file(process: str) -> list[logging.Handler]:
    path = log_folder() / f"{process}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        outlet = _File(path, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8", errors="replace")
    except OSError:
        return []
    outlet.setFormatter(Line())
    return [outlet]
