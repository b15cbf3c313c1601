"""Looking only at what changed finds and makes what looking at everything does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipsec_client.config.examine import changed_routers, recheck, regenerate
from ipsec_client.config.findings import Finding
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read
from ipsec_client.config.rules import check, check_routers
from ipsec_client.config.rules.scope import Domain
from ipsec_client.model.elements import Authority, Router, Service, Tenant
from tests.configs import clean
from tests.configs.strategies import elements


def named(*names: str) -> st.SearchStrategy[dict[str, Router]]:
    """Routers of these names, whatever is in them."""
    several = st.tuples(*(elements(Router, 1) for _ in names))
    return several.map(
        lambda found: {name: replace(it, name=name) for name, it in zip(names, found, strict=True)}
    )


shared = st.builds(
    Authority,
    tenant=st.lists(elements(Tenant), max_size=2, unique_by=lambda it: it.key).map(tuple),
    service=st.lists(elements(Service, 1), max_size=1).map(tuple),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(shared, named("r1", "r2", "r3"), named("r2", "r4"), st.permutations(["r1", "r2", "r4"]))
def test_one_router_more_one_less_and_one_other_give_what_everything_gives(
    common: Authority, were: dict[str, Router], new: dict[str, Router], order: list[str]
) -> None:
    running = generate(replace(common, router=tuple(were.values())))
    known = {router.name: router for router in running.router} | new
    candidate = replace(running, router=tuple(known[name] for name in order))
    changed = changed_routers(running, candidate)
    assert changed == {"r2", "r3", "r4"}
    found = recheck(candidate, check(running), changed)
    assert sorted(map(str, found)) == sorted(map(str, check(candidate)))
    assert regenerate(candidate, running, changed) == generate(candidate, running)


def two() -> Authority:
    """The clean configuration with a second router like its own."""
    authority = read(clean()).config.authority
    assert authority
    (router,) = authority.router
    return replace(authority, router=(router, replace(router, name="router2")))


def test_every_router_is_looked_at_again_where_what_they_share_is_another() -> None:
    before = two()
    after = replace(before, tenant=())
    changed = changed_routers(before, after)
    assert changed == {"router1", "router2"}
    assert list(recheck(after, check(before), changed)) == check(after)


def test_only_the_routers_that_changed_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def checking(domain: Domain, routers: Iterable[Router]) -> Iterator[Finding]:
        several = list(routers)
        looked.extend(f"check {router.name}" for router in several)
        return check_routers(domain, several)

    def generating(authority: Authority, running: Authority | None) -> Authority:
        looked.extend(f"generate {router.name}" for router in authority.router)
        return generate(authority, running)

    monkeypatch.setattr("ipsec_client.config.examine.check_routers", checking)
    monkeypatch.setattr("ipsec_client.config.examine.generate", generating)
    before = two()
    after = replace(before, router=(before.router[0], replace(before.router[1], node=())))
    changed = changed_routers(before, after)
    recheck(after, check(before), changed)
    regenerate(after, before, changed)
    assert looked == ["check router2", "generate router2"]
