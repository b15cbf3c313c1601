"""``ipsec-client conductor``: the daemon that keeps the authority's configuration and gives nodes their part."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from ipsec_client.base import logs
from ipsec_client.commands.session import Dispatcher
from ipsec_client.conductor.main import serve
from ipsec_client.faces import terminal
from ipsec_client.units.notify import at_work
from ipsec_client.wire.request import Handler


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="configuration to commit at the start"
    )
    parser.add_argument("--router", help="the router of this machine, where there are several")
    parser.add_argument("--node", help="the node of this machine, where there are several")
    parser.add_argument("--run", default="", help=argparse.SUPPRESS)  # see conductor.main.serve
    parser.add_argument("--log-level", choices=logs.LEVELS, default="info", help="what is logged")


def main(args: argparse.Namespace) -> int:
    """Conducts until it is told to end; nodes go on as they are."""
    with logs.recording("ipsec-client-conductor", args.log_level):
        return asyncio.run(
            serve(args.file, _face, router=args.router, node=args.node, run=args.run)
        )


@asynccontextmanager
async def _face(
    path: Path, dispatcher: Dispatcher, others: Mapping[str, Handler]
) -> AsyncIterator[None]:
    async with terminal.serving(path, dispatcher, others), at_work():
        yield
