"""Profiles: lifetimes, keys, and what Libreswan says of algorithms and options (``dialect`` knows)."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.findings import Finding, error, warning
from ipsec_client.config.rules.scope import Place, Site
from ipsec_client.dialect.algorithms import (
    PATH_MTU,
    refusals,
    remote_refusals,
    tunnel_mtu,
    unused,
    weak,
)
from ipsec_client.dialect.render import identity
from ipsec_client.dialect.series import DEFAULT, SERIES, runs
from ipsec_client.model.definition import Path
from ipsec_client.model.elements import IpsecProfile, Remote
from ipsec_client.model.values import MILLISECONDS

_DAY = MILLISECONDS["d"]


def profiles(site: Site, series: int | None) -> Iterator[Finding]:
    """The profiles of a router. What a series lacks is an error only if that series is named.

    Otherwise it is a warning: what the node's Libreswan can do, its facts tell at commit.
    """
    for profile in site.router.ipsec_profile:
        path = (*site.path, "ipsec-profile", profile.name)
        yield from _values(profile, path)
        lacking = refusals(profile, series or DEFAULT)
        for name, reason, cure in lacking:
            judge = error if series is not None or _nowhere(profile, name) else warning
            yield judge((*path, *name.split(" ")), reason, cure)
        refused = {name for name, _, _ in lacking}
        for name, reason in weak(profile):
            if name not in refused:
                yield warning(
                    (*path, *name.split(" ")), reason, "Use a stronger one, or leave it unset"
                )
        for name, reason in unused(profile, series or DEFAULT):
            yield warning((*path, name), reason)


def _nowhere(profile: IpsecProfile, name: str) -> bool:
    """Whether no node can have this custom-option, whichever Libreswan it has."""
    return name.startswith("custom-option ") and all(
        any(field == name for field, _, _ in refusals(profile, series))
        for series in SERIES
        if runs(series)
    )


def _values(profile: IpsecProfile, path: Path) -> Iterator[Finding]:
    for name, life in (
        ("ike-lifetime", profile.ike_lifetime),
        ("connection-lifetime", profile.connection_lifetime),
    ):
        if life is not None and life.milliseconds("s") > _DAY:
            said = f"{life} is more than 24h, which Libreswan would cut silently"
            yield error((*path, name), said, "Write 24h or less")
        if life is not None and life.milliseconds("s") == 0:
            yield error((*path, name), f"{life} is no time at all", "Write up to 24h")
    if profile.mtu is not None and profile.mtu > (room := tunnel_mtu(PATH_MTU, profile)):
        said = f"{profile.mtu} is more than the {room} bytes that fit into a packet of {PATH_MTU}"
        yield warning((*path, "mtu"), said, f"Write {room} or less, or leave it unset")
    if profile.authentication_protocol == "ah":
        said = "AH does not pass NAT, and encrypted packets are source-NATed"
        yield error((*path, "authentication-protocol"), said, "Use esp")
    if profile.pre_shared_key is not None and profile.pre_shared_key.removed:
        said = "(removed) stands for the stored key, which this text does not hold"
        yield warning((*path, "pre-shared-key"), said, "Write the key where there is none stored")


def remotes(place: Place, series: int | None) -> Iterator[Finding]:
    """What Libreswan says of the remotes of a node, and remotes that it could not tell apart."""
    for remote in place.remotes:
        for name, reason, cure in remote_refusals(remote, series or DEFAULT):
            yield error((*place.remote_path(remote), name), reason, cure)
    met: dict[tuple[str, str], tuple[Remote, IpsecProfile]] = {}
    for remote in place.remotes:
        profile = place.site.profiles.get(remote.profile or "")
        if profile is None or remote.host is None:
            continue
        identities = identity(profile.local_id, ""), identity(remote.remote_id, remote.host)
        other, theirs = met.setdefault(identities, (remote, profile))
        if other is remote:
            continue
        if theirs.pre_shared_key != profile.pre_shared_key:
            said = f"has the identities of remote {other.name} and another key"
            cure = "Give it a remote-id or a profile with a local-id of its own, or the same key"
            yield error(place.remote_path(remote), said, cure)
