"""``ipsec-client run FILE``: conductor and agent of this machine by one command, supervised, until interrupted.

They are the same processes with the same sockets as in production; pluto is their sibling, not their child.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
import uuid
from pathlib import Path

from ipsec_client.app import pluto
from ipsec_client.app.asking import ask_agent
from ipsec_client.app.findings import STANDARD_INPUT, load
from ipsec_client.app.progress import show_first_verdicts, tell
from ipsec_client.base import files, logs, sockets
from ipsec_client.base.errors import Fault, HostFault
from ipsec_client.config.documents import find_node, find_router
from ipsec_client.pluto.rotate import PRINTED
from ipsec_client.units.keeper import Child
from ipsec_client.units.port import AGENT, CONDUCTOR
from ipsec_client.units.process import put_before
from ipsec_client.units.supervisor import Supervisor

LOG = PRINTED
"""What the processes print beside their own logs; turned over at each run too."""

FIRST = -10
"""Niceness of the agent and of us: a failover, or a restart, must not wait behind what else is computed here."""

AGENT_WATCHDOG, CONDUCTOR_WATCHDOG = 20.0, 60.0
"""Seconds without a sign of life after which one has hung; as WatchdogSec= of their units."""

TEARDOWN_PATIENCE = 60.0
"""Seconds the agent may take to remove what it made."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("file", metavar="FILE", help="configuration; - is standard input")
    parser.add_argument("--router", help="the router of this machine, where there are several")
    parser.add_argument("--node", help="the node of this machine, where there are several")
    parser.add_argument(
        "--side-door",
        action="store_true",
        help="a Session Smart Router forwards, and gives us its KNIs by network scripts",
    )


def main(args: argparse.Namespace) -> int:
    """Checks the file, then runs until SIGINT or SIGTERM; SIGHUP commits the file again."""
    if os.geteuid() != 0:
        raise HostFault("a node is made by root only", cure="Run it as root")
    folder = sockets.run_folder()
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    with files.lock(folder / "run.lock", "ipsec-client run"):
        file = _spooled(folder) if args.file == STANDARD_INPUT else Path(args.file).absolute()
        if not _is_good(file, args):
            return 1
        asyncio.run(_Run(file, args).run())
    return 0


def _spooled(folder: Path) -> Path:
    """Standard input as a file, which the conductor can read, and read again."""
    file = folder / "standard-input.conf"
    files.replace(file, sys.stdin.buffer.read(), durable=False)
    return file


def _is_good(file: Path, args: argparse.Namespace) -> bool:
    """Whether the file can be run as it is; its findings are told on standard error."""
    authority = load(str(file))
    gc.enable()  # which a short verb can do without
    if authority is None:
        return False
    find_node(find_router(authority, args.router), args.node)
    return True


class _Run:
    """One run of one file."""

    def __init__(self, file: Path, args: argparse.Namespace) -> None:
        self._file = file
        self._args = args
        self._log = log = _new_log()
        here = [
            f"--{name}={getattr(args, name)}" for name in ("router", "node") if getattr(args, name)
        ]
        here.append(f"--run={uuid.uuid4()}")
        self._supervisor = Supervisor(
            [
                Child(
                    AGENT,
                    _verb("agent", "--spare", *(["--side-door"] if args.side_door else [])),
                    out=log,
                    spare=True,
                    nice=FIRST,
                    watchdog=AGENT_WATCHDOG,
                ),
                Child(
                    CONDUCTOR,
                    _verb("conductor", str(file), *here),
                    out=log,
                    watchdog=CONDUCTOR_WATCHDOG,
                ),
            ],
            pluto.child,
            tell,
        )

    async def run(self) -> None:
        """Runs until a signal ends it, and takes everything away again."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        put_before(FIRST, os.getpid())
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        loop.add_signal_handler(signal.SIGHUP, self._commit_again)
        async with self._supervisor.serving():
            tell(f"agent and conductor start; what they print is in {self._log}")
            showing = asyncio.create_task(show_first_verdicts())
            try:
                await self._supervisor.start(AGENT)
                await self._supervisor.start(CONDUCTOR)
                await ended.wait()
            finally:
                showing.cancel()
                await self._end()

    def _commit_again(self) -> None:
        try:
            good = _is_good(self._file, self._args)
        except (Fault, OSError) as fault:
            tell(str(fault))
            good = False
        if good:
            self._supervisor.send(CONDUCTOR, signal.SIGHUP)
        told = "the conductor commits it" if good else "refused; nothing is changed"
        tell(f"{self._file}: {told}")

    async def _end(self) -> None:
        """The conductor first, so that nothing is made again; pluto is stopped by the agent's leaving."""
        tell("ending: removing what was made")
        await self._supervisor.stop(CONDUCTOR)
        try:
            async with asyncio.timeout(TEARDOWN_PATIENCE):
                await _teardown()
        except (Fault, TimeoutError) as fault:
            tell(f"not everything was removed: {str(fault) or 'the agent does not answer'}")
        await self._supervisor.end()
        tell("ended")


def _verb(*words: str) -> tuple[str, ...]:
    """How one of our processes is started: as we were, since only our own script may know where our code is."""
    program = Path(sys.argv[0]).absolute()
    ours = ("-m", "ipsec_client") if program.name == "__main__.py" else (str(program),)
    return (sys.executable, *ours, *words)


def _new_log() -> Path:
    path = logs.log_folder() / LOG
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.replace(path.with_name(f"{LOG}.1"))
    return path


async def _teardown() -> None:
    """Has the agent remove everything of ours; one that is just being started again is waited for."""
    while True:
        try:
            await ask_agent("teardown", silence=TEARDOWN_PATIENCE)
        except HostFault:
            await asyncio.sleep(0.1)
        else:
            return
