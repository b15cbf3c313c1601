"""What the conductor holds and does: the running configuration, commits, and the road to its nodes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from ipsec_client.base.clock import Now
from ipsec_client.base.errors import HostFault
from ipsec_client.commands.port import Place
from ipsec_client.conductor.candidate import Candidate, prepare
from ipsec_client.conductor.deployer import Deployer
from ipsec_client.conductor.rollout import Rollout
from ipsec_client.conductor.store import Commit, Store
from ipsec_client.config.documents import document, find_node, find_router
from ipsec_client.model.elements import Authority
from ipsec_client.wire.request import Handler, Json, Reply, Request, Say

log = logging.getLogger(__name__)


class Conductor:
    """An AuthorityPort, and the one writer of the running configuration.

    ``router`` and ``node`` name the node of this machine; the only one there is need not be named.
    """

    def __init__(
        self,
        store: Store,
        deployer: Deployer,
        clock: Callable[[], Now],
        router: str | None = None,
        node: str | None = None,
    ) -> None:
        self._store = store
        self._deployer = deployer
        self._clock = clock
        self._named = router, node
        self._latest = store.latest()
        self._here = self._find_here(self._latest.authority) if self._latest else None
        self._rollout = Rollout(deployer)
        if self._latest:
            self._want(self._latest)

    @property
    def here(self) -> Place | None:
        """The node of this machine; None before the first commit."""
        return self._here

    def running(self) -> Authority | None:
        """The running configuration; None before the first commit."""
        return self._latest.authority if self._latest else None

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The requests it answers beside commands."""
        return {"commit": self._asked_to_commit}

    async def call(self, place: Place, request: Request, say: Say) -> Json:
        """Has a node answer a request; raises HostFault for one that is not on this machine."""
        if place != self._here:
            raise HostFault(f"{place} is on another machine, and this conductor knows no way there")
        return await self._deployer.call(place, request, say)

    def prepare(self, text: str) -> Candidate:
        """The candidate in a text; raises InputFault when it has no place for this machine."""
        candidate = prepare(text, self.running())
        if not candidate.refused:
            self._find_here(candidate.authority)
        return candidate

    def commit(self, candidate: Candidate) -> Commit:
        """Makes a candidate that was not refused the running configuration, and has it rolled out."""
        latest = self._latest
        if latest is not None and latest.authority == candidate.authority:
            log.info("commit %s is running already", latest.id)
            return latest
        version = max(int(self._clock().wall), latest.version + 1 if latest else 0)
        commit = Commit(version, candidate.authority)
        self._store.keep(commit)
        self._latest = commit
        self._here = self._find_here(commit.authority)
        log.info("commit %s is running", commit.id)
        self._want(commit)
        return commit

    async def run(self) -> None:
        """Rolls out, for ever."""
        await self._rollout.run()

    def _want(self, commit: Commit) -> None:
        assert self._here is not None
        here = self._here
        self._rollout.want(document(commit.authority, here.router, here.node, commit.id))

    def _find_here(self, authority: Authority) -> Place:
        named_router, named_node = self._named
        router = find_router(authority, named_router)
        return Place(router.name, find_node(router, named_node).name)

    async def _asked_to_commit(self, request: Request, say: Say) -> Json:
        candidate = self.prepare(str(request.body.get("text", "")))
        name = str(request.body.get("name", "")) or "configuration"
        findings = told(candidate, name)
        if candidate.refused:
            return Reply(
                status=1,
                data={"findings": findings},
                error="the configuration is refused; nothing was changed",
            )
        return {"commit": self.commit(candidate).version, "findings": findings}


def told(candidate: Candidate, name: str) -> list[str]:
    """The candidate's findings, each as one line of the text called ``name``."""
    return [f"{name}:{finding.line}: {finding}" for finding in candidate.findings]
