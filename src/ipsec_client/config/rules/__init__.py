"""What a configuration must be beyond its grammar. Each rule tells the path, what is wrong, and the cure.

A rule is a generator over a ``Domain``, a ``Site`` or a ``Place``. Those over a ``Domain`` look at what all
routers share and place their findings there; the others look at one router and at what all share, never at
another router, so that after a change only the routers it touches are checked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ipsec_client.config.findings import Finding
from ipsec_client.config.rules import (
    limits,
    monitors,
    names,
    networks,
    profiles,
    providers,
    reach,
    references,
    remotes,
    services,
    vectors,
    ways,
)
from ipsec_client.config.rules.leaves import leaves
from ipsec_client.config.rules.scope import Domain, Place, Site
from ipsec_client.model.elements import Authority, Router


def check(authority: Authority, series: int | None = None) -> list[Finding]:
    """All that is wrong with the authority. ``series`` is the Libreswan it is checked against, if one is named."""
    domain = Domain(authority)
    return [*check_shared(domain), *check_routers(domain, authority.router, series)]


def check_shared(domain: Domain) -> Iterator[Finding]:
    """What is wrong with that which all routers share."""
    yield from leaves(replace(domain.authority, router=()), domain.path)
    yield from references.policies(domain)
    yield from references.routers(domain)
    yield from vectors.policies(domain)
    yield from services.services(domain)


def check_routers(
    domain: Domain, routers: Iterable[Router], series: int | None = None
) -> Iterator[Finding]:
    """What is wrong with these routers of the authority, each by itself."""
    for router in routers:
        site = Site(domain, router)
        yield from leaves(router, site.path)
        yield from profiles.profiles(site, series)
        yield from providers.profiles(site)
        yield from references.routes(site)
        yield from limits.services(site)
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
    yield from remotes.remotes(place)
    yield from profiles.remotes(place, series)
    yield from providers.remotes(place)
    yield from monitors.monitors(place)
    yield from reach.reach(place)
    yield from vectors.remotes(place)
    yield from ways.ways(place)
    yield from limits.rules(place)
