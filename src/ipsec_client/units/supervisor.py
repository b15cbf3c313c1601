"""Starts, watches and restarts the agent, the conductor and each client's pluto, where no systemd does.

It keeps nothing but a note of what runs, so that the next one adopts it instead of starting it twice.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ipsec_client.base import files, sockets
from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.units import signs
from ipsec_client.units.keeper import Child, Keeper
from ipsec_client.units.port import CLIENT
from ipsec_client.units.process import Process
from ipsec_client.units.usage import usage
from ipsec_client.wire.request import Answered, Reply, Request

FORMAT = 1
"""Of the note of what runs."""

_KNOWN_SOON = 200  # looks, a hundredth of a second apart, for a process that asks for its turn


class Supervisor:
    """The children of this machine. ``client_child`` says what a unit ``128t-ipsec@<client>`` is made of.

    ``tell`` is given short lines about what a person should know.
    """

    def __init__(
        self,
        children: Sequence[Child],
        client_child: Callable[[str], Child],
        tell: Callable[[str], None],
    ) -> None:
        self._client_child = client_child
        self._tell = tell
        self._note = sockets.run_folder() / "supervisor.json"
        self._answered = Answered()
        self._keepers: dict[str, Keeper] = {}
        self._adopted = asyncio.Event()
        for child in children:
            self._add(child)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Adopts what an earlier one left, then answers requests for clients until the block is left."""
        async with (
            signs.taken(self._sign),
            sockets.serving(sockets.socket_path("supervisor"), self._answer),
        ):
            await self._adopt()
            self._adopted.set()
            yield

    async def start(self, name: str) -> None:
        """Has the child ``name`` run from now on."""
        await self._keepers[name].start()

    async def stop(self, name: str) -> None:
        """Has the child ``name`` run no more."""
        await self._keepers[name].stop()

    async def end(self) -> None:
        """Stops every client, then the children in reverse order, and leaves nothing to adopt."""
        clients = [keeper for name, keeper in self._keepers.items() if name.startswith(CLIENT)]
        await asyncio.gather(*(keeper.stop() for keeper in clients))
        for keeper in reversed(list(self._keepers.values())):
            await keeper.stop()
        self._note.unlink(missing_ok=True)

    def send(self, name: str, number: signal.Signals) -> None:
        """Sends the child ``name`` a signal, if it runs."""
        process = self._keepers[name].process
        if process is not None:
            process.send(number)

    def _sign(self, pid: int) -> None:
        for keeper in self._keepers.values():
            keeper.sign(pid)

    def _client(self, client: str) -> Keeper:
        return self._keepers.get(CLIENT + client) or self._add(self._client_child(client))

    def _add(self, child: Child, found: Process | None = None) -> Keeper:
        keeper = Keeper(child, self._write_note, self._tell, found)
        self._keepers[child.name] = keeper
        return keeper

    # --- adopting ---------------------------------------------------------------------------------

    async def _adopt(self) -> None:
        for name, record in _read(self._note).items():
            process = Process.found(record)
            if name in self._keepers:
                child = self._keepers[name].child
            elif name.startswith(CLIENT):
                child = self._client_child(name.removeprefix(CLIENT))
            else:
                continue
            if process is not None and process.argv != child.argv:
                await _dismiss(process)
                process = None
            if process is not None:
                self._tell(f"{name}: runs already (process {process.pid}); it is kept")
            with suppress(Fault):  # the keeper has told of it, and tries again
                await self._add(child, process).start()

    def _write_note(self) -> None:
        wanted = {
            name: keeper.process.record() if keeper.process else {}
            for name, keeper in self._keepers.items()
            if keeper.wanted
        }
        note = json.dumps({"format": FORMAT, "children": wanted})
        try:
            files.replace(self._note, note, durable=False)
        except OSError as error:  # whoever comes after us starts twice what it cannot know of
            self._tell(f"cannot note what runs: {error.strerror}")

    # --- answering --------------------------------------------------------------------------------

    async def _answer(self, message: Any, peer: sockets.Peer, send: sockets.Send) -> None:
        try:
            request = Request.from_json(message, caller=peer.uid)
            replies = self._answered.find(request)
            if replies is None:
                replies = [Reply(status=0, data=await self._do(request, peer.pid))]
                self._answered.keep(request, replies)
        except Fault as fault:
            replies = [Reply.failed(fault)]
        for reply in replies:
            await send(reply.to_json())

    async def _do(self, request: Request, pid: int) -> dict[str, Any]:
        if request.kind == "unit-turn":
            await self._turn(pid)
            return {}
        await self._adopted.wait()  # or a client would have two keepers
        if request.kind == "unit-states":
            return {name: _shown(keeper) for name, keeper in self._keepers.items()}
        client = request.body.get("client")
        if not isinstance(client, str) or not client:
            raise InputFault("the request names no client")
        keeper = self._client(client)
        match request.kind:
            case "unit-start":
                await keeper.start()
            case "unit-stop":
                await keeper.stop()
            case "unit-restart":
                await keeper.restart()
            case "unit-state":
                pass
            case _:
                raise InputFault(f"the supervisor does not know the request {request.kind!r}")
        return _shown(keeper)

    async def _turn(self, pid: int) -> None:
        """Waits until it is process ``pid``'s turn; raises Fault when it is none of ours."""
        for _ in range(_KNOWN_SOON):
            for keeper in self._keepers.values():
                process = keeper.process_of(pid)
                if process is not None:
                    await process.turn.wait()
                    return
            await asyncio.sleep(0.01)  # it may ask before we have heard that it was started
        raise Fault(f"process {pid} was not started by this supervisor")


def _shown(keeper: Keeper) -> dict[str, Any]:
    state = keeper.state
    seconds, memory = usage([state.pid] if state.running else [])
    return asdict(replace(state, cpu_seconds=seconds, memory=memory))


async def _dismiss(process: Process) -> None:
    process.send(signal.SIGTERM)
    try:
        async with asyncio.timeout(5.0):
            await process.ended()
    except TimeoutError:
        process.send(signal.SIGKILL)
        await process.ended()


def _read(note: Path) -> Mapping[str, Mapping[str, Any]]:
    """The note of an earlier supervisor; nothing where it left none that is ours to read."""
    try:
        data = json.loads(note.read_text())
    except (OSError, ValueError):
        return {}
    match data:
        case {"format": number, "children": dict(children)} if number == FORMAT:
            return {name: record for name, record in children.items() if isinstance(record, dict)}
    return {}
