"""The running configuration: kept durably, rolled out, and taken back where a commit that must be confirmed is not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from ipsec_client.base.clock import Now, moment
from ipsec_client.base.errors import Fault
from ipsec_client.commands.port import Committed, Place
from ipsec_client.conductor.datastore.store import Datastore
from ipsec_client.conductor.datastore.texts import different_routers
from ipsec_client.conductor.deployer import Deployer
from ipsec_client.conductor.here import Named, document_of, still_here
from ipsec_client.conductor.refusals import Refusals
from ipsec_client.conductor.releases import Releases
from ipsec_client.conductor.rollout import AGAIN, Rollout
from ipsec_client.model.elements import Authority
from ipsec_client.wire.document import Confirm
from ipsec_client.wire.request import Json

log = logging.getLogger(__name__)

_GRACE = 10.0
"""Seconds that a node waits beyond the deadline: a confirmation of the last moment must still find it waiting."""

_HERE = "here"  # the setting that keeps which node this machine is
_RELEASES = "releases"  # the one that keeps what nodes told of their Libreswan
_REFUSALS = "refusals"  # the one that keeps the alarms of what nodes refuse, and their events

T = TypeVar("T")


class Commits:
    """What runs, and what has run. Changes are made one at a time, by ``to_its_end``."""

    def __init__(
        self, store: Datastore, deployer: Deployer, clock: Callable[[], Now], named: Named
    ) -> None:
        self.store = store
        self._clock = clock
        self._named = named
        self._alone = asyncio.Lock()
        self.releases = Releases(clock, store.setting(_RELEASES))
        self.refusals = Refusals(clock, store.setting(_REFUSALS))
        self._rollout = Rollout(deployer, heard=self._heard, refused=self._refused)
        self._changed = asyncio.Event()
        self.running: Authority | None = store.running()
        self.history: tuple[Committed, ...] = store.history
        self.here: Place | None = self._known()
        self._previous = Authority()  # what ran before a commit that awaits its confirmation
        self._deadline = 0.0  # of that commit, by the monotonic clock
        if self.running is not None:
            self.here = still_here(self.running, named, self.here, self.running)
            self._go_on_awaiting()
            self._want()

    @property
    def base(self) -> tuple[Authority, int]:
        """What is running, nothing at first, and the version that it is of."""
        return self.running or Authority(), self.history[0].version if self.history else 0

    @property
    def awaiting(self) -> Committed | None:
        """The commit that awaits its confirmation; it can only be the latest."""
        latest = self.history[0] if self.history else None
        return latest if latest and latest.confirmed_until is not None else None

    def refuse_while_awaiting(self) -> None:
        """Raises Fault while a commit awaits its confirmation: what comes after it would confirm or undo it unsaid."""
        if awaiting := self.awaiting:
            until = moment(awaiting.confirmed_until or 0.0)
            raise Fault(
                f"commit {awaiting.version} of {awaiting.user} awaits its confirmation until {until} UTC",
                cure="commit confirm keeps it; else wait until it has undone itself",
            )

    async def keep(
        self,
        authority: Authority,
        user: str,
        here: Place,
        *,
        seconds: float | None = None,
        candidate: bool = False,
        undone_from: int | None = None,
    ) -> Committed:
        """Makes it the running configuration, durably first, and has it rolled out.

        ``seconds`` is how long it may await its confirmation. With ``candidate`` the user's is forgotten.
        """
        now, before = self._clock(), self.running
        version = max(int(now.wall), self.base[1] + 1)
        until = None if seconds is None else now.wall + seconds

        def kept() -> Committed:
            routers = different_routers(before or Authority(), authority)
            commit = Committed(version, now.wall, user, routers, until, undone_from)
            settings = {_HERE: f"{here.router} {here.node}"}
            self.store.keep(commit, before, authority, user if candidate else None, settings)
            return commit

        commit = await asyncio.to_thread(kept)
        self.running, self.history, self.here = authority, self.store.history, here
        self._previous = before or Authority()
        self._deadline = now.mono + (seconds or 0.0)
        log.info("commit %s is running", version)
        self._want()
        return commit

    async def confirm(self, user: str) -> Committed:
        """The commit that awaits its confirmation stays; raises Fault where none does."""
        awaiting = self.awaiting
        if awaiting is None:
            raise Fault("no commit awaits its confirmation")
        await asyncio.to_thread(self.store.confirm, awaiting.version)
        self.history = self.store.history
        log.info("commit %s was confirmed by %s", awaiting.version, user)
        self._want()
        return self.history[0]

    async def run(self) -> None:
        """Rolls out, and undoes what is not confirmed in time, for ever."""
        if self.awaiting and self._left() <= 0:
            await self._undo()
        await asyncio.gather(self._rollout.run(), self._watch_deadline())

    async def close(self) -> None:
        """Waits for the change that is being made, and lets go of the datastore."""
        async with self._alone:
            self.store.close()

    async def to_its_end(self, work: Callable[[], Awaitable[T]]) -> T:
        """Does a piece of work while nobody else does one, and to its end also where nobody waits for it any more."""

        async def alone() -> T:
            async with self._alone:
                return await work()

        return await asyncio.shield(asyncio.ensure_future(alone()))

    async def in_thread(self, work: Callable[[], T]) -> T:
        """The same, off the loop."""
        return await self.to_its_end(lambda: asyncio.to_thread(work))

    async def _heard(self, place: Place, report: Json) -> None:
        """A node reports."""
        if self.releases.hear(place, report):
            await self._kept(_RELEASES, self.releases.to_text())

    async def _refused(self, place: Place, why: str) -> None:
        """A node refuses what is running, or has it."""
        if self.refusals.tell(place, why):
            await self._kept(_REFUSALS, self.refusals.to_text())

    async def _kept(self, name: str, value: str) -> None:
        """Keeps a setting that is only of use: what rolls out goes on where the disk does not take it."""

        def kept() -> None:
            try:
                self.store.keep_setting(name, value)
            except Fault as fault:
                log.error("this conductor's successor will not know %s: %s", name, fault)

        await self.in_thread(kept)

    def _go_on_awaiting(self) -> None:
        if (awaiting := self.awaiting) and awaiting.confirmed_until is not None:
            now, until = self._clock(), awaiting.confirmed_until
            longest = until - awaiting.at  # the wall clock may have been set back since
            self._deadline = now.mono + min(until - now.wall, longest)
            if len(self.history) > 1:
                self._previous = self.store.authority(self.history[1].version)

    async def _watch_deadline(self) -> None:
        while True:
            self._changed.clear()
            pause = None
            if self.awaiting:
                pause = self._left()
                if pause <= 0 and not await self._undo():
                    pause = AGAIN
            try:
                await asyncio.wait_for(self._changed.wait(), pause)
            except TimeoutError:
                continue

    async def _undo(self) -> bool:
        """Takes back the commit that nobody confirmed; False if the datastore does not take it."""

        async def undo() -> None:
            awaiting = self.awaiting
            if awaiting and self._left() <= 0:
                log.warning("commit %s was not confirmed, and is undone", awaiting.version)
                before = self.running or Authority()
                here = still_here(self._previous, self._named, self.here, before)
                version, user = awaiting.version, awaiting.user
                await self.keep(self._previous, user, here, undone_from=version)

        try:
            await self.to_its_end(undo)
        except Fault as fault:
            log.error("a commit that nobody confirmed could not be undone: %s", fault)
            return False
        return True

    def _left(self) -> float:
        """Seconds there are to confirm it."""
        return self._deadline - self._clock().mono

    def _want(self) -> None:
        """Has the node of this machine be as the latest commit says."""
        assert self.here is not None
        authority, version = self.base
        document = document_of(authority, self.here, str(version))
        if self.awaiting:
            before = self.history[1].version if len(self.history) > 1 else 0
            previous = document_of(self._previous, self.here, str(before))
            document = replace(document, confirm=Confirm(self._left(), previous))
        self._rollout.want(document, lambda: self._left() + _GRACE)
        self._changed.set()

    def _known(self) -> Place | None:
        """Which node this machine was at the last commit."""
        kept = self.store.setting(_HERE)
        return Place(*kept.split(" ")) if kept else None
