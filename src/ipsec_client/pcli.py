"""The PCLI's client: takes words to the daemon that knows them and prints what comes back.

It imports nothing of this project and little of Python, so that it starts in milliseconds; what an
interactive session needs is imported when one begins. The wire is that of ``wire/request.py``.
"""

# ruff: noqa: PLC0415, PTH111, PTH118

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


class Unanswered(Exception):
    """No daemon answered, or one stopped doing so; the text says what to do."""


def main() -> int:
    """The program; returns its exit status: that of the command, or 2 for wrong usage or no daemon."""
    arguments = sys.argv[1:]
    if arguments in (["-h"], ["--help"]):
        sys.stdout.write(USAGE)
        return 0
    if arguments and (arguments[0] != "-c" or len(arguments) < 2):
        sys.stderr.write(USAGE)
        return 2
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        client = Client()
        return client.run(" ".join(arguments[1:])) if arguments else session(client)
    except Unanswered as error:
        sys.stderr.write(f"pcli: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


class Client:
    """Asks the conductor, or the agent where there is none, one connection for each request."""

    def __init__(self) -> None:
        self.folder = os.environ.get("IPSEC_CLIENT_RUN") or "/run/ipsec-client"
        self.daemon = ""

    def run(self, line: str) -> int:
        """Has a line carried out, printing as it comes; its exit status."""
        tty = sys.stdout.isatty()
        width = os.get_terminal_size(sys.stdout.fileno()).columns if tty else 80
        for reply in self.ask("command", {"line": line, "tty": tty, "width": width}):
            sys.stdout.write(reply.get("text", ""))
            sys.stdout.flush()
            if "status" in reply:
                if reply.get("error"):
                    told = f"{reply['error']}. {reply.get('cure') or ''}".rstrip(" .")
                    sys.stderr.write(f"% Error: {told}\n")
                return int(reply["status"])
        raise Unanswered(f"the {self.daemon} ended before its answer did. Ask again")

    def data(self, kind: str, body: dict[str, Any]) -> Any:
        """The data of the answer to a request; None when it failed."""
        for reply in self.ask(kind, body):
            if "status" in reply:
                return reply.get("data")
        return None

    def ask(self, kind: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The replies to a request, as they come."""
        request = {"format": FORMAT, "id": os.urandom(8).hex(), "kind": kind, "body": body}
        with self.connect() as connection:
            try:
                connection.sendall(json.dumps(request).encode() + b"\n")
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


def session(client: Client) -> int:
    """Lines until the end of input, exit or quit. Piped in: 1 if one of them failed."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        statuses = [client.run(line) for line in sys.stdin if line.strip()]
        return int(any(statuses))
    prompt = (client.data("hello", {}) or {}).get("prompt", "# ")
    read = reader(client, prompt)
    begun = ""
    while True:
        try:
            line = read(begun)
        except EOFError:
            return 0
        except KeyboardInterrupt:
            begun = ""
            continue
        if line.strip() in ("exit", "quit"):
            return 0
        begun = line[:-1] if line.endswith("?") else ""
        try:
            client.run(line)
        except KeyboardInterrupt:
            sys.stdout.write("\n")
        except Unanswered as error:
            sys.stderr.write(f"pcli: {error}\n")


def reader(client: Client, prompt: str) -> Callable[[str], str]:
    """Reads a line at the prompt, beginning with a text: history, TAB completes, ``?`` asks for help at once."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory
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
        if buffer.text.count('"') % 2:
            buffer.insert_text("?")
        else:
            event.app.exit(result=f"{buffer.document.text_before_cursor}?")

    path = os.path.expanduser("~/.pcli_history")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        history: History = FileHistory(path)
    except OSError:
        history = InMemoryHistory()
    asking: PromptSession[str] = PromptSession(
        history=history,
        completer=Words(),
        complete_while_typing=False,
        key_bindings=keys,
    )
    return lambda begun: asking.prompt(prompt, default=begun)


if __name__ == "__main__":
    sys.exit(main())
