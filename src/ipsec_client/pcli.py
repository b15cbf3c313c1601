"""The PCLI's client: takes words to the daemon that knows them and prints what comes back.

It imports nothing of this project and little of Python, so that it starts in milliseconds; what an
interactive session needs is imported when one begins. The wire is that of ``wire/request.py``. Where a
session stands is the daemon's to know: it is sent back with each line as it came.
"""

# ruff: noqa: PLC0415, PTH101, PTH111, PTH118, PTH123, SIM105, SIM115

from __future__ import annotations

import json
import os
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

USAGE = """\
usage: pcli [-c COMMAND]

A session with the router; with -c one command. ? lists the commands.
"""
FORMAT = 1
DAEMONS = ("conductor", "agent")
SILENCE = 120.0  # seconds without a word until the daemon is given up
COLOURS = {"✔": "32", "✖": "31", "% Error:": "31"}
MORE = "--More-- (space: a page, enter: a line, q: no more)"
TOP = "\x1a"  # ends a line that Ctrl-Z was pressed after


class Unanswered(Exception):
    """No daemon answered, or one stopped doing so; the text says what to do."""


def main() -> int:
    """The program; returns its exit status: that of the command, or 2 for wrong usage or no daemon."""
    opened()
    arguments = sys.argv[1:]
    if arguments in (["-h"], ["--help"]):
        sys.stdout.write(USAGE)
        return 0
    if arguments and (arguments[0] != "-c" or len(arguments) < 2):
        sys.stderr.write(USAGE)
        return 2
    try:
        client = Client()
        return client.run(" ".join(arguments[1:])) if arguments else session(client)
    except Unanswered as error:
        sys.stderr.write(f"pcli: {error}\n")
        return 2
    except (KeyboardInterrupt, EOFError):
        return 130
    except OSError as error:  # nobody reads any more, or the disk is full
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"pcli: the output cannot be written: {error.strerror}\n")
        return 1


def opened() -> None:
    """Sees to it that all three streams are there, whoever started this, and take any character."""
    sys.stdin = sys.stdin or open(os.devnull)
    sys.stdout = sys.stdout or open(os.devnull, "w")
    sys.stderr = sys.stderr or open(os.devnull, "w")
    sys.stdin.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]


