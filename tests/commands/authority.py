"""A ConfigPort in memory, and sessions over it: a line in, what is printed and where one stands out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ipsec_client.base.errors import Fault, HostFault, InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.commands.port import (
    Clash,
    Committed,
    Conflict,
    Exported,
    Overtaken,
    Place,
    Refused,
    Terminal,
    TooWide,
)
from ipsec_client.commands.session import Context, Line, Outcome
from ipsec_client.commands.view import AlarmView, NodeView
from ipsec_client.conductor.dispatcher import OnConductor
from ipsec_client.config.edit import Change, Edit, apply, difference, edits_of, named_routers
from ipsec_client.config.findings import Finding, refused
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read
from ipsec_client.config.rules import check
from ipsec_client.model.elements import Authority
from ipsec_client.plan.impact import Impact, impact
from ipsec_client.wire.request import Json, Request, Say

from .sample import Clock, at

KEY = "canary-key-4711"
TEXT = f"""\
config
    authority
        tenant ipsec
        exit
        tenant lan
        exit
        service ipsec
            address 172.16.0.0/16
            access-policy ipsec
            exit
        exit
        router router1
            ipsec-profile primary
                pre-shared-key {KEY}
                dpddelay 5
            exit
            node node1
                ipsec-client client1
                    tenant ipsec
                    remote rem1
                        host 172.16.4.3
                        profile primary
                    exit
                    remote rem2
                        host 172.16.5.4
                        profile primary
                    exit
                exit
            exit
        exit
    exit
