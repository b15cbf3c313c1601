"""The conductor's process: takes its file in, answers on its socket, and rolls out until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

from ipsec_client.base import sockets
from ipsec_client.base.clock import Now
from ipsec_client.base.errors import Fault
from ipsec_client.base.files import read_text
from ipsec_client.commands.session import Dispatcher
from ipsec_client.conductor.candidate import Candidate
from ipsec_client.conductor.conductor import Conductor, told
from ipsec_client.conductor.deployer import Local
from ipsec_client.conductor.dispatcher import OnConductor
from ipsec_client.conductor.store import Store, state_folder
from ipsec_client.wire.request import Handler

log = logging.getLogger(__name__)

Face = Callable[[Path, Dispatcher, Mapping[str, Handler]], AbstractAsyncContextManager[None]]
"""Serves a dispatcher's commands and further requests on a socket, as ``faces.terminal.serving`` does."""


async def serve(
    file: Path | None, face: Face, *, router: str | None = None, node: str | None = None
) -> int:
    """Conducts until SIGTERM or SIGINT; the exit status.

    A ``file`` is committed first: refused, its findings are told on standard error and nothing is started
    or changed. SIGHUP commits the file again. Without one, what was committed before runs on.
    """
    conductor = Conductor(Store(state_folder()), Local(), Now.read, router, node)
    first = _candidate(conductor, file) if file else None
    if first is not None and first.refused:
        return 1
    dispatcher = OnConductor(conductor, Now.read)
    async with face(sockets.socket_path("conductor"), dispatcher, conductor.handlers):
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        loop.add_signal_handler(signal.SIGHUP, _commit_again, conductor, file)
        if first is not None:
            conductor.commit(first)
        rollout = asyncio.ensure_future(conductor.run())
        rollout.add_done_callback(lambda _: ended.set())
        await ended.wait()
        rollout.cancel()
        with suppress(asyncio.CancelledError):
            await rollout
    return 0


def _candidate(conductor: Conductor, file: Path) -> Candidate:
    """The candidate in the file, its findings told; raises UsageFault for an unreadable one."""
    candidate = conductor.prepare(read_text(file))
    sys.stderr.writelines(f"{line}\n" for line in told(candidate, str(file)))
    return candidate


def _commit_again(conductor: Conductor, file: Path | None) -> None:
    if file is None:
        log.warning(
            "SIGHUP commits the file this conductor was started with; it was started without"
        )
        return
    try:
        candidate = _candidate(conductor, file)
        if not candidate.refused:
            conductor.commit(candidate)
            return
        log.error("%s is refused; nothing was changed", file)
    except (Fault, OSError) as fault:
        log.error("%s was not committed: %s", file, fault)
