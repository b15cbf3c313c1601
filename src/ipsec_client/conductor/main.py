"""The conductor's process: takes its file in, answers on its socket, and rolls out until it is told to end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

from ipsec_client.base import sockets
from ipsec_client.base.clock import Now
from ipsec_client.base.errors import Fault
from ipsec_client.base.files import read_text
from ipsec_client.base.users import login_name
from ipsec_client.commands.session import Dispatcher
from ipsec_client.conductor.candidate import Candidate
from ipsec_client.conductor.conductor import Conductor, told
from ipsec_client.conductor.datastore.store import Datastore, state_folder
from ipsec_client.conductor.deployer import Local
from ipsec_client.conductor.dispatcher import OnConductor
from ipsec_client.wire.request import Handler

log = logging.getLogger(__name__)

Face = Callable[[Path, Dispatcher, Mapping[str, Handler]], AbstractAsyncContextManager[None]]
"""Serves a dispatcher's commands and further requests on a socket, as ``faces.terminal.serving`` does."""


async def serve(
    file: Path | None,
    face: Face,
    *,
    router: str | None = None,
    node: str | None = None,
    run: str = "",
) -> int:
    """Conducts until SIGTERM or SIGINT; the exit status.

    A ``file`` is committed first: refused, its findings are told on standard error and nothing is started
    or changed. SIGHUP commits the file again. Without one, what was committed before runs on. So it does where the
    process is started again within one ``run``: what people have committed since is not taken back.
    """
    store = Datastore(state_folder())
    try:
        conductor = Conductor(store, Local(), Now.read, router, node)
        gc.freeze()  # what runs is held: looking through it for cycles takes long
        first = None
        if file and not (run and conductor.run_of_text == run):
            first = _candidate(conductor, file)
            if first.refused:
                return 1
        dispatcher = OnConductor(conductor, Now.read)
        async with face(sockets.socket_path("conductor"), dispatcher, conductor.handlers):
            await _conduct(conductor, file, first, run)
        await conductor.close()
    finally:
        store.close()
    return 0


async def _conduct(
    conductor: Conductor, file: Path | None, first: Candidate | None, run: str
) -> None:
    """Commits what is to be first, rolls out, and commits the file at each SIGHUP, until a signal ends it."""
    ended, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    loop.add_signal_handler(signal.SIGHUP, again.set)
    if first is not None:
        await conductor.commit_text(first, login_name(os.geteuid()), run)
    tasks = [
        asyncio.ensure_future(conductor.run()),
        asyncio.ensure_future(_commit_again(conductor, file, again)),
    ]
    for task in tasks:
        task.add_done_callback(lambda _: ended.set())
    await ended.wait()
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _candidate(conductor: Conductor, file: Path) -> Candidate:
    """The candidate in the file, its findings told; raises UsageFault for an unreadable one."""
    candidate = conductor.prepare(read_text(file))
    sys.stderr.writelines(f"{line}\n" for line in told(candidate, str(file)))
    return candidate


async def _commit_again(conductor: Conductor, file: Path | None, again: asyncio.Event) -> None:
    while True:
        await again.wait()
        again.clear()
        if file is None:
            log.warning(
                "SIGHUP commits the file this conductor was started with; it was started without"
            )
            continue
        try:
            candidate = await asyncio.to_thread(_candidate, conductor, file)
            if candidate.refused:
                log.error("%s is refused; nothing was changed", file)
            else:
                await conductor.commit_text(candidate, login_name(os.geteuid()))
        except (Fault, OSError) as fault:
            log.error("%s was not committed: %s", file, fault)
