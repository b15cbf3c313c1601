"""What a commit will do to each tunnel, told before it is done: from the same objects and steps as the agent's own.

Both configurations come with their generated parts. Names of gateways are not looked up: equal names are one
gateway. What is not told here: traffic that services, access policies or service-routes steer elsewhere.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Literal, get_args
from zlib import crc32

from ipsec_client.base.table import table
from ipsec_client.dialect.series import DEFAULT
from ipsec_client.model.definition import definition, effective
from ipsec_client.model.elements import (
    Authority,
    IpsecClient,
    IpsecProfile,
    Node,
    Remote,
    Router,
)
from ipsec_client.plan.client import Inside, Tunnel
from ipsec_client.plan.diff import Step, diff
from ipsec_client.plan.forwarding import Forwarding
from ipsec_client.plan.objects import Connection, Kni, Pluto
from ipsec_client.wire.document import Document, cut

Verb = Literal["created", "rekeyed", "restarted", "untouched", "removed"]


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one tunnel. ``restarted`` loses its SAs and negotiates anew under other terms, ``rekeyed``
    does so under the same terms with another key; ``untouched`` loses no packet.
    """

    router: str
    node: str
    remote: str
    verb: Verb
    why: str


@dataclass(frozen=True, slots=True)
class Impact:
    """The tunnels of the routers that a commit changes, in configuration order, removed routers last."""

    rows: tuple[Row, ...]

    def unnamed(self, named: frozenset[str]) -> tuple[str, ...]:
        """The routers that lose tunnels though the change does not name them."""
        losing = (row.router for row in self.rows if row.verb == "removed")
        return tuple(dict.fromkeys(router for router in losing if router not in named))

    @property
    def fingerprint(self) -> str:
        """What tells whether another impact is the same to whoever was shown this one."""
        return hashlib.sha256(repr(self.rows).encode()).hexdigest()

    def counts(self) -> dict[Verb, int]:
        """How many tunnels meet with what."""
        found = Counter(row.verb for row in self.rows)
        return {verb: found[verb] for verb in get_args(Verb)}


def impact(
    running: Authority | None,
    candidate: Authority,
    routers: Iterable[str] | None = None,
    *,
    series: int = DEFAULT,
) -> Impact:
    """What going from ``running`` (None: nothing runs) to ``candidate`` does to the tunnels of the ``routers`` named,
    by default of those that differ. ``series`` is their Libreswan's: what it refuses does not run.

    Raises InputFault for a configuration that ``check`` refuses.
    """
    before = {router.name: router for router in running.router} if running else {}
    after = {router.name: router for router in candidate.router}
    wanted = None if routers is None else frozenset(routers)
    rows: list[Row] = []
    for name in {**after, **before}:
        old, new = before.get(name), after.get(name)
        if (name in wanted) if wanted is not None else (old is not new and old != new):
            rows += _router(running, old, candidate, new, series)
    return Impact(tuple(rows))


def stand_ins(client: IpsecClient) -> dict[str, str]:
    """An address for each gateway that is named, while nobody looks names up; 240.0.0.0/4 is nobody's (RFC 1112)."""
    hosts = {remote.host for remote in client.remote if remote.host}
    return {name: str(IPv4Address(0xF0000000 | crc32(name.encode()) >> 4)) for name in hosts}


def layout(impact: Impact, width: int | None = None) -> str:
    """The rows as a table, folded into ``width`` columns, and a line that counts them."""
    if not impact.rows:
        return "No tunnel is concerned\n"
    shown = table(
        ("Router", "Node", "Remote", "Impact", "Why"),
        ((row.router, row.node, row.remote, row.verb, row.why) for row in impact.rows),
        width=width,
    )
    counts = (f"{number} {verb}" for verb, number in impact.counts().items() if number)
    return f"{shown}{', '.join(counts)}\n"


def _router(
    running: Authority | None, old: Router | None, candidate: Authority, new: Router | None,
    series: int,
) -> Iterator[Row]:  # fmt: skip
    name = (new or old or Router(name="")).name
    before = {node.name: node for node in old.node} if old else {}
    after = {node.name: node for node in new.node} if new else {}
    for node in {**after, **before}:
        was = _Client.of(running, old, before.get(node), series)
        wanted = _Client.of(candidate, new, after.get(node), series)
        for remote, verb, why in _client(was, wanted):
            yield Row(name, node, remote, verb, why)


