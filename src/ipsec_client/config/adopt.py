"""An authority made from a foreign configuration: what check has an error in is taken out, and told."""

from __future__ import annotations

from dataclasses import replace

from ipsec_client.base.errors import InputFault
from ipsec_client.config.findings import ERROR, Finding
from ipsec_client.config.rules import check
from ipsec_client.model.definition import Path, dotted
from ipsec_client.model.elements import Authority, IpsecProfile, Node, Router


def settle(authority: Authority) -> tuple[Authority, list[str]]:
    """The authority without remotes, profiles and custom-options that are in error, and why each is out.

    Raises InputFault for an error elsewhere, which taking out cannot cure, and where no remote is left.
    """
    told: list[str] = []
    while errors := [finding for finding in check(authority) if finding.severity == ERROR]:
        worst = errors[0]
        authority = _without(authority, worst)
        told.append(f"{dotted(worst.path)}: {worst.what}. It is left out")
    router = authority.router[0]
    used = {remote.profile for client in router.node[0].ipsec_client for remote in client.remote}
    if not used:
        raise InputFault(
            "nothing is left that could be carried over", cure="See what was said of each"
        )
    kept = tuple(profile for profile in router.ipsec_profile if profile.name in used)
    return replace(authority, router=(replace(router, ipsec_profile=kept),)), told


def _without(authority: Authority, finding: Finding) -> Authority:
    router = authority.router[0]
    path = finding.path
    remote, profile, option = (
        _key(path, word) for word in ("remote", "ipsec-profile", "custom-option")
    )
    if remote is not None:
        return replace(authority, router=(_without_remotes(router, name=remote),))
    if profile is None:
        raise InputFault(f"{dotted(path)}: {finding.what}", cure=finding.cure)
    if option is not None:
        profiles = tuple(_without_option(each, profile, option) for each in router.ipsec_profile)
    else:
        profiles = tuple(each for each in router.ipsec_profile if each.name != profile)
        router = _without_remotes(router, profile=profile)
    return replace(authority, router=(replace(router, ipsec_profile=profiles),))


def _key(path: Path, word: str) -> str | None:
    """The key after a word of the path; None where it is not in it."""
    return path[path.index(word) + 1] if word in path[:-1] else None


def _without_remotes(router: Router, name: str = "", profile: str = "") -> Router:
    def cut(node: Node) -> Node:
        clients = tuple(
            replace(
                client,
                remote=tuple(
                    remote
                    for remote in client.remote
                    if name != remote.name and profile != remote.profile
                ),
            )
            for client in node.ipsec_client
        )
        return replace(node, ipsec_client=clients)

    return replace(router, node=tuple(map(cut, router.node)))


def _without_option(profile: IpsecProfile, name: str, option: str) -> IpsecProfile:
    if profile.name != name:
        return profile
    kept = tuple(each for each in profile.custom_option if each.name != option)
    return replace(profile, custom_option=kept)
