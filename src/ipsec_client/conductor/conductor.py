"""What the conductor holds and does: the running configuration, candidates, commits, and the road to its nodes."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import eq

from ipsec_client.base.clock import Now
from ipsec_client.base.errors import Fault, HostFault, InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.base.users import login_name
from ipsec_client.commands.port import (
    LONGEST,
    Clash,
    Committed,
    Conflict,
    Exported,
    Overtaken,
    Place,
    Refused,
    TooWide,
)
from ipsec_client.commands.view import NodeView
from ipsec_client.conductor import exports
from ipsec_client.conductor.candidate import Candidate, completed, prepare
from ipsec_client.conductor.commits import Commits
from ipsec_client.conductor.datastore.store import Datastore
from ipsec_client.conductor.deployer import Deployer
from ipsec_client.conductor.desk import Desk
from ipsec_client.conductor.here import find_here, still_here
from ipsec_client.config.edit import Change, Edit, difference
from ipsec_client.config.findings import Finding, placed
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import lines
from ipsec_client.config.rules import check
from ipsec_client.dialect import series
from ipsec_client.model.elements import Authority
from ipsec_client.plan.impact import Impact, impact
from ipsec_client.wire.request import Handler, Json, Reply, Request, Say

log = logging.getLogger(__name__)

_RUN = "run"  # the setting that keeps which run has committed its text


class Conductor:
    """A ConfigPort, and the one writer of the running configuration.

    ``router`` and ``node`` name the node of this machine; the only one there is need not be named. What takes
    long is done in threads; one change at a time, and to its end also where nobody waits for it any more.
    """

    def __init__(
        self,
        store: Datastore,
        deployer: Deployer,
        clock: Callable[[], Now],
        router: str | None = None,
        node: str | None = None,
    ) -> None:
        self._store = store
        self._deployer = deployer
        self._clock = clock
        self._named = router, node
        self._commits = Commits(store, deployer, clock, self._named)
        self._desk = Desk(store)
        self._found: tuple[Authority, tuple[Finding, ...]] | None = None  # of what was running then

    # --- what is there

    @property
    def here(self) -> Place | None:
        """The node of this machine; None before the first commit."""
        return self._commits.here

    def running(self) -> Authority | None:
        """The running configuration; None before the first commit."""
        return self._commits.running

    def history(self) -> tuple[Committed, ...]:
        """The commits kept, newest first."""
        return self._commits.history

    def candidate(self, user: str) -> Authority:
        """The running configuration with the user's edits."""
        return self._desk.candidate(user, self._commits.base[0])

    def edits(self, user: str) -> tuple[Edit, ...]:
        """What the user's candidate changes."""
        return self._desk.edits(user)

    def clashes(self, user: str) -> tuple[Clash, ...]:
        """Where the user's edits meet with what others committed since."""
        return self._desk.clashes(user, self._commits.base[0], self.history())

    def own(self, router: str) -> NodeView:
        """What the conductor has to tell of a router itself: what its nodes refuse of the running configuration."""
        return self._commits.refusals.view(router)

    async def at(self, version: int) -> Authority:
        """What a commit made the running configuration."""
        return await self._commits.in_thread(lambda: self._store.authority(version))

    async def changes(self, version: int) -> tuple[Change, ...]:
        """What a commit changed; everything, for the oldest one kept."""

        def changed() -> tuple[Change, ...]:
            history = iter(self.history())
            commit = next((commit for commit in history if commit.version == version), None)
            before = next(history, None)
            if commit is None or before is None:
                return difference(Authority(), self._store.authority(version))
            held = (
                self._store.authority(each, commit.routers) for each in (before.version, version)
            )
            return difference(*held)

        return await self._commits.in_thread(changed)

    async def call(self, place: Place, request: Request, say: Say) -> Json:
        """Has a node answer a request; raises HostFault for one that is not on this machine."""
        if place != self.here:
            raise HostFault(f"{place} is on another machine, and this conductor knows no way there")
        return await self._deployer.call(place, request, say)

    # --- candidates

    async def edit(self, user: str, edits: Sequence[Edit]) -> None:
        """Adds edits to the candidate."""
        await self._commits.in_thread(lambda: self._desk.edit(user, *self._commits.base, edits))

    async def replace(self, user: str, authority: Authority) -> None:
        """The candidate becomes this."""
        await self._commits.in_thread(
            lambda: self._desk.replace(user, *self._commits.base, authority)
        )

    async def discard(self, user: str) -> None:
        """The candidate is the running configuration again."""
        await self._commits.in_thread(lambda: self._desk.discard(user))

    async def restore(self, user: str, commits: int) -> None:
        """The candidate becomes what ran so many commits ago."""
        history = self.history()
        if not 0 <= commits < len(history):
            raise InputFault(
                f"history holds no configuration of {commits} commits ago",
                cure="show config history lists what it holds",
            )
        await self.replace(user, await self.at(history[commits].version))

    async def findings(self, user: str) -> tuple[Finding, ...]:
        """What is wrong with the candidate, generated parts included."""
        return self._surer(await self._examined(user)).findings

    async def generated(self, user: str) -> Authority:
        """The candidate with the parts that a commit would generate."""
        return (await self._good(user)).authority

    async def impact(self, user: str) -> Impact:
        """What a commit would do to the tunnels."""
        return await self._impact((await self._good(user)).authority)

    async def _examined(self, user: str) -> Candidate:
        """The candidate by the rules alone, which know no node's Libreswan."""
        running, authority = self.running(), self.candidate(user)

        def examined() -> Candidate:
            found: tuple[Finding, ...] = ()
            if running is not None:
                if self._found is None or self._found[0] is not running:
                    self._found = running, tuple(check(running))
                found = self._found[1]
            return completed(authority, running, found)

        return await asyncio.to_thread(examined)

    def _surer(self, candidate: Candidate, text: str = "") -> Candidate:
        """The candidate, judged by the Libreswan of this machine's node where that is known."""
        found = self._commits.releases.judged(
            candidate.findings, candidate.authority, self.running(), self.here
        )
        if found is candidate.findings:
            return candidate
        return replace(candidate, findings=tuple(placed(found, lines(text)) if text else found))

    async def _good(self, user: str) -> Candidate:
        candidate = await self._examined(user)
        surer = self._surer(candidate)
        if surer.refused:
            raise Refused(surer.findings)
        return candidate

    async def _impact(self, authority: Authority) -> Impact:
        release = self._commits.releases.release(self.here)
        number = series.of(release) if release else series.DEFAULT
        return await asyncio.to_thread(impact, self.running(), authority, series=number)

    # --- commits

    async def commit(
        self, user: str, *, force: bool = False, confirmed: int | None = None, shown: str = ""
    ) -> Committed | None:
        """Makes the user's candidate the running configuration; None where it is that already."""
        if confirmed is not None and not 1 <= confirmed <= LONGEST:
            raise InputFault(f"a commit can be confirmed within 1 to {LONGEST} minutes")
        return await self._commits.to_its_end(lambda: self._commit(user, force, confirmed, shown))

    async def _commit(
        self, user: str, force: bool, confirmed: int | None, shown: str
    ) -> Committed | None:
        self._commits.refuse_while_awaiting()
        if not self.edits(user):
            return None
        if met := self.clashes(user):
            raise Conflict(met)
        candidate = await self._good(user)
        authority = candidate.authority
        if await asyncio.to_thread(eq, authority, self.running()):
            await asyncio.to_thread(self._desk.discard, user)
            return None
        if shown or not force:
            found = await self._impact(authority)
            if shown and shown != found.fingerprint:
                raise Overtaken
            if not force and (lost := found.unnamed(self._desk.named(user))):
                raise TooWide(lost)
        here = still_here(authority, self._named, self.here, self._commits.base[0])
        seconds = None if confirmed is None else confirmed * 60.0
        commit = await self._commits.keep(authority, user, here, seconds=seconds, candidate=True)
        self._desk.clear(user)
        self._found = authority, candidate.findings
        return commit

    async def confirm(self, user: str) -> Committed:
        """Confirms the commit that awaits it."""
        return await self._commits.to_its_end(lambda: self._commits.confirm(user))

    def prepare(self, text: str) -> Candidate:
        """The candidate in a text; raises InputFault when it has no place for this machine."""
        gc.disable()
        try:
            candidate = self._surer(prepare(text, self.running()), text)
            gc.freeze()  # looking through a fleet's model for cycles would hold up the loop for a second
        finally:
            gc.enable()
        if not candidate.refused:
            find_here(candidate.authority, self._named, self.here)
        return candidate

    async def commit_text(self, candidate: Candidate, user: str, run: str = "") -> Committed:
        """Makes a candidate that was prepared, and not refused, the running configuration, whatever awaits there.

        ``run`` is kept, if one is named: see ``run_of_text``.
        """

        async def commit() -> Committed:
            commit = await self._commit_text(candidate, user)
            if run:
                await asyncio.to_thread(self._keep_run, run)
            return commit

        return await self._commits.to_its_end(commit)

    @property
    def run_of_text(self) -> str | None:
        """The last run that committed a text."""
        return self._store.setting(_RUN)

    def _keep_run(self, run: str) -> None:
        try:
            self._store.keep_setting(_RUN, run)
        except Fault as fault:  # what runs already needs no room on the disk
            log.error("started again, this run would commit its text again: %s", fault)

    async def _commit_text(self, candidate: Candidate, user: str) -> Committed:
        authority, running = candidate.authority, self.running()
        if candidate.base is not running:
            authority = await asyncio.to_thread(generate, authority, running)
        if await asyncio.to_thread(eq, authority, running):
            if self._commits.awaiting:
                return await self._commits.confirm(user)
            latest = self.history()[0]
            log.info("commit %s is running already", latest.version)
            return latest
        here = find_here(authority, self._named, self.here)
        before = self.history()[:1]
        commit = await self._commits.keep(authority, user, here)
        for replaced in before:
            told = "a text replaced commit %s of %s; rollback 1 fetches it"
            log.info(told, replaced.version, replaced.user)
        return commit

    # --- exports

    def exports(self) -> tuple[Exported, ...]:
        """What was exported, by name."""
        return self._store.exports

    async def export(self, name: str, authority: Authority, passphrase: Secret | None) -> None:
        """Keeps it under a name: without keys, or encrypted with them."""
        exports.check_name(name)
        now = self._clock()

        def kept() -> None:
            export = Exported(name, now.wall, passphrase is not None)
            self._store.keep_export(export, exports.sealed(authority, passphrase))

        await self._commits.in_thread(kept)

    async def exported(self, name: str, passphrase: Secret | None) -> Authority:
        """What was exported."""
        return await self._commits.in_thread(
            lambda: exports.opened(self._store.exported(name), passphrase)
        )

    async def delete_export(self, name: str) -> None:
        """Forgets it."""
        await self._commits.in_thread(lambda: self._store.delete_export(name))

    # --- its work

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The requests it answers beside commands."""
        return {"commit": self._asked_to_commit}

    async def run(self) -> None:
        """Rolls out, and undoes what is not confirmed in time, for ever."""
        await self._commits.run()

    async def close(self) -> None:
        """Waits for the change that is being made, and lets go of the datastore."""
        await self._commits.close()

    async def _asked_to_commit(self, request: Request, say: Say) -> Json:
        text = str(request.body.get("text", ""))
        name = str(request.body.get("name", "")) or "configuration"
        candidate = await asyncio.to_thread(self.prepare, text)
        findings = told(candidate, name)
        if candidate.refused:
            return Reply(
                status=1,
                data={"findings": findings},
                error="the configuration is refused; nothing was changed",
            )
        user = login_name(request.caller) if request.caller is not None else ""
        return {"commit": (await self.commit_text(candidate, user)).version, "findings": findings}


def told(candidate: Candidate, name: str) -> list[str]:
    """The candidate's findings, each as one line of the text called ``name``."""
    return [f"{name}:{finding.line}: {finding}" for finding in candidate.findings]
