"""The providers' data: whole, and such that its profiles keep its own limits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ipsec_client.config.examine import examine
from ipsec_client.config.providers import PROVIDERS
from ipsec_client.config.providers import provider as p
from ipsec_client.config.providers.page import page
from ipsec_client.config.providers.template import profile, text, told
from ipsec_client.dialect import options
from ipsec_client.dialect.algorithms import refusals, unused, weak
from ipsec_client.model import profile as model

ALL = pytest.mark.parametrize("of", PROVIDERS.values(), ids=PROVIDERS)
DEMANDED = {"cloudflare": ["replay-window"]}
"""What a provider cannot do without, and check warns of all the same."""


def test_the_model_knows_the_same_providers() -> None:
    assert tuple(PROVIDERS) == model.PROVIDERS


@ALL
def test_a_template_is_clean_but_for_its_key(of: p.Provider) -> None:
    findings = examine(text(of, "router1", of.name), 4).findings
    expected = ["pre-shared-key", *DEMANDED.get(of.name, [])]
    assert [finding.path[-1] for finding in findings] == expected
    assert "(removed) stands for the stored key" in findings[0].what


@ALL
def test_a_profile_is_strong_and_all_of_it_has_an_effect(of: p.Provider) -> None:
    made = profile(of, "x", "me.example")
    assert (refusals(made), unused(made)) == ([], [])
    assert [remark.field.split()[-1] for remark in weak(made)] == DEMANDED.get(of.name, [])
    assert (made.local_id, made.provider) == ("me.example", of.name)


@ALL
def test_every_limit_has_a_source_that_is_listed_and_words(of: p.Provider) -> None:
    assert {source for _, _, source in told(of)} <= set(of.sources)
    assert all(field and said for field, said, _ in told(of))
    for source in of.sources:
        assert re.fullmatch(r"(read )?20\d\d-\d\d-\d\d", source.date)
        assert source.title
        assert re.match(r"[a-z0-9.]+\.(com|net)/", source.page)


@ALL
def test_limits_speak_of_values_that_the_fields_can_have(of: p.Provider) -> None:
    for limit in of.limits:
        match limit:
            case p.OneOf(_, field, values):
                pairs = [(field, value) for value in values]
            case p.Between(_, field, least, most):
                pairs = [(field, bound) for bound in (least, most) if bound]
                assert pairs
            case p.Goes(_, field, values, other, others):
                pairs = [(field, value) for value in values] + [(other, value) for value in others]
            case p.Option(_, name, value, _):
                assert options.refuse(name, value, 4) is None
                pairs = []
            case _:
                pairs = []
        for field, value in pairs:
            model.leaf_of(field).type.read(value)


def test_the_page_in_docs_is_made_of_the_data() -> None:
    """It is made anew by ``python -m ipsec_client.config.providers.page > docs/providers.md``."""
    assert (Path(__file__).parents[3] / "docs" / "providers.md").read_text() == page()
