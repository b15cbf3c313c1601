"""What nodes told of their Libreswan, and what that lacks of a configuration. A word holds for a day."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from ipsec_client.base.clock import Now
from ipsec_client.commands.port import Place
from ipsec_client.config.findings import ERROR, WARNING, Finding
from ipsec_client.config.rules import profiles
from ipsec_client.config.rules.scope import Domain, Site
from ipsec_client.dialect import series
from ipsec_client.model.elements import Authority, IpsecProfile, Remote, Router
from ipsec_client.wire.request import Json

FRESH = 86400.0
"""Seconds that a node's word holds: a machine that has been silent for longer may have been upgraded meanwhile."""

_HOUR = 3600.0  # what says nothing new is written so often, to spare the disk

_User = tuple[IpsecProfile, Remote]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a node told, and when: by the monotonic clock, and by that of the wall for the next conductor."""

    release: str
    mono: float
    wall: float


class Releases:
    """By node the release that it last told; ``kept`` is what ``to_text`` made of it in a conductor before."""

    def __init__(self, clock: Callable[[], Now], kept: str | None = None) -> None:
        self._clock = clock
        self._told = _read(kept or "[]", clock())
        self._written = dict(self._told)

    def hear(self, place: Place, report: Json) -> bool:
        """Takes in a node's report; whether that is to be kept: it is news, or what is kept has aged by an hour."""
        was = self._written.pop(place, None)
        match report:
            case {"facts": {"Libreswan": str(release)}} if release[:1].isdigit():
                now = self._clock()
                self._told[place] = told = _Told(release, now.mono, now.wall)
                due = was is None or was.release != release or now.mono - was.mono >= _HOUR
                self._written[place] = told if due or was is None else was
                return due
            case _:
                self._told.pop(place, None)
                return was is not None

    def to_text(self) -> str:
        """All that was told, to be kept."""
        return json.dumps(
            [[at.router, at.node, told.release, told.wall] for at, told in self._told.items()]
        )

    def release(self, place: Place | None) -> str | None:
        """A node's release; None where it is not known, or not for sure any more."""
        told = self._told.get(place) if place else None
        if told is None or self._clock().mono - told.mono > FRESH:
            return None
        return told.release

    def judged(
        self,
        findings: tuple[Finding, ...],
        authority: Authority,
        running: Authority | None,
        place: Place | None,
    ) -> tuple[Finding, ...]:
        """The findings of an authority, with those of the node's Libreswan in place of what was said for want of it.

        The very same, where there is nothing surer to say. What is ``running`` as it stands is only warned of: the node
        has come to lack it since, and that is no reason to refuse what else is changed.
        """
        release = self.release(place)
        if place is None or release is None:
            return findings
        assumed = _lacking(authority, place, series.DEFAULT)
        known = _lacking(authority, place, series.of(release))
        if not (assumed or known):
            return findings
        fresh = _users(authority, place) - _users(running or Authority(), place)
        named = {profile.name for profile, _ in fresh}
        certain = {each.path for each in findings if each.severity == ERROR}  # on every Libreswan
        known = [
            each if _profile(each) in named else replace(each, severity=WARNING)
            for each in known
            if each.path not in certain
        ]
        said = {(each.path, each.what) for each in (*assumed, *known) if each.path not in certain}
        return (*(each for each in findings if (each.path, each.what) not in said), *known)


def _read(text: str, now: Now) -> dict[Place, _Told]:
    """What was kept, but for what is from later than now (a clock was set back), or not understood."""
    found: dict[Place, _Told] = {}
    with suppress(ValueError, TypeError):
        for router, node, release, wall in json.loads(text):
            if (age := now.wall - wall) >= 0:
                found[Place(router, node)] = _Told(str(release), now.mono - age, wall)
    return found


def _lacking(authority: Authority, place: Place, number: int) -> list[Finding]:
    """The errors that a series makes of the profiles which the node's remotes have."""
    router = _router(authority, place)
    if router is None:
        return []
    used = {profile.name for profile, _ in _users(authority, place)}
    return [
        finding
        for finding in profiles.profiles(Site(Domain(authority), router), number)
        if finding.severity == ERROR and _profile(finding) in used
    ]


def _users(authority: Authority, place: Place) -> frozenset[_User]:
    """The remotes of the node's clients that are not disabled, each with its profile."""
    router = _router(authority, place)
    known = {profile.name: profile for profile in router.ipsec_profile} if router else {}
    return frozenset(
        (known[remote.profile], remote)
        for node in (router.node if router else ())
        if node.name == place.node
        for client in node.ipsec_client
        if client.enabled is not False
        for remote in client.remote
        if remote.profile in known
    )


def _router(authority: Authority, place: Place) -> Router | None:
    return next((each for each in authority.router if each.name == place.router), None)


def _profile(finding: Finding) -> str:
    """The name of the profile that a finding of ``rules.profiles`` is about."""
    return finding.path[4]
