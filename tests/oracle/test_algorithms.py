"""Libreswan's algparse agrees with the catalogue: accepted there exactly where nothing is refused here."""

from __future__ import annotations

import pytest

from ipsec_client.dialect import algorithms as a
from ipsec_client.dialect.catalog import CIPHERS, DIGESTS, NO_AUTH
from ipsec_client.dialect.series import DEFAULT
from ipsec_client.model.elements import IpsecProfile
from tests.dialect.sample import configurations, profile, single_choices
from tests.oracle.libreswan import accepted, oracle

pytestmark = oracle


def agreed(of: IpsecProfile) -> bool:
    """Whether algparse takes all that the profile proposes."""
    version, ike = a.ike_version(of), a.ike_proposals(of)
    child = "ah" if of.authentication_protocol == "ah" else "esp"
    pfs = bool(of.perfect_forward_secrecy)
    return bool(ike) and (
        accepted(version, "ike", ike) and accepted(version, child, a.esp_proposals(of), pfs=pfs)
    )


def told(of: IpsecProfile) -> str:
    return f"{of.ike_v2} {a.ike_proposals(of)} {a.esp_proposals(of)}"


def lacked(of: IpsecProfile, series: int = DEFAULT) -> list[a.Refusal]:
    """What Libreswan lacks; that an algorithm which it has carries nothing in the end is not known to algparse."""
    return [refusal for refusal in a.refusals(of, series) if "carry nothing" not in refusal.reason]


@pytest.mark.parametrize("of", single_choices(), ids=told)
def test_every_value_of_the_model_in_its_place(of: IpsecProfile) -> None:
    assert agreed(of) == (not lacked(of))


@pytest.mark.parametrize("version", ["insist", "no"])
def test_every_pair_of_cipher_and_digest(version: str) -> None:
    for cipher in CIPHERS:
        for digest in (*DIGESTS, NO_AUTH):
            of = profile(phase2_encryption=cipher, phase2_digest=digest, ike_v2=version)
            right = CIPHERS[cipher].aead or digest != NO_AUTH
            assert not right or agreed(of) == (not lacked(of)), told(of)


@pytest.mark.parametrize("name", configurations())
def test_every_configuration(name: str) -> None:
    for of in configurations()[name].router.ipsec_profile:
        assert agreed(of)