class Client:
    """Asks the conductor, or the agent where there is none, one connection for each request.

    ``context`` and ``prompt`` are the session's, as the last answer gave them; ``kept`` how its line is remembered.
    """

    def __init__(self) -> None:
        self.folder = os.environ.get("IPSEC_CLIENT_RUN") or "/run/ipsec-client"
        self.daemon = ""
        self.context: Any = None
        self.prompt = "# "
        self.kept: str | None = None
        self.tty = sys.stdout.isatty()
        self.interactive = self.tty and sys.stdin.isatty()
        self.coloured = (
            self.tty and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        )

    def run(self, line: str, page: bool = False) -> int:
        """Has a line carried out, printing as it comes, its questions answered; its exit status."""
        given: dict[str, Any] = {"answers": [], "shown": ""}
        while True:
            width = os.get_terminal_size(sys.stdout.fileno()).columns if self.tty else 80
            body = {
                "line": line,
                "tty": self.tty,
                "width": width,
                "interactive": self.interactive,
                "context": self.context,
            }
            end = self.shown(self.ask("command", body | given), pager() if page else self.write)
            data = end.get("data") or {}
            if (question := data.get("question")) is None:
                self.context = data.get("context")
                self.prompt = data.get("prompt", self.prompt)
                self.kept = data.get("kept", line)
                return int(end["status"])
            held = [] if question.get("anew") else given["answers"]
            given = {"answers": [*held, answered(question)], "shown": question.get("shown", "")}

    def shown(
        self, replies: Iterator[dict[str, Any]], write: Callable[[str], None]
    ) -> dict[str, Any]:
        """Writes the text of an answer as it comes; its end."""
        for reply in replies:
            write(self.painted(reply.get("text", "")))
            if "status" in reply:
                if reply.get("error"):
                    told = f"{reply['error']}. {reply.get('cure') or ''}".rstrip(" .")
                    sys.stderr.write(f"% Error: {told}\n")
                return reply
        raise Unanswered(f"the {self.daemon} ended before its answer did. Ask again")

    def write(self, text: str) -> None:
        """To standard output, at once."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def painted(self, text: str) -> str:
        """The text with marks, errors and differences in colour, where colour is wanted."""
        if not self.coloured:
            return text
        for mark, colour in COLOURS.items():
            text = text.replace(mark, f"\x1b[{colour}m{mark}\x1b[0m")
        lines = text.split("\n")
        for number, line in enumerate(lines):
            if line[:2] in ("+ ", "- "):
                lines[number] = f"\x1b[{'32' if line[0] == '+' else '31'}m{line}\x1b[0m"
        return "\n".join(lines)

    def data(self, kind: str, body: dict[str, Any]) -> Any:
        """The data of the answer to a request; None when there is none."""
        try:
            replies = self.ask(kind, body | {"context": self.context})
            return next((reply.get("data") for reply in replies if "status" in reply), None)
        except Unanswered:
            return None

    def ask(self, kind: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The replies to a request, as they come."""
        request = {"format": FORMAT, "id": os.urandom(8).hex(), "kind": kind, "body": body}
        with self.connect() as connection:
            try:
                try:
                    connection.sendall(json.dumps(request).encode() + b"\n")
                except BrokenPipeError:
                    pass  # who is not listened to is told why
                with connection.makefile("rb") as lines:
                    for line in lines:
                        yield json.loads(line)
            except TimeoutError:
                told = f"the {self.daemon} has said nothing for {SILENCE:g} s"
                raise Unanswered(f"{told}. See its log") from None
            except (ConnectionError, ValueError) as error:
                raise Unanswered(f"the {self.daemon} broke off: {error}. Ask again") from None

    def connect(self) -> socket.socket:
        """A connection to the first daemon that answers; says which on a terminal when that changes."""
        refused = ""
        for daemon in DAEMONS:
            path = os.path.join(self.folder, f"{daemon}.sock")
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(SILENCE)
            try:
                connection.connect(path)
            except OSError as error:
                connection.close()
                if isinstance(error, PermissionError):
                    refused = f"this user may not ask the {daemon} ({path}). Use sudo"
                continue
            if daemon != self.daemon and sys.stderr.isatty():
                sys.stderr.write(f"Answered by the {daemon}.\n")
            self.daemon = daemon
            return connection
        raise Unanswered(
            refused
            or f"neither conductor nor agent answers below {self.folder}. "
            "Start ipsec-client run FILE, or the daemons' units"
        )


def answered(question: dict[str, Any]) -> str:
    """The person's answer to a question; a secret one is not shown."""
    if question.get("secret"):
        from getpass import getpass

        return getpass(question["text"])
    return input(question["text"])


