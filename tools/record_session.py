"""Types the keys of docs/PAGE.keys into a real terminal (tmux), and makes docs/PAGE.md of its screen.

``python -m tools.record_session PAGE [COMMAND...]``: PAGE is tutorial or troubleshooting, COMMAND what starts the
session, ``pcli`` unless given; for the running lab ``.venv/bin/ipsec-lab shell router -- pcli``.
tests/commands/test_tutorial.py tells how keys are written. Beyond that, what follows ``$ `` is run by itself where the
session is, and shown; what follows ``% `` is run on this machine, and not shown: it plays the faults; what follows
``= `` stands on the page as it is.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
SIZES = {"tutorial": ("100", "50"), "troubleshooting": ("200", "60")}
"""Columns and lines of the terminal."""

PATIENCE = 30.0  # seconds for what one line does

HEADS = {
    "tutorial": """\
# A third remote, found without a manual

A session with the configuration of [examples/demo.conf](../examples/demo.conf), as it stood on the screen. The keys
that were typed are in [tutorial.keys](tutorial.keys); `python -m tools.record_session tutorial` typed them and wrote
this page. All commands are in [commands.md](commands.md).

""",
    "troubleshooting": """\
# Troubleshooting

Each screen here is of the lab with the configuration of [examples/demo.conf](../examples/demo.conf), as it stood there.
[troubleshooting.keys](troubleshooting.keys) has what was typed; `python -m tools.record_session troubleshooting` typed
it and wrote this page. The sections are those of the plugin's documentation. All commands are in
[commands.md](commands.md).

""",
}

_WAITS = re.compile(r"[#>] ?\S*( \S+)* ?$|\[y/N\]: ?$|--More--")
"""How the last line looks while the terminal waits for a key."""


class Terminal:
    """A tmux session of its own, ended with the block."""

    def __init__(self, command: list[str], size: tuple[str, str]) -> None:
        self._name = f"record-{time.monotonic_ns()}"
        start = ["new-session", "-d", "-x", size[0], "-y", size[1], *command]
        limit = ["set-option", "-g", "history-limit", "20000"]
        self._tmux("-f", "/dev/null", "start-server", ";", *limit, ";", *start)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["tmux", "-L", self._name, "kill-server"], check=False, capture_output=True)

    def press(self, *keys: str) -> None:
        """Presses keys, by the names that tmux has for them."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Types a text as it is."""
        if text:
            self._tmux("send-keys", "-l", text)

    def screen(self) -> str:
        """All that was on the screen."""
        return self._tmux("capture-pane", "-p", "-S", "-").rstrip()

    def settled(self, before: str = "") -> str:
        """The screen once it has changed and waits for a key."""
        end = time.monotonic() + PATIENCE
        held = ""
        while time.monotonic() < end:
            time.sleep(0.15)
            now = self.screen()
            if now == held and now != before and _WAITS.search(now.rpartition("\n")[2]):
                return now
            held = now
        raise SystemExit(f"the terminal does not go on:\n{held[-2000:]}")

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._name, *words], check=True, capture_output=True, text=True
        )
        return done.stdout


def main() -> None:
    """Records the session."""
    name, *command = sys.argv[1:]
    command = command or [str(ROOT / ".venv" / "bin" / "pcli")]
    parts: list[str] = []
    with Terminal(command, SIZES[name]) as terminal:
        screen = terminal.settled()
        shown = 0
        for line in (DOCS / f"{name}.keys").read_text().splitlines():
            sign, said = f"{line} "[:2], line[2:]
            if sign in ("# ", "= ", "$ "):
                told = screen.rpartition("\n")[0]  # but for the prompt that waits
                parts += [
                    told[shown:],
                    printed(command[:-1], said) if sign == "$ " else sign + said,
                ]
                shown = len(told)
            elif sign == "% ":
                subprocess.run(shlex.split(said), check=True, cwd=ROOT)
            else:
                screen = typed(terminal, line, screen)
        parts.append(screen.rpartition("\n")[0][shown:])
    (DOCS / f"{name}.md").write_text("".join([HEADS[name], *map(page, parts, range(len(parts)))]))


def printed(where: list[str], command: str) -> str:
    """What a program prints where the session is, with the command above it."""
    done = subprocess.run(
        [*where, *shlex.split(command)], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    return f"```\n# {command}\n{(done.stdout + done.stderr).rstrip()}\n```"


def typed(terminal: Terminal, line: str, screen: str) -> str:
    """Types one line of keys; the screen after it."""
    for number, part in enumerate(line.split("<TAB>")):
        if number:
            terminal.press("Tab")
            screen = terminal.settled(screen)
        terminal.type(part)
    if line == "exit":
        return screen
    if not line.endswith("?"):
        terminal.press("Enter")
    return terminal.settled(screen)


def page(part: str, number: int) -> str:
    """A part of the page: by turns what the screen showed, and what is said to the reader."""
    if number % 2:
        one = part[:2] == "= " or part in ("# ", "#") or part.startswith("# |")
        said = part if part.startswith("```") else part[2:]
        return f"{said}\n" if one else f"{said}\n\n"
    shown = part.strip("\n")
    return f"```\n{shown}\n```\n\n" if shown else ""


if __name__ == "__main__":
    main()
