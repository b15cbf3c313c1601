"""A daemon that tells how it was asked, and the client as a process of its own, on a terminal or without one."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ipsec_client.commands.port import Terminal
from ipsec_client.commands.session import Context, Line, Outcome, Question
from ipsec_client.faces import terminal
from ipsec_client.wire.request import Say


class Daemon:
    """A Dispatcher that tells how it was asked.

    ``enter`` begins configuring, ``ask`` asks a question, ``anew`` one twice, ``key`` holds one, ``long`` prints a
    hundred lines.
    """

    def __init__(self, daemon: str) -> None:
        self.daemon = daemon
        self.lines: list[str] = []

    async def execute(self, line: Line, say: Say) -> Outcome:
        self.lines.append(line.text)
        word = line.text.strip()
        if word == "ask" and not line.answers:
            return Outcome(0, line.context, Question("Sure? ", secret=False))
        if word == "anew" and line.shown != "other":
            again = bool(line.answers) and line.shown == "one"
            return Outcome(
                0, line.context, Question("Sure? ", shown="other" if again else "one", anew=again)
            )
        if word == "secret" and not line.answers:
            return Outcome(0, line.context, Question("Key: ", secret=True))
        if word.startswith("long"):
            await say("".join(f"line {number}\n" for number in range(100)))
            return Outcome(0, line.context)
        await say(f"{self.daemon}: {word} {' '.join(line.answers)}".rstrip() + "\n")
        await say(f"✔ width {line.terminal.width} tty {line.terminal.tty}\n")
        context = Context(("authority",)) if word == "enter" else line.context
        if word == "exit":
            context = Context()
        kept = "key" if word.startswith("key") else None
        return Outcome(1 if word.startswith("bad") else 0, context, kept=kept)

    def complete(self, line: Line) -> list[tuple[str, str]]:
        return [("alarms", "The alarms that stand")] if line.text == "show al" else []

    def prompt(self, terminal: Terminal, context: Context) -> str:
        where = " (authority)" if context.path else ""
        return f"{terminal.user}@node1.router1{where}# "


@contextmanager
def running(folder: Path, daemon: Daemon) -> Iterator[None]:
    """The daemon on its socket, in a thread with a loop of its own."""
    ready = threading.Event()
    ended = asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with terminal.serving(folder / f"{daemon.daemon}.sock", daemon, {}):
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def environment(folder: Path) -> dict[str, str]:
    """Its own; prompt_toolkit is not to ask the terminal where the cursor is: nobody would answer."""
    own = {"IPSEC_CLIENT_RUN": str(folder), "HOME": str(folder)}
    return os.environ | own | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}


def pcli(folder: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ipsec_client.pcli", *arguments],
        env=environment(folder),
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
    )


class Screen:
    """A session on a terminal of its own, typed at and read."""

    def __init__(self, ours: int, process: subprocess.Popen[bytes]) -> None:
        self._ours = ours
        self._shown = ""
        self.process = process

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def until(self, text: str) -> str:
        """Reads until the text is on the screen; what came since the last time, up to there."""
        while text not in self._shown:
            try:
                self._shown += os.read(self._ours, 4096).decode()
            except OSError as error:
                raise AssertionError(f"ended before {text!r} came: {self._shown!r}") from error
        before, _, self._shown = self._shown.partition(text)
        return before


@contextmanager
def session(folder: Path, *arguments: str, **further: str) -> Iterator[Screen]:
    """A session (or one command) on a terminal of 24 lines, ended with the block if not before."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "ipsec_client.pcli", *arguments],
        env=environment(folder) | further,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        yield Screen(ours, process)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