def pager() -> Callable[[str], None]:
    """Writes text to the terminal page by page; what is not wanted any more is passed over."""
    import re

    columns, lines = os.get_terminal_size(sys.stdout.fileno())
    columns, lines = columns or 80, lines or 24  # a terminal that does not know its size
    left, done = lines - 1, False

    def write(text: str) -> None:
        nonlocal left, done
        for line in text.splitlines(keepends=True):
            if done:
                return
            bare = len(re.sub(r"\x1b\[[0-9;]*m", "", line.rstrip("\n")))
            rows = max(1, -(-bare // columns))
            if rows > left:
                key = pressed(MORE[: columns - 1])
                done = key in ("q", "Q", "\x03", "\x04", "\x1b")
                left = rows if key in ("\r", "\n", "\x1b[B", "\x1bOB") else lines - 1
                if done:
                    return
            left -= rows if line.endswith("\n") else 0
            sys.stdout.write(line)
        sys.stdout.flush()

    return write


def pressed(text: str) -> str:
    """The key that is pressed at a text, which is gone then; what is typed ahead stays for the next reader."""
    import select
    import termios
    import tty

    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    try:
        tty.setraw(handle, termios.TCSADRAIN)  # a key that was pressed already counts
        sys.stdout.write(text)
        sys.stdout.flush()
        key = os.read(handle, 1)
        if (
            key == b"\x1b" and select.select([handle], [], [], 0)[0]
        ):  # an arrow, or another of several bytes
            key += os.read(handle, 7)
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)
    sys.stdout.write(f"\r{' ' * len(text)}\r")
    return key.decode(errors="replace")


def session(client: Client) -> int:
    """Lines until the end of input, exit or quit. Piped in: 1 if one of them failed."""
    if not client.interactive:
        return piped(client)
    end = client.shown(client.ask("hello", {}), client.write)
    if end["status"]:
        return int(end["status"])
    client.prompt = end["data"]["prompt"]
    read, history = reader(client)
    begun = ""
    while True:
        try:
            line, top = read(begun)
        except EOFError:
            line, top = "exit", False
        except KeyboardInterrupt:
            begun = ""
            continue
        if line.split() == ["quit"] or (line.split() == ["exit"] and client.context is None):
            return 0
        begun = ""
        try:
            begun = carry_out(client, line, top, history)
        except (KeyboardInterrupt, EOFError):
            sys.stdout.write("\n")
        except Unanswered as error:
            sys.stderr.write(f"pcli: {error}\n")
            if line == "exit":  # nobody can say any more where that leads
                return 2


def carry_out(client: Client, line: str, top: bool, history: Any) -> str:
    """A line of a session and, if it went well, the way to the ``top`` if that is wanted; how the next line begins."""
    if line.split() == ["show", "history"]:
        numbered = enumerate(history.get_strings(), 1)
        client.write("".join(f"{number:>5}  {held}\n" for number, held in numbered))
        return ""
    done = client.run(line, page="no-more" not in line.split()) == 0
    if line.endswith("?") and "\n" not in line:
        return line[:-1]
    history.keep(client.kept or "", done)
    if top and done and client.context is not None:
        client.run("top")
    return ""


def recalled(which: str, lines: list[str]) -> str:
    """The line that ``!!``, ``!3``, ``!-2`` or ``!sho`` means, shown before it is carried out; empty for none."""
    if which == "!":
        which = "-1"
    found = ""
    if which.removeprefix("-").isdecimal():
        number = int(which) if which.startswith("-") else int(which) - 1 - len(lines)
        if -len(lines) <= number < 0:
            found = lines[number]
    elif which:
        found = next((line for line in reversed(lines) if which in line), "")
    sys.stdout.write(f"{found}\n" if found else "There is no such line (see: show history)\n")
    return found


def piped(client: Client) -> int:
    """Lines of standard input. One that fails while configuring is the last: what follows would go elsewhere."""
    failed = False
    for line in sys.stdin:
        if line.split() in (["exit"], ["quit"]) and client.context is None:
            break
        if line.strip() and client.run(line):
            failed = True
            if client.context is not None:
                sys.stderr.write("pcli: no line after this one was read\n")
                break
    return int(failed)


def remembering() -> Any:
    """A history that keeps a line once it is known to hold no key: what went well in the file, all in this session."""
    from prompt_toolkit.history import FileHistory

    class Kept(FileHistory):
        durable = False

        def append_string(self, string: str) -> None:
            pass

        def keep(self, line: str, durable: bool) -> None:
            self.durable = durable
            if line.strip():
                super().append_string(line)

        def store_string(self, string: str) -> None:
            if self.durable:
                super().store_string(string)

    path = os.path.expanduser("~/.pcli_history")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        os.chmod(path, 0o600)
    except OSError:
        path = os.devnull
    return Kept(path)


def reader(client: Client) -> tuple[Callable[[str], tuple[str, bool]], Any]:
    """Reads a line (TAB completes, ``?`` asks) that begins with a text, and whether Ctrl-Z ended it; its history."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.key_binding import KeyBindings

    class Words(Completer):
        def get_completions(self, document: Any, _: Any) -> Iterator[Completion]:
            line = document.text_before_cursor
            begun = "" if line[-1:].isspace() else line.split(" ")[-1]
            for word, told in client.data("complete", {"line": line}) or []:
                yield Completion(word, start_position=-len(begun), display_meta=told)

    keys = KeyBindings()

    @keys.add("?")
    def _(event: Any) -> None:
        buffer = event.app.current_buffer
        quoted = buffer.text.count('"') % 2
        buffer.insert_text("?")
        if not quoted:
            event.app.exit(result=buffer.document.text_before_cursor)

    @keys.add("c-z")
    def _(event: Any) -> None:
        event.app.exit(result=event.app.current_buffer.text + TOP)

    history = remembering()
    asking: PromptSession[str] = PromptSession(
        history=history, completer=Words(), complete_while_typing=False, key_bindings=keys
    )

    def read(begun: str) -> tuple[str, bool]:
        line, top, _ = asking.prompt(client.prompt, default=begun).partition(TOP)
        if line.startswith("!"):
            line = recalled(line[1:].strip(), history.get_strings())
        return line, bool(top)

    return read, history


if __name__ == "__main__":
    sys.exit(main())
