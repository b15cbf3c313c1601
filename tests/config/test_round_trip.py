"""What is printed is read back as the same model, whatever the model holds: in blocks and flat, unset as unset."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipsec_client.config import flat, printer
from ipsec_client.config.reader import lines, read
from ipsec_client.model.definition import definition, walk
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


KEYS = {
    (nested.name, leaf.name)
    for trail in trails()
    for _, nested in trail[-1:]
    for leaf in definition(nested.element).keys
}


@a_few
@given(
    authority=elements(Authority),
    indents=st.lists(st.text(" \t", max_size=9), min_size=1, max_size=7),
    end=st.sampled_from(["\n", "\r\n", "\r", " \t\n", "\n\n", "\n # exit\n"]),
    whole=st.booleans(),
)
def test_the_layout_does_not_matter(
    authority: Authority, indents: list[str], end: str, whole: bool
) -> None:
    """Any indent, any line ends, comments, no final one; and a key that stands in its head alone."""
    config = Config(authority=authority)
    kept: list[str] = []
    for line in printer.write(config, secrets=True).split("\n"):
        before, now = (kept or [""])[-1].split(maxsplit=1), line.split(maxsplit=1)
        repeated = before[1:] == now[1:] and (*before[:1], *now[:1]) in KEYS
        if now and not (whole and repeated):
            kept.append(line.strip())
    laid = end.join(indents[at % len(indents)] + line for at, line in enumerate(kept))
    reading = read(laid)
    assert not reading.findings
    assert reading.config == config
