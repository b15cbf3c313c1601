"""From a text to what may be committed: examined, its removed keys put back, its generated parts added. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ipsec_client.config.examine import examine
from ipsec_client.config.findings import Finding, error, refused
from ipsec_client.config.generated import generate
from ipsec_client.model.elements import Authority, IpsecProfile, Router


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configuration to commit, and what is wrong with it; refused, it is only good for telling so."""

    authority: Authority
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether an error is among the findings."""
        return refused(self.findings)


def prepare(text: str, running: Authority | None) -> Candidate:
    """The candidate in a text. Interfaces and keys of the ``running`` configuration are kept where it lacks them."""
    examined = examine(text)
    if examined.refused:
        return Candidate(examined.authority, examined.findings)
    authority = _with_keys(examined.authority, running)
    keyless = tuple(
        error(
            ("authority", "router", router.name, "ipsec-profile", profile.name, "pre-shared-key"),
            "was removed from this text, and no configuration is running that has it",
            "Write the key",
            line=1,
        )
        for router in authority.router
        for profile in router.ipsec_profile
        if _lacks_key(profile)
    )
    return Candidate(generate(authority, running), (*examined.findings, *keyless))


def _lacks_key(profile: IpsecProfile) -> bool:
    return profile.pre_shared_key is not None and profile.pre_shared_key.removed


def _with_keys(authority: Authority, running: Authority | None) -> Authority:
    """Each key shown as ``(removed)`` is the one of the same profile of the same router that is running."""
    held = {
        (router.name, profile.name): profile.pre_shared_key
        for router in (running.router if running else ())
        for profile in router.ipsec_profile
    }

    def restored(router: Router, profile: IpsecProfile) -> IpsecProfile:
        key = held.get((router.name, profile.name))
        return replace(profile, pre_shared_key=key) if key and _lacks_key(profile) else profile

    return replace(
        authority,
        router=tuple(
            replace(
                router,
                ipsec_profile=tuple(restored(router, profile) for profile in router.ipsec_profile),
            )
            for router in authority.router
        ),
    )
