"""What nodes told of their Libreswan, and what that lacks of a configuration. A word holds for a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ipsec_client.base.clock import Now
from ipsec_client.commands.port import Place
from ipsec_client.config.findings import ERROR, Finding
from ipsec_client.config.rules import profiles
from ipsec_client.config.rules.scope import Domain, Site
from ipsec_client.dialect import series
from ipsec_client.model.elements import Authority
from ipsec_client.wire.request import Json

FRESH = 86400.0
"""Seconds that a node's word holds: a machine that has been silent for longer may have been upgraded meanwhile."""


@dataclass(frozen=True, slots=True)
class _Told:
    release: str
    mono: float


class Releases:
    """By node the release that it last told."""

    def __init__(self, clock: Callable[[], Now]) -> None:
        self._clock = clock
        self._told: dict[Place, _Told] = {}

    def hear(self, place: Place, report: Json) -> None:
        """Takes in a node's report."""
        match report:
            case {"facts": {"Libreswan": str(release)}} if release[:1].isdigit():
                self._told[place] = _Told(release, self._clock().mono)
            case _:
                self._told.pop(place, None)

    def release(self, place: Place | None) -> str | None:
        """A node's release; None where it is not known, or not for sure any more."""
        told = self._told.get(place) if place else None
        if told is None or self._clock().mono - told.mono > FRESH:
            return None
        return told.release

    def judged(
        self, findings: tuple[Finding, ...], authority: Authority, place: Place | None
    ) -> tuple[Finding, ...]:
        """The findings of an authority, with those of the node's Libreswan in place of what was said for want of it.

        The very same, where there is nothing surer to say.
        """
        release = self.release(place)
        if place is None or release is None:
            return findings
        assumed = _lacking(authority, place, series.DEFAULT)
        known = _lacking(authority, place, series.of(release))
        if not (assumed or known):
            return findings
        said = {(finding.path, finding.what) for finding in (*assumed, *known)}
        return (*(each for each in findings if (each.path, each.what) not in said), *known)


def _lacking(authority: Authority, place: Place, number: int) -> list[Finding]:
    """The errors that a series makes of the profiles which the node's remotes have."""
    router = next((each for each in authority.router if each.name == place.router), None)
    node = next((each for each in router.node if each.name == place.node), None) if router else None
    if router is None or node is None:
        return []
    site = Site(Domain(authority), router)
    used = {remote.profile for client in node.ipsec_client for remote in client.remote}
    return [
        finding
        for finding in profiles.profiles(site, number)
        if finding.severity == ERROR and finding.path[len(site.path) + 1] in used
    ]