exit
"""
CLIENT = "authority router router1 node node1 ipsec-client client1"
BEGUN = at("2026-03-01 10:00:00")


def running() -> Authority:
    """What runs at first, with its generated parts."""
    authority = read(TEXT).config.authority
    assert authority is not None
    return generate(authority)


@dataclass
class FakeAuthority:
    """One user's candidate over commits kept in a list; ``clashing`` are told at a commit, and the ``wide``
    routers; ``overtaking`` is what bob commits while this user is asked.
    """

    commits: list[tuple[Committed, Authority]] = field(default_factory=list)
    candidates: dict[str, Authority] = field(default_factory=dict)
    clashing: tuple[Clash, ...] = ()
    wide: tuple[str, ...] = ()
    overtaking: tuple[Edit, ...] = ()
    kept: dict[str, tuple[Authority, Secret | None]] = field(default_factory=dict)
    here: Place | None = Place("router1", "node1")
    alarms: tuple[AlarmView, ...] = ()
    handed: list[tuple[Edit, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        first = Committed(1000, BEGUN, "root", ("router1",))
        self.commits = self.commits or [(first, running())]

    def running(self) -> Authority | None:
        return self.commits[0][1] if self.commits else None

    def candidate(self, user: str) -> Authority:
        return self.candidates.get(user) or self.running() or Authority()

    def edits(self, user: str) -> tuple[Edit, ...]:
        return edits_of(self.running() or Authority(), self.candidate(user))

    def clashes(self, user: str) -> tuple[Clash, ...]:
        return self.clashing

    async def edit(self, user: str, edits: Sequence[Edit]) -> None:
        self.handed.append(tuple(edits))
        self.candidates[user] = apply(self.candidate(user), edits)

    async def replace(self, user: str, authority: Authority) -> None:
        self.candidates[user] = authority

    async def discard(self, user: str) -> None:
        self.candidates.pop(user, None)

    async def findings(self, user: str) -> tuple[Finding, ...]:
        return tuple(check(await self.generated(user)))

    async def generated(self, user: str) -> Authority:
        candidate = self.candidate(user)
        found = tuple(check(candidate))
        return candidate if refused(found) else generate(candidate, self.running())

    async def impact(self, user: str) -> Impact:
        found = await self.findings(user)
        if refused(found):
            raise Refused(found)
        return impact(self.running(), await self.generated(user))

    async def commit(
        self, user: str, *, force: bool = False, confirmed: int | None = None, shown: str = ""
    ) -> Committed | None:
        if self.clashing:
            raise Conflict(self.clashing)
        if self.overtaking:
            self._overtaken(user)
        found = await self.impact(user)
        if shown and found.fingerprint != shown:
            raise Overtaken
        if not self.edits(user):
            return None
        wide = found.unnamed(named_routers(self.edits(user))) or self.wide
        if wide and not force:
            raise TooWide(wide)
        version = self.commits[0][0].version + 1
        until = None if confirmed is None else BEGUN + 60.0 * confirmed
        committed = Committed(version, BEGUN, user, ("router1",), until)
        self.commits.insert(0, (committed, await self.generated(user)))
        self.candidates.pop(user)
        return committed

    def _overtaken(self, user: str) -> None:
        mine, before = self.edits(user), self.commits[0]
        running = apply(before[1], self.overtaking)
        self.overtaking = ()
        theirs = Committed(before[0].version + 1, BEGUN, "bob", ("router1",))
        self.commits.insert(0, (theirs, running))
        self.candidates[user] = apply(running, mine)

    async def confirm(self, user: str) -> Committed:
        if self.commits[0][0].confirmed_until is None:
            raise Fault("no commit awaits its confirmation")
        return self.commits[0][0]

    def history(self) -> tuple[Committed, ...]:
        return tuple(commit for commit, _ in self.commits)

    async def at(self, version: int) -> Authority:
        return next(held for commit, held in self.commits if commit.version == version)

    async def changes(self, version: int) -> tuple[Change, ...]:
        versions = [commit.version for commit, _ in self.commits]
        number = versions.index(version) + 1
        before = self.commits[number][1] if number < len(versions) else Authority()
        return difference(before, await self.at(version))

    async def restore(self, user: str, commits: int) -> None:
        if commits >= len(self.commits):
            raise InputFault(f"there are {len(self.commits)} commits in the history")
        self.candidates[user] = self.commits[commits][1]

    async def export(self, name: str, authority: Authority, passphrase: Secret | None) -> None:
        self.kept[name] = authority, passphrase

    def exports(self) -> tuple[Exported, ...]:
        return tuple(Exported(name, BEGUN, held[1] is not None) for name, held in self.kept.items())

    async def exported(self, name: str, passphrase: Secret | None) -> Authority:
        if name not in self.kept:
            raise InputFault(f"there is no export {name}")
        if self.kept[name][1] != passphrase:
            raise InputFault("the passphrase is wrong")
        return self.kept[name][0]

    async def delete_export(self, name: str) -> None:
        if self.kept.pop(name, None) is None:
            raise InputFault(f"there is no export {name}")

    def own(self, router: str) -> NodeView:
        return NodeView(router, "conductor", 0.0, alarms=self.alarms)

    async def call(self, place: Place, request: Request, say: Say) -> Json:
        raise HostFault(f"{place} cannot be reached")


class Session:
    """One user at a terminal, or where nobody is (not ``interactive``); ``screen`` is all that was shown."""

    def __init__(
        self,
        port: FakeAuthority | None = None,
        *,
        interactive: bool = True,
        user: str = "admin",
        admin: bool = True,
    ) -> None:
        self.port = port or FakeAuthority()
        self.executor = OnConductor(self.port, Clock("2026-03-01 10:00:00", 0.12))
        self.terminal = Terminal(
            80, tty=interactive, user=user, interactive=interactive, admin=admin
        )
        self.context = Context()
        self.outcome = Outcome(0)
        self.screen = ""

    @property
    def prompt(self) -> str:
        """What stands before the next line."""
        return self.executor.prompt(self.terminal, self.context)

    def told(self, text: str, *answers: str) -> str:
        """What a line prints, its questions answered one after the other; shown as a terminal shows it."""
        said: list[str] = []

        async def say(part: str) -> None:
            said.append(part)

        given: tuple[str, ...] = ()
        left, shown = list(answers), ""
        self.screen += f"{self.prompt}{text}\n"
        while True:
            line = Line(text, self.terminal, "r", self.context, given, shown)
            self.outcome = asyncio.run(self.executor.execute(line, say))
            if (question := self.outcome.question) is None:
                break
            assert left, f"asked: {question.text}"
            said.append(question.text)
            answer = left.pop(0)
            said.append("\n" if question.secret else f"{answer}\n")
            given, shown = (*(() if question.anew else given), answer), question.shown
        assert not left, "an answer was not asked for"
        self.context = self.outcome.context
        told = re.sub(r"[^\n]*\r", "", "".join(said))  # as a terminal writes over a line
        self.screen += told
        return told

    def do(self, *lines: str) -> str:
        """All lines, each of which must go well; what they print."""
        told = ""
        for line in lines:
            told += self.told(line)
            assert self.outcome.status == 0, told
        return told

    def failed(self, text: str, *answers: str) -> str:
        """What a line prints that must not go well."""
        told = self.told(text, *answers)
        assert self.outcome.status == 1, told
        return told

    def words(self, text: str) -> list[str]:
        """The words that complete a half-written line."""
        line = Line(text, self.terminal, "r", self.context)
        return [word for word, _ in self.executor.complete(line)]
