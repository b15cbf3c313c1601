"""What is printed is read back as the same model, whatever the model holds: in blocks and flat, unset as unset."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipsec_client.config import flat, printer
from ipsec_client.config.reader import lines, read
from ipsec_client.model.definition import walk
from ipsec_client.model.elements import Authority, Config
from tests.configs.strategies import elements
from tests.configs.trails import Trail, around, trails

FORMS: dict[str, Callable[..., str]] = {"blocks": printer.write, "flat": flat.write}

a_few = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


def named(trail: Trail) -> str:
    return " ".join(nested.name for _, nested in trail)


@pytest.mark.parametrize("trail", [*trails()], ids=named)
@a_few
@given(data=st.data(), verbose=st.booleans())
def test_any_element_reads_back_as_it_was_printed(
    trail: Trail, data: st.DataObject, verbose: bool
) -> None:
    config = around(trail, data.draw(elements(trail[-1][1].element, 1)))
    for write in FORMS.values():
        reading = read(write(config, secrets=True, verbose=verbose))
        assert not reading.findings
        assert reading.config == config


@pytest.mark.parametrize("form", FORMS)
@a_few
@given(authority=elements(Authority), verbose=st.booleans())
def test_a_whole_configuration_reads_back(form: str, authority: Authority, verbose: bool) -> None:
    config = Config(authority=authority)
    text = FORMS[form](config, secrets=True, verbose=verbose)
    reading = read(text)
    assert not reading.findings
    assert reading.config == config
    assert FORMS[form](reading.config, secrets=True, verbose=verbose) == text


@pytest.mark.parametrize("form", FORMS)
@a_few
@given(authority=elements(Authority))
def test_every_element_has_a_line(form: str, authority: Authority) -> None:
    text = FORMS[form](Config(authority=authority))
    where = lines(text)
    printed = text.split("\n")
    for path, _ in walk(authority, ("authority",)):
        assert path[-1] in printed[where[path] - 1].replace('"', "").split()
