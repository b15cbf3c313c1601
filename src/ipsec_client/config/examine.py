"""A text read and judged in one go: its model, and all findings of reader and rules with their lines.

And the same for a model that is known but for a few routers: what it costs goes with them, not with the fleet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from ipsec_client.config.findings import Finding, placed, refused
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import lines, read
from ipsec_client.config.rules import check, check_routers, check_shared
from ipsec_client.config.rules.scope import Domain
from ipsec_client.model.elements import Authority


@dataclass(frozen=True, slots=True)
class Examined:
    """What a text says and what is wrong with it, in the order of its lines."""

    authority: Authority
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether an error is among the findings."""
        return refused(self.findings)


def examine(text: str, series: int | None = None) -> Examined:
    """The text's authority and findings; never raises. ``series`` as for ``rules.check``.

    A rule does not complain where the reader did already.
    """
    reading = read(text)
    authority = reading.config.authority or Authority()
    found = [item for item in check(authority, series) if item.path not in reading.doubtful]
    found = [*reading.findings, *found]
    return Examined(authority, tuple(placed(found, lines(text)) if found else ()))


def changed_routers(before: Authority, after: Authority) -> frozenset[str]:
    """The routers of either that must be looked at again: those that are not the very same objects in both.

    All of them, where what they share (tenants, services) differs.
    """
    if replace(before, router=()) != replace(after, router=()):
        return frozenset(router.name for router in (*before.router, *after.router))
    known = {router.name: router for router in before.router}
    changed = {router.name for router in after.router if known.pop(router.name, None) is not router}
    return frozenset(changed | known.keys())


def recheck(
    authority: Authority, before: Iterable[Finding], changed: Collection[str]
) -> tuple[Finding, ...]:
    """What ``rules.check`` finds in the authority, where only the ``changed`` routers are other than those that
    ``before`` was found in: see ``changed_routers``.
    """
    domain = Domain(authority)
    places = {router.name: place for place, router in enumerate(authority.router)}
    found = [item for item in before if (name := _router(item)) in places and name not in changed]
    found += check_routers(
        domain, (router for router in authority.router if router.name in changed)
    )
    found.sort(key=lambda item: places[_router(item)])
    return *check_shared(domain), *found


def regenerate(
    authority: Authority, running: Authority | None, changed: Collection[str]
) -> Authority:
    """The authority with the generated parts of the ``changed`` routers made anew; the others have theirs.

    The same as ``generate``, where those others are as ``generate`` left them.
    """
    made = generate(_only(authority, changed), _only(running, changed) if running else None)
    new = {router.name: router for router in made.router}
    return replace(
        authority, router=tuple(new.get(router.name, router) for router in authority.router)
    )


def _only(authority: Authority, names: Collection[str]) -> Authority:
    return replace(
        authority, router=tuple(router for router in authority.router if router.name in names)
    )


def _router(finding: Finding) -> str:
    """The router that the finding is about; empty for one about what routers share."""
    return finding.path[2] if finding.path[1:2] == ("router",) and len(finding.path) > 2 else ""