@dataclass(frozen=True)
class _Client:
    """A node's tunnels by remote; ``inside`` is None where the node has no client, and ``lacks`` says why."""

    tunnels: dict[str, Tunnel]
    inside: Inside | None
    lacks: str

    @classmethod
    def of(
        cls, authority: Authority | None, router: Router | None, node: Node | None, series: int
    ) -> _Client:
        if authority is None or router is None:
            return cls({}, None, "its router is removed")
        if node is None:
            return cls({}, None, "its node is removed")
        document = Document("", cut(authority, router, node))
        client = document.client
        if client is None:
            disabled = any(item.remote for item in node.ipsec_client)
            why = "its ipsec-client is disabled" if disabled else "its ipsec-client is removed"
            return cls({}, None, why)
        forwarding = Forwarding(document, {})
        inside = Inside(document, client, forwarding, stand_ins(client), series)
        return cls({item.remote.name: item for item in inside.tunnels}, inside, "it is removed")

    def runs(self, remote: str) -> bool:
        """Whether there is a tunnel, and Libreswan takes it."""
        return remote in self.tunnels and remote not in self.refused

    @property
    def refused(self) -> dict[str, str]:
        return self.inside.refused if self.inside else {}

    @property
    def name(self) -> str:
        return self.inside.client.name if self.inside else ""


def _client(was: _Client, wanted: _Client) -> Iterator[tuple[str, Verb, str]]:
    breaks = _breaks(was, wanted)
    for remote, tunnel in wanted.tunnels.items():
        refused = wanted.refused.get(remote)
        if refused and was.runs(remote):
            yield remote, "removed", f"this Libreswan refuses it: {refused}"
        elif remote not in was.tunnels:
            yield remote, "created", f"but refused: {refused}" if refused else "it is new"
        elif refused:
            yield remote, "untouched", f"still refused: {refused}"
        elif not was.runs(remote):
            yield remote, "created", "Libreswan takes it now"
        elif remote in breaks:
            yield remote, "restarted", breaks[remote]
        elif tunnel.profile.pre_shared_key != was.tunnels[remote].profile.pre_shared_key:
            yield remote, "rekeyed", "pre-shared-key changes"
        else:
            yield remote, "untouched", _without_a_break(was.tunnels[remote], tunnel)
    for remote in was.tunnels:
        if remote not in wanted.tunnels:
            yield remote, "removed", wanted.lacks


def _breaks(was: _Client, wanted: _Client) -> dict[str, str]:
    """Why SAs end, by remote, for the tunnels that are there before and after."""
    if was.inside is None or wanted.inside is None:
        return {}
    both = [remote for remote in wanted.tunnels if remote in was.tunnels]
    if was.name != wanted.name:
        return dict.fromkeys(both, f"ipsec-client {was.name} gives way to {wanted.name}")
    found: dict[str, str] = {}
    for step in diff(was.inside.objects(), wanted.inside.objects()):
        match step:
            case Step("restart", Pluto(), why):
                return dict.fromkeys(both, f"Libreswan itself restarts: {why}")
            case Step("change", Kni(name=name), why):
                found.setdefault(name, f"its KNI changes: {why}")
            case Step("restart", Connection(remote=remote), why):
                found[remote] = _told(was.tunnels[remote], wanted.tunnels[remote]) or why
    return {remote: why for remote, why in found.items() if remote in both}


def _without_a_break(was: Tunnel, wanted: Tunnel) -> str:
    told = _told(was, wanted)
    return f"{told}, without a break" if told else "nothing of it changes"


def _told(was: Tunnel, wanted: Tunnel) -> str:
    """The fields of remote and profile whose meaning changes, in the operator's words."""
    names = [*_fields(was.remote, wanted.remote), *_fields(was.profile, wanted.profile)]
    if was.slot != wanted.slot:
        names.append("KNI address")
    if not names:
        return ""
    return f"{', '.join(names)} {'changes' if len(names) == 1 else 'change'}"


def _fields(was: Remote | IpsecProfile, wanted: Remote | IpsecProfile) -> Iterator[str]:
    old, new = effective(was), effective(wanted)
    known = definition(type(wanted))
    for member in known.members:
        if member not in known.keys and getattr(old, member.attribute) != getattr(
            new, member.attribute
        ):
            yield member.name
