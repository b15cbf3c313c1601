"""What a configuration must be beyond its grammar. Each rule tells the path, what is wrong, and the cure.

A rule is a generator over a ``Domain``, a ``Site`` or a ``Place``; ``check`` runs them all.
"""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_client.config.findings import Finding
from ipsec_client.config.rules import (
    idle,
    monitors,
    names,
    networks,
    profiles,
    providers,
    reach,
    references,
)
from ipsec_client.config.rules.required import required
from ipsec_client.config.rules.scope import Domain, Place, Site
from ipsec_client.model.elements import Authority


def check(authority: Authority, series: int | None = None) -> list[Finding]:
    """All that is wrong with the authority. ``series`` is the Libreswan it is checked against, if one is named."""
    return list(_check(authority, series))


def _check(authority: Authority, series: int | None) -> Iterator[Finding]:
    domain = Domain(authority)
    yield from required(authority, domain.path)
    yield from references.policies(domain)
    yield from reach.addressless(domain)
    yield from idle.services(domain)
    for router in authority.router:
        site = Site(domain, router)
        yield from profiles.profiles(site, series)
        yield from providers.profiles(site)
        yield from references.routes(site)
        for place in site.places.values():
            yield from _check_node(place, series)


def _check_node(place: Place, series: int | None) -> Iterator[Finding]:
    yield from names.names(place)
    yield from names.interfaces(place)
    yield from names.counts(place)
    yield from references.tenants(place)
    yield from references.profiles(place)
    yield from networks.addresses(place)
    yield from networks.plugin(place)
    yield from networks.monitor_nat(place)
    yield from profiles.remotes(place, series)
    yield from providers.remotes(place)
    yield from monitors.monitors(place)
    yield from reach.reach(place)
    yield from idle.interfaces(place)
