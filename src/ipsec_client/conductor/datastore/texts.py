"""A configuration as the parts that are stored: the text of each router, that of what routers share, and their order.

The texts are canonical PCLI text with keys. A commit stores only those that it changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from ipsec_client.config.findings import refused
from ipsec_client.config.printer import write
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Authority, Config, Router

SHARED, ORDER, ROUTER = "shared", "order", "router"
"""The kinds of part."""

_EXITS = 2  # lines that end a text: of the authority and of the configuration


@dataclass(frozen=True, slots=True)
class Part:
    """One text of a configuration; None where the router is gone."""

    kind: str
    name: str
    text: str | None

    def digest(self, version: int) -> bytes:
        """What tells that the disk gave back what was stored. It stays beside the keys themselves."""
        told = json.dumps((self.kind, self.name, version, self.text))
        return hashlib.sha256(told.encode()).digest()


def different_routers(before: Authority, after: Authority) -> tuple[str, ...]:
    """The routers that are not the same in both, those that are gone last."""
    old = {router.name: router for router in before.router}
    changed = []
    for router in after.router:
        was = old.pop(router.name, None)
        if was is not router and was != router:
            changed.append(router.name)
    return (*changed, *old)


def changed_parts(before: Authority | None, after: Authority) -> Iterator[Part]:
    """The parts of ``after`` that are not those of ``before``; all of them for None."""
    shared = replace(after, router=())
    if before is None or replace(before, router=()) != shared:
        yield Part(SHARED, "", write(Config(authority=shared), secrets=True))
    names = [router.name for router in after.router]
    if before is None or names != [router.name for router in before.router]:
        yield Part(ORDER, "", json.dumps(names))
    changed = frozenset(different_routers(before or Authority(), after))
    routers = [router for router in after.router if router.name in changed]
    for router, text in zip(routers, _texts(routers), strict=True):
        yield Part(ROUTER, router.name, text)
    for name in changed.difference(names):
        yield Part(ROUTER, name, None)


def _texts(routers: list[Router]) -> list[str]:
    """The text of each router, all printed at once, which is several times faster."""
    if not routers:
        return []
    lines = write(Config(authority=Authority(router=tuple(routers))), secrets=True).splitlines()
    head = next(line for line in lines if line.split()[:1] == [ROUTER])
    indent = head[: len(head) - len(head.lstrip())]
    starts = [number for number, line in enumerate(lines) if line.startswith(f"{indent}{ROUTER} ")]
    ends = [*starts[1:], len(lines) - _EXITS]
    return ["\n".join(lines[start:end]) for start, end in zip(starts, ends, strict=True)]


def joined(
    shared: str, order: str, routers: Mapping[str, str], names: Collection[str] | None = None
) -> Authority | None:
    """The authority of these parts; with ``names`` only those routers. None where a text is damaged."""
    *begin, exit1, exit2 = shared.splitlines()
    found: list[str] = json.loads(order)
    wanted = [name for name in found if names is None or name in names]
    if any(name not in routers for name in wanted):
        return None
    text = "\n".join([*begin, *(routers[name] for name in wanted), exit1, exit2])
    reading = read(text)
    authority = reading.config.authority
    if authority is None or refused(reading.findings) or len(authority.router) != len(wanted):
        return None
    return authority
