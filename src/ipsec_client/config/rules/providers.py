"""Profiles that name a provider, and the remotes that use them, against what that provider publishes.

All are warnings: pages age, and a gateway may be set to more than its page says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import singledispatch
from ipaddress import ip_address, ip_network

from ipsec_client.config.findings import Finding, warning
from ipsec_client.config.providers import PROVIDERS
from ipsec_client.config.providers import provider as p
from ipsec_client.config.rules.scope import Place, Site
from ipsec_client.dialect.algorithms import PATH_MTU, tunnel_mtu
from ipsec_client.model.definition import value_of
from ipsec_client.model.elements import IpsecClient, IpsecProfile, Remote
from ipsec_client.model.profile import leaf_of
from ipsec_client.model.values import Duration, Network

_SAME = {"sha2": "sha2_256", "sha512": "sha2_512", "aes-256-gcm": "aes_gcm256"}
"""Values of the model that mean the same as another, by which limits name them."""

Told = tuple[tuple[str, ...], str, str]
"""Where below the element, what is wrong, and the cure."""


def profiles(site: Site) -> Iterator[Finding]:
    """The profiles of a router."""
    for profile in site.router.ipsec_profile:
        known = PROVIDERS.get(profile.provider or "")
        if known is not None:
            path = (*site.path, "ipsec-profile", profile.name)
            for limit in known.limits:
                for below, said, cure in _of_profile(limit, profile, known.title):
                    yield warning((*path, *below), f"{said} ({limit.source})", cure)


def remotes(place: Place) -> Iterator[Finding]:
    """The remotes of a node."""
    for remote in place.remotes:
        profile = place.site.profiles.get(remote.profile or "")
        known = PROVIDERS.get(profile.provider or "") if profile else None
        if known is not None and place.client is not None:
            for limit in known.limits:
                for below, said, cure in _of_remote(limit, remote, place.client, known.title):
                    path = (*place.remote_path(remote), *below)
                    yield warning(path, f"{said} ({limit.source})", cure)


@singledispatch
def _of_profile(limit: p.Limit, profile: IpsecProfile, title: str) -> Iterator[Told]:
    """What of the profile contradicts the limit; nothing for limits of remotes."""
    yield from ()


@_of_profile.register
def _one_of(limit: p.OneOf, profile: IpsecProfile, title: str) -> Iterator[Told]:
    for value in _values(profile, limit.field):
        if _SAME.get(value, value) not in limit.values:
            said = f"{value} is not what {title} takes"
            yield (limit.field,), said, f"It takes {_or(limit.values)}"


@_of_profile.register
def _goes(limit: p.Goes, profile: IpsecProfile, title: str) -> Iterator[Told]:
    for value in _values(profile, limit.field):
        if _SAME.get(value, value) not in limit.values:
            continue
        for other in _values(profile, limit.other):
            if _SAME.get(other, other) not in limit.others:
                said = f"{other} does not go with {limit.field} {value} at {title}"
                yield (limit.other,), said, f"It takes {_or(limit.others)} there"


@_of_profile.register
def _identity(limit: p.Identity, profile: IpsecProfile, title: str) -> Iterator[Told]:
    if profile.local_id is None:
        yield ("local-id",), f"is not set, and {title} knows a site by it", f"Write {limit.form}"
    elif not re.fullmatch(limit.pattern, profile.local_id):
        yield ("local-id",), f"is not what {title} knows a site by", f"Write {limit.form}"


@_of_profile.register
def _key(limit: p.Key, profile: IpsecProfile, title: str) -> Iterator[Told]:
    key = profile.pre_shared_key
    if key is not None and not key.removed and not re.fullmatch(limit.pattern, key.reveal()):
        yield ("pre-shared-key",), f"is no key that {title} takes", f"It takes {limit.form}"


@_of_profile.register
def _option(limit: p.Option, profile: IpsecProfile, title: str) -> Iterator[Told]:
    below = ("custom-option", limit.name)
    found = {option.name.lower(): option.value for option in profile.custom_option}
    if limit.name not in found:
        yield below, f"is not set, and {limit.why}", f"Add it with the value {limit.value}"
    elif found[limit.name] != limit.value:
        yield below, f"is {found[limit.name]}, and {limit.why}", f"Write {limit.value}"


@_of_profile.register
def _between(limit: p.Between, profile: IpsecProfile, title: str) -> Iterator[Told]:
    leaf = leaf_of(limit.field)
    value = value_of(profile, leaf.attribute)
    if value is None and limit.field == "mtu":
        value = tunnel_mtu(PATH_MTU, profile)
    if value is None:
        return
    shown = leaf.type.write(value)
    if getattr(profile, leaf.attribute) is None:
        shown = f"{shown}, as it is while unset,"
    size = _size(value, leaf.unit)
    if limit.least and size < _size(leaf.type.read(limit.least), leaf.unit):
        said = f"{shown} is less than the {limit.least} of {title}"
        yield (limit.field,), said, f"Write {limit.least} or more"
    if limit.most and size > _size(leaf.type.read(limit.most), leaf.unit):
        said = f"{shown} is more than the {limit.most} of {title}"
        yield (limit.field,), said, f"Write {limit.most} or less"


def _size(value: Duration | int, unit: str) -> int:
    return value.milliseconds(unit) if isinstance(value, Duration) else value


def _values(profile: IpsecProfile, field: str) -> list[str]:
    """The field's values as texts; where it is unset the documented default, if it has one.

    Groups of the child SA count only with PFS.
    """
    if field == "phase2-modp" and not profile.perfect_forward_secrecy:
        return []
    leaf = leaf_of(field)
    value = value_of(profile, leaf.attribute)
    if value is None:
        return []
    return [leaf.type.write(item) for item in (value if leaf.many else (value,))]


@singledispatch
def _of_remote(limit: p.Limit, remote: Remote, client: IpsecClient, title: str) -> Iterator[Told]:
    """What of the remote contradicts the limit; nothing for limits of profiles."""
    yield from ()


@_of_remote.register
def _mss(limit: p.Mss, remote: Remote, client: IpsecClient, title: str) -> Iterator[Told]:
    if isinstance(remote.enforced_mss, int) and remote.enforced_mss > limit.most:
        said = f"{remote.enforced_mss} is more than the {limit.most} of {title}"
        yield ("enforced-mss",), said, f"Write {limit.most} or less"


@_of_remote.register
def _child_sas(
    limit: p.ChildSas, remote: Remote, client: IpsecClient, title: str
) -> Iterator[Told]:
    pairs = max(len(remote.subnet), 1) * max(len(remote.local_subnet), 1)
    if pairs > limit.most:
        said = f"makes {pairs} child SAs with local-subnet, and {title} takes {limit.most} a tunnel"
        yield ("subnet",), said, "Write fewer, wider networks, or none"


@_of_remote.register
def _monitored(
    limit: p.Monitored, remote: Remote, client: IpsecClient, title: str
) -> Iterator[Told]:
    monitor = remote.tunnel_monitor
    if monitor is None or monitor.enabled is False or not monitor.destination:
        return  # that nothing notices a silent gateway is told elsewhere
    if all(value_of(item, "protocol") != limit.protocol for item in monitor.destination):
        said = f"asks nothing by {limit.protocol}, and {limit.why}"
        yield ("tunnel-monitor",), said, f"Add one with protocol {limit.protocol}, {limit.example}"


@_of_remote.register
def _reserved(limit: p.Reserved, remote: Remote, client: IpsecClient, title: str) -> Iterator[Told]:
    kept = [ip_network(network) for network in limit.networks]
    for below, own in _seen(remote, client):
        for network in kept:
            if own.network_address in network and own.prefixlen >= network.prefixlen:
                said = f"{own} is in {network}, which {title} keeps for itself"
                yield below, said, "Use another network"


def _seen(remote: Remote, client: IpsecClient) -> Iterator[tuple[tuple[str, ...], Network]]:
    """Our networks and addresses that appear within the tunnel."""
    for field, prefixes in (("subnet", remote.subnet), ("local-subnet", remote.local_subnet)):
        for prefix in prefixes:
            yield (field,), prefix.network
    monitor = remote.tunnel_monitor
    for destination in monitor.destination if monitor else ():
        try:
            address = ip_address(destination.probed)
        except ValueError:  # a name
            continue
        yield ("tunnel-monitor", "destination", destination.address), ip_network(address)
    if client.tunnel_monitor_nat_network is not None:
        yield (), client.tunnel_monitor_nat_network.network


def _or(values: tuple[str, ...]) -> str:
    return " or ".join(part for part in (", ".join(values[:-1]), values[-1]) if part)
