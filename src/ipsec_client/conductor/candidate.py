"""From a text, or from a user's edits, to what may be committed: judged, its removed keys put back, its generated
parts added. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ipsec_client.config.examine import changed_routers, examine, recheck, regenerate
from ipsec_client.config.findings import Finding, error, refused
from ipsec_client.config.generated import generate
from ipsec_client.config.rules import check
from ipsec_client.model.elements import (
    Authority,
    DeviceInterface,
    IpsecClient,
    IpsecProfile,
    Node,
    Router,
)
from ipsec_client.model.slots import is_generated


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configuration to commit, and what is wrong with it; refused, it is only good for telling so.

    ``base`` is what was running when it was prepared.
    """

    authority: Authority
    findings: tuple[Finding, ...]
    base: Authority | None = None

    @property
    def refused(self) -> bool:
        """Whether an error is among the findings."""
        return refused(self.findings)


def prepare(text: str, running: Authority | None) -> Candidate:
    """The candidate in a text. Interfaces and keys of the ``running`` configuration are kept where it lacks them."""
    examined = examine(text)
    if examined.refused:
        return Candidate(examined.authority, examined.findings)
    authority = with_keys(examined.authority, running)
    keyless = (replace(finding, line=1) for finding in _keyless(authority.router))
    return Candidate(generate(authority, running), (*examined.findings, *keyless), running)


def completed(
    authority: Authority, running: Authority | None, findings: Sequence[Finding] = ()
) -> Candidate:
    """The candidate that a user's edits made of the ``running`` configuration, which has these ``findings``.

    Only the routers that are other objects than those running are looked at.
    """
    changed = changed_routers(running or Authority(), authority)
    authority = with_keys(authority, running, among=changed)
    if running is None:
        found: tuple[Finding, ...] = tuple(check(authority))
    else:
        found = recheck(authority, findings, changed)
    keyless = tuple(_keyless(router for router in authority.router if router.name in changed))
    if refused((*found, *keyless)):
        return Candidate(authority, (*found, *keyless))
    return Candidate(regenerate(authority, running, changed), found)


def with_keys(
    authority: Authority, *others: Authority | None, among: Collection[str] | None = None
) -> Authority:
    """Each key shown as ``(removed)`` is that of the same profile of the same router in the first that has it.

    Routers that lack none stay the same objects; only those ``among`` these are looked at, if they are given.
    """
    lacking = frozenset(
        router.name
        for router in authority.router
        if (among is None or router.name in among) and _lacking(router)
    )
    if not lacking:
        return authority
    held = {
        (router.name, profile.name): profile.pre_shared_key
        for other in reversed(others)
        for router in (other.router if other else ())
        if router.name in lacking
        for profile in router.ipsec_profile
        if not _lacks_key(profile)
    }

    def restored(router: Router, profile: IpsecProfile) -> IpsecProfile:
        key = held.get((router.name, profile.name))
        return replace(profile, pre_shared_key=key) if key and _lacks_key(profile) else profile

    def complete(router: Router) -> Router:
        profiles = tuple(restored(router, profile) for profile in router.ipsec_profile)
        return replace(router, ipsec_profile=profiles)

    return replace(
        authority,
        router=tuple(
            complete(router) if router.name in lacking else router for router in authority.router
        ),
    )


def with_interfaces(authority: Authority, running: Authority | None) -> Authority:
    """Generated interfaces are in it as they run where it lacks them or has them elsewhere in the plugin network.

    So it differs from what runs only in what people wrote, and in what is to be generated for that.
    """
    before = {
        (router.name, node.name): {
            device.name: device for device in node.device_interface if is_generated(device)
        }
        for router in (running.router if running else ())
        for node in router.node
    }

    def complete(router: Router, node: Node) -> Node:
        runs = before.get((router.name, node.name))
        return _with_running(node, runs) if runs else node

    return replace(
        authority,
        router=tuple(
            replace(router, node=tuple(complete(router, node) for node in router.node))
            for router in authority.router
        ),
    )


def _with_running(node: Node, runs: Mapping[str, DeviceInterface]) -> Node:
    own = [device for device in node.device_interface if not is_generated(device)]
    made = {device.name: device for device in node.device_interface if is_generated(device)}
    wanted = {name for client in node.ipsec_client for name in (client.name, *_remotes(client))}
    kept = {
        name: made[name] if name in made and _addresses(made[name]) & _addresses(device) else device
        for name, device in runs.items()
        if name in wanted
    }
    return replace(node, device_interface=(*own, *{**made, **kept}.values()))


def _remotes(client: IpsecClient) -> list[str]:
    return [remote.name for remote in client.remote]


def _addresses(device: DeviceInterface) -> set[str]:
    return {str(item.ip_address) for each in device.network_interface for item in each.address}


def _keyless(routers: Iterable[Router]) -> Iterator[Finding]:
    for router in routers:
        for profile in _lacking(router):
            yield error(
                (
                    "authority",
                    "router",
                    router.name,
                    "ipsec-profile",
                    profile.name,
                    "pre-shared-key",
                ),
                "was removed from this text, and no configuration is running that has it",
                "Write the key",
            )


def _lacking(router: Router) -> list[IpsecProfile]:
    return [profile for profile in router.ipsec_profile if _lacks_key(profile)]


def _lacks_key(profile: IpsecProfile) -> bool:
    return profile.pre_shared_key is not None and profile.pre_shared_key.removed
