"""Types the keys of docs/tutorial.keys into a real terminal (tmux), and makes docs/tutorial.md of its screen.

``python -m tools.record_session [COMMAND...]``: COMMAND is what starts the session, ``pcli`` unless given; for the
running lab ``.venv/bin/ipsec-lab shell router -- pcli``. tests/commands/test_tutorial.py tells how keys are written.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
KEYS = ROOT / "docs" / "tutorial.keys"
PAGE = ROOT / "docs" / "tutorial.md"
SIZE = ("100", "50")
PATIENCE = 30.0  # seconds for what one line does

HEAD = """\
# A third remote, found without a manual

A session with the configuration of [examples/demo.conf](../examples/demo.conf), as it stood on the screen. The keys
that were typed are in [tutorial.keys](tutorial.keys); `python -m tools.record_session` typed them and wrote this page.
All commands are in [commands.md](commands.md).

"""

_WAITS = re.compile(r"[#>] ?\S*( \S+)* ?$|\[y/N\]: ?$|--More--")
"""How the last line looks while the terminal waits for a key."""


class Terminal:
    """A tmux session of its own, ended with the block."""

    def __init__(self, command: list[str]) -> None:
        self._name = f"record-{time.monotonic_ns()}"
        start = ["new-session", "-d", "-x", SIZE[0], "-y", SIZE[1], *command]
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
    parts: list[str] = []
    with Terminal(sys.argv[1:] or [str(ROOT / ".venv" / "bin" / "pcli")]) as terminal:
        screen = terminal.settled()
        shown = 0
        for line in KEYS.read_text().splitlines():
            if line.startswith("# "):
                told = screen.rpartition("\n")[0]  # but for the prompt that waits
                parts += [told[shown:], line[2:]]
                shown = len(told)
            else:
                screen = typed(terminal, line, screen)
        parts.append(screen.rpartition("\n")[0][shown:])
    PAGE.write_text("".join([HEAD, *map(page, parts, range(len(parts)))]))


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
        return f"{part}\n\n"
    shown = part.strip("\n")
    return f"```\n{shown}\n```\n\n" if shown else ""


if __name__ == "__main__":
    main()
