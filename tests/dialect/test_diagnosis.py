"""Causes in plain words, their fields as paths, and the page that tells people the same."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from ipsec_client.base.secret import Secret
from ipsec_client.dialect.diagnosis import CAUSES, Blocker, Place, looks, offered
from ipsec_client.model.elements import IpsecProfile, Remote
from ipsec_client.model.values import Prefix

PAGE = (Path(__file__).parents[2] / "docs" / "diagnosis.md").read_text()
PROFILE = IpsecProfile(
    name="primary", ike_encryption=("aes256", "aes128"), pre_shared_key=Secret("a key")
)
PLACE = Place(
    "r1",
    "n1",
    "c1",
    Remote(name="rem1", host="gw.example", subnet=(Prefix("10.0.0.0/8"),)),
    PROFILE,
)


def test_there_is_a_cause_for_each_blocker() -> None:
    assert set(CAUSES) == set(get_args(Blocker))


@pytest.mark.parametrize("blocker", CAUSES)
def test_fields_are_those_of_the_model(blocker: Blocker) -> None:
    for path, value in looks(blocker, PLACE):
        assert path.startswith(
            ("router r1 ipsec-profile primary ", "router r1 node n1 ipsec-client c1 remote rem1 ")
        )
        assert value
        assert "a key" not in value


def test_what_stands_there_is_shown_and_what_holds_where_nothing_does() -> None:
    values = (
        dict(looks("proposal", PLACE)) | dict(looks("subnet", PLACE)) | dict(looks("key", PLACE))
    )
    assert values["router r1 ipsec-profile primary ike-encryption"] == "aes256 aes128"
    assert values["router r1 ipsec-profile primary ike-v2"] == "unset, which is insist"
    assert values["router r1 ipsec-profile primary local-id"] == "unset"
    assert values["router r1 ipsec-profile primary pre-shared-key"] == "(removed)"
    assert values["router r1 node n1 ipsec-client c1 remote rem1 subnet"] == "10.0.0.0/8"


def test_what_was_refused_is_shown() -> None:
    assert offered("proposal", PLACE).startswith("aes256-")
    assert "aes_gcm256" in offered("child", PLACE)
    assert offered("key", PLACE) == ""


@pytest.mark.parametrize("blocker", CAUSES)
def test_the_page_tells_of_each(blocker: Blocker) -> None:
    cause = CAUSES[blocker]
    [row] = [line for line in PAGE.splitlines() if line.startswith(f"| {cause.plain} |")]
    assert cause.cure in row
    assert ("| yes |" if cause.restart else "| no |") in row
    for _, field in cause.fields:
        assert f"`{field}`" in row
