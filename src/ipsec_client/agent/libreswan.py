"""The client's pluto as the agent deals with it: its life by pidfd, its connections, repairs one at a time.

Everything that starts a program or waits runs in one worker; what came of it returns as an event.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from ipsec_client.agent import whole
from ipsec_client.agent.hearing import Hearing
from ipsec_client.agent.ledger import Ledger
from ipsec_client.base.errors import Fault, HostFault
from ipsec_client.base.secret import Secret
from ipsec_client.dialect.debugging import CLASSES
from ipsec_client.dialect.render import Conn
from ipsec_client.health import types as h
from ipsec_client.plan.diff import Step, diff
from ipsec_client.plan.objects import Connection, Object, Pluto
from ipsec_client.pluto import prepare
from ipsec_client.pluto.control import Answer, Control
from ipsec_client.pluto.layout import Layout
from ipsec_client.pluto.status import Child
from ipsec_client.units.port import Units
from ipsec_client.units.process import born_at

log = logging.getLogger(__name__)

T = TypeVar("T")

READY_PACE = 0.05
"""Seconds between two looks for a pluto that is about to answer."""

GIVING_UP = 0.1
"""Seconds in which pluto, told of its child SA's end, is told of its IKE SA's too, if both end."""


class Libreswan:
    """One client's pluto. ``put`` takes what is learned of it; ``told`` what it prints at a repair, by request."""

    def __init__(
        self,
        client: str,
        units: Units,
        ledger: Ledger,
        put: Callable[[h.Event], None],
        told: Callable[[str, Iterable[str], str], None],
    ) -> None:
        self._client = client
        self._units = units
        self._ledger = ledger
        self._put = put
        self._told = told
        self._layout = Layout.of(client)
        self._control = Control(self._layout)
        self._worker = ThreadPoolExecutor(1, f"pluto {client}")
        self._loop = asyncio.get_running_loop()
        self._wanted: dict[str, Connection] = {}
        self._setup, self._secrets = "", Secret("")
        self._level = ""  # of the router's log, where it was ever changed
        self._held: Secret | None = None  # the keys that pluto has, as far as we gave them
        self._alive: tuple[int, int] | None = None  # pid and start time of the pluto that answers
        self._loading = asyncio.Lock()
        self._refused: set[str] = set()  # the remotes whose connection is not as it is wanted
        self._hearing = Hearing(self._layout, self._remotes, self._put, self._work)
        self._repairs: set[asyncio.Task[None]] = set()
        self._tasks = [
            self._loop.create_task(self._follow_life()),
            self._loop.create_task(self._hearing.follow()),
        ]
        for task in self._tasks:
            task.add_done_callback(whole.ended)

    async def close(self) -> None:
        """Lets go; pluto lives on."""
        tasks = [*self._tasks, *self._repairs]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._worker.shutdown(wait=False, cancel_futures=True)

    # --- what is wanted and given -------------------------------------------------------------------

    def want(self, connections: Iterable[Connection], setup: str, secrets: Secret) -> None:
        """What pluto is to be given from now on, and again at each of its starts."""
        self._wanted = {item.remote: item for item in connections}
        self._setup, self._secrets = setup, secrets
        has = self.given()
        for remote in self._refused & self._wanted.keys():
            if self._wanted[remote] in has:  # the change that was refused is taken back
                self._tell(self._wanted[remote], h.Loaded("loaded"))

    def given(self) -> list[Object]:
        """What the pluto that lives was given, by the ledger; of another one's gifts it has nothing."""
        entry = self._entry()
        if entry is None:
            return []
        pluto = Pluto(self._client, self._client, entry["setup"])
        return [pluto, *map(self._connection, entry["connections"].items())]

    async def apply(self, step: Step) -> None:
        """Takes a step on pluto or a connection; raises Fault."""
        match step.object, step.verb:
            case Pluto(), "remove":
                await self._work(self._remove_pluto)
            case Pluto() as pluto, verb:
                await self._work(lambda: self._start(pluto, again=verb == "restart"))
            case Connection() as connection, "remove":
                await self._work(lambda: self._control.delete(connection.name))
                self._note(connection.remote, None)
            case Connection() as connection, _ if self._alive:
                await self._load(connection)

    async def rekey(self) -> None:
        """Gives the pluto that lives the keys that are wanted now, if it has others: those of a new remote or of
        another gateway, too. Tunnels stay up until they authenticate again.
        """
        secrets = self._secrets
        if not self._alive or self._held == secrets:
            return
        try:
            await self._work(lambda: self._control.reread_secrets(secrets))
            self._held = secrets
        except Fault as fault:
            log.error("pluto of %s has not taken its keys: %s", self._client, fault)

    async def children(self) -> list[Child]:
        """Its child SAs with their SPIs; raises Fault."""
        return await self._work(self._control.children)

    async def end_child(self, serial: int) -> None:
        """Ends one child SA, telling the gateway; raises Fault."""
        await self._work(lambda: self._control.delete_state(serial))

    async def listen(self) -> None:
        """Has the pluto that lives use the addresses that are there by now: its KNI may have come after it."""
        if self._alive:
            with suppress(Fault):
                await self._work(self._control.listen)

    # --- repairs ------------------------------------------------------------------------------------

    def restart(self, effect: h.Restart) -> None:
        """Begins a repair; RepairDone follows."""
        task = self._loop.create_task(self._repair(effect))
        self._repairs.add(task)
        task.add_done_callback(self._repairs.discard)

    def restart_pluto(self) -> None:
        """Begins to restart pluto; its life tells how that goes on."""
        self._worker.submit(self._logged, lambda: self._units.restart(self._client))

    def seek(self, remote: str) -> None:
        """A tunnel's child SA has ended: Orphaned follows if pluto leaves it at that."""
        task = self._loop.create_task(self._seek(remote))
        self._repairs.add(task)
        task.add_done_callback(self._repairs.discard)

    async def _seek(self, remote: str) -> None:
        await asyncio.sleep(GIVING_UP)
        connection = self._wanted.get(remote)
        if connection is None:
            return
        with suppress(Fault):
            states = await self._work(self._control.states)
            mine = [state for state in states if state.conn == connection.name]
            if mine and all(state.ike for state in mine):
                self._put(h.Orphaned(remote))

    async def _repair(self, effect: h.Restart) -> None:
        connection = self._wanted.get(effect.remote)
        failure, left = "", 0
        lines: list[str] = []
        try:
            if connection is None:
                raise Fault(f"{effect.remote} has no connection")
            for answer in await self._work(lambda: self._carry_out(effect, connection)):
                lines += answer.lines
                failure = failure or answer.refused or ""
                left = answer.left
        except Fault as fault:
            failure = str(fault)
        self._told(effect.request, lines, failure)
        self._put(h.RepairDone(effect.remote, failure, left))

    def _carry_out(self, effect: h.Restart, connection: Connection) -> list[Answer]:
        conn = _conn(connection)
        match effect.how:
            case "initiate":
                return [self._control.begin(conn)]
            case "complete":
                return [self._control.complete(conn)]
            case "restart":
                ended = self._control.terminate(connection.name)
                return [ended, self._control.begin(conn)]
            case "replace":
                added = self._control.add(conn)
                return [added, self._control.begin(conn)]

    async def debug(self, level: str) -> None:
        """Has pluto log as finely as a level of the router's, this one and each that follows it; raises Fault."""
        self._level = level
        if self._alive:
            await self._work(lambda: self._control.debug(level))

    async def status(self) -> str:
        """All that pluto has to say of itself, for people; why it says nothing, where it does not."""
        try:
            return "\n".join((await self._work(self._control.status)).lines)
        except Fault as fault:
            return str(fault)

    # --- its life -----------------------------------------------------------------------------------

    async def _follow_life(self) -> None:
        while True:
            pid = await self._appearance()
            died = self._loop.create_future()
            try:
                handle = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            self._loop.add_reader(handle, self._dead, handle, died)
            try:
                await self._born(pid, died)
                await died
            finally:
                self._loop.remove_reader(handle)
                os.close(handle)

    def _dead(self, handle: int, died: asyncio.Future[None]) -> None:
        self._loop.remove_reader(handle)
        self._alive = None
        self._put(h.PlutoState(False))
        log.error("pluto of %s has ended", self._client)
        if not died.done():
            died.set_result(None)

    async def _appearance(self) -> int:
        """The pid of a pluto that answers, once there is one."""
        while True:
            pid = self._layout.pid
            if (
                pid and born_at(pid) >= 0 and self._layout.socket.exists()
            ):  # a killed one leaves both
                return pid
            await asyncio.sleep(READY_PACE)

    async def _born(self, pid: int, died: asyncio.Future[None]) -> None:
        self._alive = (pid, born_at(pid))
        adopted = self._entry() is not None
        if not adopted:
            self._ledger.put(
                self._key, {"life": list(self._alive), "setup": self._setup, "connections": {}}
            )
            with suppress(Fault):
                await self._work(self._control.listen)
            if died.done():  # its end is told already
                return
        self._put(h.PlutoState(True))
        log.info(
            "pluto of %s %s as process %d", self._client, "found" if adopted else "started", pid
        )
        await self.rekey()
        if self._level in CLASSES:
            with suppress(Fault):
                await self.debug(self._level)
        for remote in list(self._wanted):
            connection = self._wanted.get(remote)  # a commit may have come meanwhile
            if connection is not None:
                with suppress(Fault):
                    await self._load(connection)

    async def _load(self, connection: Connection) -> None:
        """Loads a connection unless pluto has it in all that counts: loading again would end its SAs."""
        async with self._loading:
            had = (item for item in self.given() if item.identity == connection.identity)
            [step] = diff(had, [connection])
            loaded = h.Loaded("loaded")
            if step.verb == "change":
                await self._work(lambda: self._control.rewrite(_conn(connection)))
                self._note(connection.remote, connection)
            elif step.verb != "keep":
                loaded = await self._add(connection, step.was)
        self._tell(connection, loaded)

    def _tell(self, connection: Connection, loaded: h.Loaded) -> None:
        if loaded.state == "refused":
            self._refused.add(connection.remote)
        else:
            self._refused.discard(connection.remote)
        self._put(h.ConnectionState(connection.remote, loaded=loaded))

    async def _add(self, connection: Connection, instead: Object | None) -> h.Loaded:
        """Loads a connection, instead of another if there is one: that stays, with its SAs and its traffic, where
        Libreswan cannot even read the new one.
        """
        if instead is not None:
            unreadable = await self._work(lambda: self._control.unreadable(_conn(connection)))
            if unreadable is not None:
                return h.Loaded("refused", unreadable)
            self._put(h.Replacing(connection.remote))

        def add() -> Answer:
            if isinstance(instead, Connection) and instead.name != connection.name:
                self._control.delete(instead.name)
            return self._control.add(_conn(connection), readable=instead is not None)

        answer = await self._work(add)
        if answer.refused is not None:
            self._note(connection.remote, None)
            return h.Loaded("refused", answer.refused)
        self._note(connection.remote, connection)
        return h.Loaded("loaded")

    def _start(self, pluto: Pluto, *, again: bool) -> None:
        secrets = self._secrets
        prepare.give(self._layout, pluto.setup, secrets)
        self._held = secrets
        if again:
            self._units.restart(self._client)
        else:
            self._units.start(self._client)

    def _remove_pluto(self) -> None:
        self._units.stop(self._client)
        self._ledger.put(self._key, None)
        shutil.rmtree(self._layout.run, ignore_errors=True)

    # --- the ledger and the worker --------------------------------------------------------------------

    def _remotes(self) -> dict[str, str]:
        """The remotes by the names of their connections."""
        return {item.name: item.remote for item in self._wanted.values()}

    @property
    def _key(self) -> str:
        return f"pluto {self._client}"

    def _entry(self) -> dict[str, Any] | None:
        entry: dict[str, Any] | None = self._ledger.get(self._key)
        if entry is None or self._alive is None or entry["life"] != list(self._alive):
            return None
        return entry

    def _connection(self, item: tuple[str, Any]) -> Connection:
        remote, (name, options) = item
        return Connection(name, self._client, remote, tuple((key, value) for key, value in options))

    def _note(self, remote: str, connection: Connection | None) -> None:
        entry = self._entry()
        if entry is None:
            return
        connections = {name: item for name, item in entry["connections"].items() if name != remote}
        if connection is not None:
            connections[remote] = [connection.name, [list(pair) for pair in connection.options]]
        self._ledger.put(self._key, entry | {"connections": connections})

    async def _work(self, job: Callable[[], T]) -> T:
        try:
            return await self._loop.run_in_executor(self._worker, job)
        except OSError as error:
            raise HostFault(
                f"cannot deal with pluto of {self._client}: {error.strerror}",
                cure=f"Make room in {self._layout.run}" if error.errno == errno.ENOSPC else "",
            ) from error

    @staticmethod
    def _logged(job: Callable[[], None]) -> None:
        try:
            job()
        except Fault as fault:
            log.error("%s", fault)


def _conn(connection: Connection) -> Conn:
    return Conn(connection.name, connection.options)
