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
    # By identity alone: to look into ten thousand objects that are not in the cache takes longest.
    were, are = set(map(id, before.router)), set(map(id, after.router))
    gone = [router.name for router in before.router if id(router) not in are]
    return frozenset(gone + [router.name for router in after.router if id(router) not in were])


def recheck(
    authority: Authority, before: Iterable[Finding], changed: Collection[str]
) -> tuple[Finding, ...]:
    """What ``rules.check`` finds in the authority, where only the ``changed`` routers are other than those that
    ``before`` was found in: see ``changed_routers``. Findings of the changed ones come last.
    """
    domain = Domain(authority)
    kept = (item for item in before if (name := _router(item)) and name not in changed)
    return *check_shared(domain), *kept, *check_routers(domain, _only(authority, changed).router)


def regenerate(
    authority: Authority, running: Authority | None, changed: Collection[str]
) -> Authority:
    """The authority with the generated parts of the ``changed`` routers made anew; the others have theirs.

    The same as ``generate``, where those others are as ``generate`` left them.
    """
    part = _only(authority, changed)
    made = generate(part, _only(running, changed) if running else None)
    new = dict(zip(map(id, part.router), made.router, strict=True))
    return replace(
        authority, router=tuple(new.get(id(router), router) for router in authority.router)
    )


def _only(authority: Authority, names: Collection[str]) -> Authority:
    return replace(
        authority, router=tuple(router for router in authority.router if router.name in names)
    )


def _router(finding: Finding) -> str:
    """The router that the finding is about; empty for one about what routers share."""
    return finding.path[2] if finding.path[1:2] == ("router",) and len(finding.path) > 2 else ""
