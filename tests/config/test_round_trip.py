"""What is printed is read back as the same model, whatever the model holds."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipsec_client.config.printer import write
from ipsec_client.config.reader import lines, read
from ipsec_client.model.definition import walk
from ipsec_client.model.elements import Authority, Config, IpsecProfile, Router, Service
from tests.configs.strategies import elements

routers = st.lists(elements(Router, 2), max_size=1).map(tuple)
thorough = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)


def of(authority: Authority) -> Config:
    return Config(authority=authority)


@thorough
@given(st.builds(Authority, router=routers), st.booleans())
def test_a_router_reads_back_as_it_was_printed(authority: Authority, verbose: bool) -> None:
    reading = read(write(of(authority), secrets=True, verbose=verbose))
    assert not reading.findings
    assert reading.config == of(authority)


@thorough
@given(elements(IpsecProfile), st.booleans())
def test_a_profile_reads_back_whatever_its_key_and_options_hold(
    profile: IpsecProfile, verbose: bool
) -> None:
    authority = Authority(router=(Router(name="r", ipsec_profile=(profile,)),))
    reading = read(write(of(authority), secrets=True, verbose=verbose))
    assert not reading.findings
    assert reading.config == of(authority)


@thorough
@given(st.lists(elements(Service), max_size=3, unique_by=lambda item: item.key))
def test_services_read_back_and_printing_is_stable(services: list[Service]) -> None:
    authority = Authority(service=tuple(services))
    text = write(of(authority))
    assert write(read(text).config) == text


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.builds(Authority, router=routers))
def test_every_element_has_a_line(authority: Authority) -> None:
    where = lines(write(of(authority)))
    for path, _ in walk(authority, ("authority",)):
        assert path in where
