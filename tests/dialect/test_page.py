"""docs/libreswan.md says what the code does: proposals, options, fields."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ipsec_client.dialect.algorithms import esp_proposals, ike_proposals, tunnel_mtu
from ipsec_client.dialect.options import OPTIONS
from ipsec_client.dialect.render import MAPPED, setup
from tests.dialect.sample import document, profile

PAGE = (Path(__file__).parents[2] / "docs" / "libreswan.md").read_text()


@pytest.mark.parametrize("version", ["insist", "no"])
def test_the_strong_proposals_are_listed_exactly(version: str) -> None:
    blocks = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
    unset = profile(ike_v2=version)
    for proposals in (ike_proposals(unset), esp_proposals(unset)):
        assert proposals.replace(",", "\n") + "\n" in blocks


def test_the_custom_options_that_may_be_set_are_listed_exactly() -> None:
    listed = re.search(r"only its own remote from starting:\n\n(.*)\n", PAGE)
    assert listed is not None
    names = re.findall(r"`(\S+)`", listed[1])
    assert names == allowed(4)
    newer = re.search(r"On 5.2 too: (.*?);", PAGE)
    assert newer is not None
    assert sorted(names + re.findall(r"`(\S+)`", newer[1])) == allowed(5)


def allowed(series: int) -> list[str]:
    return sorted(name for name, reason in OPTIONS[series].items() if not reason)


def test_every_mapped_field_has_its_row() -> None:
    for field, option in MAPPED.items():
        assert re.search(rf"^\| `{field}` \| `{option.name}=", PAGE, re.MULTILINE), field


def test_setup_is_told_line_by_line() -> None:
    for line in setup(document()).split()[2:]:
        assert f"`{line.split('=')[0]}=" in PAGE


def test_the_mtu_of_the_strong_proposals() -> None:
    assert f"strong proposals give {tunnel_mtu(1500, profile())}" in PAGE
    assert str(tunnel_mtu(1500, profile(phase2_encryption="aes_gcm256"))) in PAGE
