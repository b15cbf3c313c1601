"""How far a long step is, told on standard error: a live line on a terminal, plain lines elsewhere.

    with progress.step("kernel: building", log=path) as step:
        step.update(0.4)            # or step.update("unpacking")

Nothing here knows what the steps do.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

_LIVE_EVERY = 0.5
_PLAIN_EVERY = 15.0
_TAIL_LINES = 15


class Step:
    """One long step under way. ``update`` says how far it is; a thread of its own shows it."""

    def __init__(self, title: str, out: TextIO, *, live: bool, started: float) -> None:
        self._title = title
        self._out = out
        self._live = live
        self._started = started
        self._state = ""
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True, name="progress")

    def update(self, state: float | str) -> None:
        """``state`` is a fraction from 0 to 1 or a few words."""
        self._state = f"{min(state, 1.0):.0%}" if isinstance(state, int | float) else state

    def _line(self, end: str = "") -> str:
        """``title: state (12 s)``."""
        text = self._title
        if end or self._state:
            text += f": {end or self._state}"
        seconds = time.monotonic() - self._started
        return f"{text} ({seconds:.1f} s)" if seconds < 10 else f"{text} ({seconds:.0f} s)"

    def _tick(self) -> None:
        while not self._ended.wait(_LIVE_EVERY if self._live else _PLAIN_EVERY):
            self._write(self._line(), final=False)

    def _write(self, text: str, *, final: bool) -> None:
        if self._live:
            # carriage return, clear to the end of the line: the live line writes over itself
            self._out.write(f"\r{text}\x1b[K" + ("\n" if final else ""))
        else:
            self._out.write(f"{text}\n")
        self._out.flush()

    def begin(self) -> None:
        """Shows the title and starts the ticking."""
        self._write(self._title, final=False)
        self._ticker.start()

    def end(self, word: str) -> None:
        """Stops the ticking and leaves the last line: ``word`` and the seconds."""
        self._ended.set()
        self._ticker.join()
        self._write(self._line(word), final=True)


class Progress:
    """Tells steps and notes to ``out`` (standard error unless given)."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out if out is not None else sys.stderr

    def note(self, text: str) -> None:
        """One line that is no step."""
        self._out.write(f"{text}\n")
        self._out.flush()

    @contextmanager
    def step(self, title: str, *, log: Path | None = None) -> Iterator[Step]:
        """Shows the step while the body runs.

        Should the body fail, the end of ``log`` (what the step's programs printed) is shown
        with the file's path.
        """
        step = Step(title, self._out, live=self._out.isatty(), started=time.monotonic())
        step.begin()
        try:
            yield step
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt | SystemExit)
            step.end("interrupted" if interrupted else "failed")
            if log is not None and not interrupted:
                self._show_tail(log)
            raise
        step.end("done")

    def _show_tail(self, log: Path) -> None:
        try:
            lines = log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        except OSError:
            return
        for line in lines:
            self.note(f"    {line}")
        self.note(f"    (all of it: {log})")
