"""``ipsec-client``: finds the verb that is asked for and runs it. A verb is a module of this folder.

Each has ``add(parser)``, which declares its arguments, and ``main(args)``, which returns the exit status;
only the one asked for is imported, so that a short verb starts quickly.
"""

from __future__ import annotations

import argparse
import importlib
import io
import keyword
import os
import sys
from collections.abc import Sequence

from ipsec_client.base.errors import Fault

VERBS = {
    "check": "tell what is wrong with configurations",
    "generate": "print a configuration with its generated parts",
    "document": "print all that one node needs of a configuration",
    "render": "print the Libreswan files a node would run",
    "schema": "print what a configuration may hold, as JSON Schema or YANG",
    "plan": "print what would change on a node",
    "provider": "print a provider's profile and limits, or the providers that are known",
    "import": "print the configuration that ipsec.conf or swanctl.conf stands for",
    "run": "run conductor and agent of this machine",
    "agent": "run the agent of this node",
    "conductor": "run the conductor",
    "pluto": "become a client's Libreswan, for its unit",
    "clear": "take away what was made on this machine, and keep what it is to be",
    "apply": "give this node's agent its document",
    "pillar": "write all that each router needs, a file for each",
    "hook": "answer a network script of a Session Smart Router",
    "doctor": "tell what this machine has and lacks",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb. Returns the exit status: 0 good, 1 the input is at fault, 2 usage or an unreadable file."""
    _settle_streams()
    verb, rest = _choose(sys.argv[1:] if argv is None else list(argv))
    name = f"{verb}_" if keyword.iskeyword(verb) else verb
    module = importlib.import_module(f"ipsec_client.app.{name}")
    parser = argparse.ArgumentParser(f"ipsec-client {verb}", description=VERBS[verb].capitalize())
    module.add(parser)
    args = parser.parse_args(rest)
    try:
        status: int = module.main(args)
        sys.stdout.flush()
    except Fault as fault:
        print(f"ipsec-client {verb}: {fault}", file=sys.stderr)
        return fault.status
    except BrokenPipeError:  # who read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as failure:
        told = f"{failure.filename}: {failure.strerror}" if failure.filename else failure.strerror
        print(f"ipsec-client {verb}: {told or failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _settle_streams() -> None:
    """Output is the same bytes in every locale, and goes nowhere where it was closed."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 — it stays open to the end
    if sys.stderr is None:
        sys.stderr = sys.stdout
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")


class _Version(argparse.Action):
    """``--version``; where versions are kept is only looked up when it is asked for."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: object,
        values: object,
        option: str | None = None,
    ) -> None:
        from importlib.metadata import version  # noqa: PLC0415

        print("ipsec-client", version("ipsec-client"))
        parser.exit()


def _choose(arguments: list[str]) -> tuple[str, list[str]]:
    """The verb and what follows it; ends the program on ``--help`` and wrong use."""
    parser = argparse.ArgumentParser(
        "ipsec-client",
        description="Keeps a router's IPsec tunnels up, and traffic on a healthy one.",
        epilog="\n".join(f"  {verb:<10} {told}" for verb, told in VERBS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    parser.add_argument("verb", choices=VERBS, metavar="VERB", help="one of the below")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="see VERB --help")
    args = parser.parse_args(arguments)
    return args.verb, args.rest
