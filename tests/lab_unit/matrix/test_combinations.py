"""The set is what all have; what one lacks is a hole with its reason; each case says exactly what was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ipsec_lab.matrix import combinations, pairwise
from ipsec_lab.matrix.combinations import ESP, IKE, Case, Combination, Hole, Support, computed

MODEL = {
    "ike-encryption": ("aes128", "aes_gcm256", "aes-256-gcm", "camellia128"),
    "ike-digest": ("sha1", "sha2_256", "sha2", "no-auth"),
    "esp-encryption": ("null", "aes128", "aes_gcm256"),
    "esp-digest": ("sha1", "sha2_256", "no-auth"),
    "group": ("modp1024", "modp2048", "dh-19"),
}
LISTED = frozenset(
    {"AES_CBC", "AES_GCM_16", "NULL", "HMAC_SHA1_96", "HMAC_SHA2_256_128", "PRF_HMAC_SHA1"}
    | {"PRF_HMAC_SHA2_256", "MODP_1024", "MODP_2048", "ECP_256"}
)
NO_AEAD, NO_MODP1024, NO_PFS = "no AEAD in IKEv1", "no modp1024", "no elliptic PFS in IKEv1"


def libreswan(several: Sequence[Combination]) -> list[str]:
    def refusal(one: Combination) -> str:
        if one.group == "modp1024":
            return NO_MODP1024
        if one.version == 1 and one.kind == IKE and "gcm" in one.cipher:
            return NO_AEAD
        return NO_PFS if one.version == 1 and one.kind == ESP and one.group == "dh-19" else ""

    return [refusal(one) for one in several]


SUPPORT = Support(libreswan, LISTED, frozenset({"null", "aes128", "aes_gcm256", "sha1"}), MODEL)


def test_the_set_is_what_all_have() -> None:
    found, _ = computed(SUPPORT)
    names = {one.name for one in found}
    assert {name for name in names if name.startswith("IKEv1 ike")} == {
        f"IKEv1 ike aes128-{digest}-{group}"
        for digest in ("sha1", "sha2_256")
        for group in ("modp2048", "dh-19")
    }
    assert {name for name in names if name.startswith("IKEv2 esp")} == {
        f"IKEv2 esp {algorithms}{group}"
        for algorithms in ("null-sha1", "aes128-sha1", "aes_gcm256")
        for group in ("", ";modp2048", ";dh-19")
    }
    assert "IKEv2 ike aes_gcm256-sha2_256-dh-19" in names
    assert len(names) == len(found)


def test_each_hole_has_the_reason_of_whoever_lacks_it() -> None:
    _, holes = computed(SUPPORT)
    assert Hole("IKEv2 ike camellia128", "strongSwan does not list CAMELLIA_CBC") in holes
    assert Hole("IKEv1 ike aes_gcm256", NO_AEAD) in holes
    assert Hole("IKEv1 esp dh-19", NO_PFS) in holes
    assert Hole("IKEv2 esp sha2_256", "the kernel makes no SA with sha2_256") in holes
    assert {hole.what for hole in holes if hole.reason == NO_MODP1024} == {
        f"IKEv{version} {kind} modp1024" for version in (1, 2) for kind in (IKE, ESP)
    }


def test_a_hole_that_no_word_explains_is_named_by_itself() -> None:
    def refuse_one(several: Sequence[Combination]) -> list[str]:
        return ["odd" if one.name == "IKEv2 esp aes128-sha1" else "" for one in several]

    support = Support(refuse_one, LISTED, SUPPORT.kernel, MODEL)
    assert Hole("IKEv2 esp aes128-sha1", "odd") in computed(support)[1]


def test_settings_are_spread_in_pairs_within_each_version_and_kind() -> None:
    found, _ = computed(SUPPORT)
    cases = combinations.cases(found, seed=1)
    assert [case.combination for case in cases] == found
    assert not any(case.esn for case in cases if case.combination.version == 1)
    assert not any(case.form == "list" and 6 in (case.inside, case.outside) for case in cases)
    settings = [
        {"outside": c.outside, "inside": c.inside, "form": c.form, "esn": c.esn} for c in cases
    ]
    possible = [combinations.settings(one) for one in found]
    assert pairwise.missing([{}] * len(found), settings, possible) == set()


def test_the_sample_has_every_algorithm_in_each_place() -> None:
    found, _ = computed(SUPPORT)
    few = combinations.sample(found, seed=5)

    def contents(several: Sequence[Combination]) -> set[tuple[int, str, str]]:
        return {
            (one.version, one.kind, word)
            for one in several
            for word in (one.cipher, one.digest, one.group)
        }

    assert contents(few) == contents(found)
    assert len(few) < len(found)


@pytest.mark.parametrize(
    ("combination", "esn", "expected"),
    [
        (
            Combination(IKE, 1, "3des", "md5", "modp1536"),
            False,
            {
                "ike-v2": "never",
                "ike-encryption": ["3des"],
                "ike-digest": ["md5"],
                "ike-modp": ["modp1536"],
                "phase2-encryption": ["aes128"],
                "phase2-digest": ["sha2_256"],
            },
        ),
        (
            Combination(ESP, 2, "aes_gcm256", "", "dh-21"),
            True,
            {
                "ike-v2": "insist",
                "ike-encryption": ["aes128"],
                "ike-digest": ["sha2_256"],
                "ike-modp": ["dh-21"],
                "phase2-encryption": ["aes_gcm256"],
                "perfect-forward-secrecy": True,
                "phase2-modp": ["dh-21"],
                "custom-option": [{"name": "esn", "value": "yes"}],
            },
        ),
    ],
)
def test_a_profile_says_the_combination_and_nothing_else(
    combination: Combination, esn: bool, expected: dict[str, object]
) -> None:
    assert Case(combination, 4, 4, "any", esn).profile() == expected


def test_two_are_tried_at_once_where_they_differ_in_nothing_else() -> None:
    found, _ = computed(SUPPORT)
    every = combinations.cases(found, seed=1)
    bad = {every[0].combination.name}
    tried = combinations.together(every, alone=bad)
    assert sorted(one.name for case in tried for one in case.tried) == sorted(
        one.name for one in found
    )
    setting = {case.combination: replace(case, combination=found[0]) for case in every}
    pairs = [case for case in tried if case.beside]
    assert pairs
    for case in pairs:
        one, beside = case.combination, case.beside
        assert beside is not None
        assert (one.kind, beside.kind, one.version) == (ESP, IKE, beside.version)
        assert setting[one] == setting[beside]
        assert not bad & {one.name, beside.name}
        assert case.ike == beside.ike
        assert case.esp == one.esp
        # Libreswan 4 gives a child SA of IKEv2 new keys with the IKE SA's group
        assert one.version == 1 or one.group in ("", beside.group)


def test_a_cipher_that_the_product_refuses_is_a_hole_of_the_child_sa_alone() -> None:
    support = replace(SUPPORT, refused={"aes_gcm256": "ipsec-client: no"})
    found, holes = computed(support)
    assert Hole("IKEv2 esp aes_gcm256", "ipsec-client: no") in holes
    assert {one.kind for one in found if one.cipher == "aes_gcm256"} == {IKE}
