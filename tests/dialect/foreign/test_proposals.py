"""Proposal strings as both programs write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.dialect.foreign import proposals
from ipsec_client.model.elements import DIGESTS, ENCRYPTIONS, GROUPS


@pytest.mark.parametrize(
    ("text", "ciphers", "digests", "groups"),
    [
        ("aes256-sha2_256;modp2048", "aes256", "sha2_256", "modp2048"),
        ("AES256-SHA1-MODP1536", "aes256", "sha1", "modp1536"),
        ("aes128-sha256-ecp384!", "aes128", "sha2_256", "dh-20"),
        ("aes256gcm16-prfsha384-ecp521", "aes_gcm256", "sha2_384", "dh-21"),
        ("aes128gcm128-x25519", "aes_gcm128", "", "dh-31"),
        ("aes_gcm256-null", "aes_gcm256", "", ""),
        ("aes_gcm_c_256-sha512", "aes_gcm256", "sha2_512", ""),
        ("aes_gcm_16_128", "aes_gcm128", "", ""),
        ("aes_ccm128,chacha20poly1305", "aes_ccm128 chacha20_poly1305", "", ""),
        ("aes256+aes128-sha2_512+sha2_256-dh19+dh14", "aes256 aes128", "sha2_512 sha2_256",
         "dh-19 modp2048"),
        ("aes-sha1", "aes256 aes128", "sha1", ""),
        ("aes256-sha1, 3des-sha1", "aes256 3des", "sha1", ""),
        ("null-md5", "null", "md5", ""),
        ("null-null", "", "", ""),
        ("sha2_256", "", "sha2_256", ""),
        ("", "", "", ""),
    ],
)  # fmt: skip
def test_read(text: str, ciphers: str, digests: str, groups: str) -> None:
    found = proposals.read(text)
    assert [" ".join(words) for words in (found.ciphers, found.digests, found.groups)] == [
        ciphers,
        digests,
        groups,
    ]


@pytest.mark.parametrize(
    "word", ["modp768", "aes256ctr", "aes128gcm8", "sha224", "ke1_mlkem768", "default"]
)
def test_a_proposal_with_an_unknown_word_is_left_out(word: str) -> None:
    found = proposals.read(f"aes128-sha1-modp2048,aes256-{word}-sha2")
    assert (found.ciphers, found.unknown) == (["aes128"], [word])


@pytest.mark.parametrize(
    ("text", "wider"),
    [
        ("aes256-sha1-modp2048,aes128-sha1-modp2048", False),
        ("aes256-sha1-modp2048,aes128-sha2-modp2048", True),
        ("aes_gcm256-modp2048,aes128-sha2-modp2048", False),
        ("aes_gcm256-modp2048,aes128-sha2-dh19", True),
        ("aes256+aes128-sha1+sha2", False),
    ],
)
def test_lists_hold_every_combination(text: str, wider: bool) -> None:
    assert proposals.read(text).wider == wider


def test_extended_sequence_numbers() -> None:
    assert proposals.read("aes256-sha1-noesn").esn == {"no"}
    assert proposals.read("aes256-sha1-esn-noesn").esn == {"yes", "no"}


@given(
    st.lists(
        st.sampled_from([*"-+;,! ", "aes256", "aes_gcm", "null", "sha2", "prfsha1", "dh14", "x"])
    )
)
def test_only_our_algorithms_come_of_any_text(parts: list[str]) -> None:
    found = proposals.read("".join(parts))
    assert set(found.ciphers) <= {"null", *ENCRYPTIONS}
    assert set(found.digests) <= set(DIGESTS)
    assert set(found.groups) <= set(GROUPS)
