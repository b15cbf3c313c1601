"""``ipsec-client agent``: the daemon that makes and keeps this node as its document says."""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys

from ipsec_client.agent.node import Agent
from ipsec_client.agent.shelf import Shelf, state_folder
from ipsec_client.agent.side_door import SideDoor
from ipsec_client.app import doctor
from ipsec_client.base import files, logs, sockets
from ipsec_client.base.clock import Now
from ipsec_client.commands.node import OnNode
from ipsec_client.faces import terminal
from ipsec_client.units.here import units
from ipsec_client.units.notify import at_work
from ipsec_client.units.supervised import await_turn

TURN = 0.0005
"""Seconds that a thread which computes (a comparison of the node, the log) may keep the loop waiting, instead of
Python's 5 ms: a failover asks the kernel some twenty times, and each time the interpreter may be gone.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("--log-level", choices=logs.LEVELS, default="info", help="what is logged")
    parser.add_argument(
        "--side-door",
        action="store_true",
        help="a Session Smart Router forwards, and gives us its KNIs by network scripts",
    )
    parser.add_argument("--spare", action="store_true", help=argparse.SUPPRESS)


def main(args: argparse.Namespace) -> int:
    """Runs the agent until it is told to end; tunnels stay."""
    sys.setswitchinterval(TURN)
    if args.spare:  # all is imported; our supervisor says when
        await_turn()
    run = sockets.run_folder()
    run.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (
        logs.recording("ipsec-client-agent", args.log_level),
        files.lock(run / "agent.lock", "agent"),
    ):
        asyncio.run(_serve(SideDoor() if args.side_door else None))
    return 0


async def _serve(side_door: SideDoor | None) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    agent = Agent(Shelf(state_folder()), units, examine=doctor.findings, door=side_door)
    loop.add_signal_handler(signal.SIGHUP, agent.compare)
    await agent.begin()
    gc.freeze()  # what runs is held: looking through it for cycles would hold up the loop
    commands = OnNode(agent, Now.read)
    others = {
        "apply": agent.apply,
        "teardown": agent.teardown,
        "report": agent.answer_report,
        "hook": agent.hook,
        **commands.handlers,
    }
    try:
        async with terminal.serving(sockets.socket_path("agent"), commands, others), at_work():
            await ended.wait()
    finally:
        await agent.close()
