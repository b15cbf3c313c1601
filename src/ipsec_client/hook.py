"""``ipsec-client hook``: what a Session Smart Router's network scripts ask of the agent. A thin client: it imports
nothing of ours, since a script is forked for each KNI every few seconds. ``monitoring`` is a script of its own.

Nothing is printed but what the router reads; what fails is told on standard error, with exit status 1.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any

FORMAT = 1
SILENCE = 30.0
"""Seconds without a word from the agent after which it counts as gone: making a namespace takes a while."""
HOOKS = ("startup", "init", "monitoring", "reinit", "state", "info", "shutdown")
ARGUMENTS = ("--kni-interface=", "--kni-ip=", "--kni-prefix=", "--kni-gateway=", "--namespace=")
NOTHING = {"state": "{}\n", "info": "{}\n", "monitoring": "down\n"}
"""What is printed where no agent answers."""


def main(argv: list[str] | None = None) -> int:
    """Asks; prints the answer. Other arguments than those known are passed over: the router may come to have more."""
    words = sys.argv[1:] if argv is None else argv
    if not words or words[0] not in HOOKS:
        sys.stderr.write(f"ipsec-client hook: the hook is one of {', '.join(HOOKS)}\n")
        return 2
    hook, given = words[0], _given(words[1:])
    if "interface" not in given:
        sys.stderr.write("ipsec-client hook: --kni-interface=NAME is missing\n")
        return 2
    folder = os.environ.get("IPSEC_CLIENT_RUN") or "/run/ipsec-client"
    if hook == "monitoring":
        return _monitoring(folder, given["interface"])
    try:
        reply = _ask(f"{folder}/agent.sock", {"hook": hook, **given})
    except (OSError, ValueError) as error:
        sys.stdout.write(NOTHING.get(hook, ""))
        sys.stderr.write(f"ipsec-client hook: the agent does not answer: {error}\n")
        return 1
    if reply.get("error"):
        sys.stdout.write(NOTHING.get(hook, ""))
        cure = f". {reply['cure']}" if reply.get("cure") else ""
        sys.stderr.write(f"ipsec-client hook: {reply['error']}{cure}\n")
        return 1
    if hook in NOTHING:
        sys.stdout.write(json.dumps(reply.get("data") or {}, ensure_ascii=False) + "\n")
    return 0


def _given(words: list[str]) -> dict[str, str]:
    """The arguments by what follows ``--kni-``, and the namespace."""
    found = {}
    for word in words:
        for argument in ARGUMENTS:
            if word.startswith(argument):
                name = argument.strip("-=").removeprefix("kni-")
                found[name] = word[len(argument) :]
    return found


def _monitoring(folder: str, kni: str) -> int:
    """What the script of that name prints; a KNI that nothing is known of is down."""
    try:
        # No pathlib: its import would cost as much as all else here.
        with open(f"{folder}/kni/{os.path.basename(kni)}", encoding="ascii") as mark:  # noqa: PTH119, PTH123
            word = mark.read()
    except (OSError, ValueError):
        word = ""
    sys.stdout.write("up\n" if word == "up\n" else "down\n")
    return 0


def _ask(path: str, body: dict[str, str]) -> dict[str, Any]:
    request = {"format": FORMAT, "id": os.urandom(8).hex(), "kind": "hook", "body": body}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(SILENCE)
        connection.connect(path)
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                reply: dict[str, Any] = json.loads(line)
                if "status" in reply:
                    return reply
    raise ValueError("it broke off")


if __name__ == "__main__":
    sys.exit(main())
