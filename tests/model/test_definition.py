"""Definitions: what every element's fields are known by."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipsec_client.model import elements as e
from ipsec_client.model.definition import Element, definition, dotted, effective, make, walk
from ipsec_client.model.values import Duration, Prefix
from tests.configs.strategies import elements

KINDS = sorted(
    (kind for kind in vars(e).values() if isinstance(kind, type) and issubclass(kind, Element)),
    key=lambda kind: kind.__name__,
)
ELEMENTS = [kind for kind in KINDS if kind is not Element]


@pytest.mark.parametrize("kind", ELEMENTS)
def test_every_field_is_defined_once_with_a_help_and_a_name_of_the_pcli(
    kind: type[Element],
) -> None:
    known = definition(kind)
    assert definition(kind) is known
    assert len(known.by_name) == len(known.members)
    assert kind.__doc__
    for leaf in known.leaves:
        assert leaf.help
        assert not leaf.effect.endswith(".")
        assert leaf.effect or not (leaf.key or leaf.required)
        assert leaf.name == leaf.name.lower()
        assert "_" not in leaf.name
        if leaf.default is not None:
            assert leaf.type.read(leaf.type.write(leaf.default)) == leaf.default
        if leaf.type.name == "duration":
            assert leaf.unit in ("s", "ms")


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(ELEMENTS).flatmap(elements))
def test_made_elements_are_those_that_are_constructed(element: Element) -> None:
    values = {name: value for name, value in vars(element).items() if value not in (None, ())}
    made = make(type(element), values)
    assert made == element
    assert hash(made) == hash(element)


def test_effective_fills_in_what_is_documented_and_leaves_the_rest_unset() -> None:
    profile = effective(e.IpsecProfile(name="p", ike_lifetime=Duration(2, "h")))
    assert (profile.ike_lifetime, profile.connection_lifetime) == (
        Duration(2, "h"),
        Duration(8, "h"),
    )
    assert (profile.ike_v2, profile.dpdaction, profile.compress) == ("insist", "restart", False)
    assert (profile.ike_encryption, profile.dpddelay, profile.mtu) == ((), None, None)
    assert effective(e.IpsecClient(name="c")).plugin_network == Prefix("169.254.129.0/27")
    bare = e.Tenant(name="t")
    assert effective(bare) is bare


def test_walking_goes_through_all_with_their_paths() -> None:
    hop = e.NextHop(node_name="n", interface="i")
    route = e.ServiceRoute(name="a", next_hop=(hop,))
    tree = e.Authority(router=(e.Router(name="r", service_route=(route,)),))
    paths = [dotted(path) for path, _ in walk(tree, ("authority",))]
    assert paths == [
        "authority",
        "authority router r",
        "authority router r service-route a",
        "authority router r service-route a next-hop n i",
    ]
