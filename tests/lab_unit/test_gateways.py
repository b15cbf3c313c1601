"""What the lab's gateways are configured with."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from ipsec_lab.document import Remote, read
from ipsec_lab.gateways import libreswan, strongswan

ALGORITHMS = ("ike_encryption", "ike_digest", "ike_modp", "phase2")
REM1 = read(Path(__file__).with_name("document.json").read_text()).remote("rem1")


def remote(**written: Any) -> Remote:
    """The remote with fields written in its profile; an algorithm stands for a list of one."""
    profile = {
        name.replace("_", "-"): [value] if name.startswith(ALGORITHMS) else value
        for name, value in written.items()
    }
    return replace(REM1, profile=profile)


def line(text: str, name: str) -> str:
    """The value of the only line of a name."""
    [found] = [
        row.split("=", 1)[1].strip()
        for row in text.splitlines()
        if row.split("=")[0].strip() == name
    ]
    return found


def test_nothing_written_offers_the_strong_list_and_no_more() -> None:
    text = strongswan.configuration(remote())
    groups = "ecp384-ecp256-curve25519-modp4096-modp3072-modp2048"
    assert line(text, "proposals") == (
        f"aes256gcm16-prfsha512-prfsha384-prfsha256-{groups}, aes256-sha512-sha384-sha256-{groups}"
    )
    assert line(text, "esp_proposals") == "aes256gcm16, aes256-sha512-sha384-sha256"
    assert line(text, "version") == "2"


@pytest.mark.parametrize(
    ("written", "ike", "esp"),
    [
        (
            {"ike_encryption": "aes128", "ike_digest": "sha1", "ike_modp": "modp2048"},
            "aes128-sha1-modp2048",
            "aes256gcm16, aes256-sha512-sha384-sha256",
        ),
        (
            {"ike_encryption": "aes256", "ike_digest": "sha2", "ike_modp": "dh-20", "ike_v2": "no"},
            "aes256-sha256-ecp384",
            "aes256gcm16, aes256-sha512-sha384-sha256",
        ),
        (
            {
                "ike_encryption": "aes-256-gcm",
                "ike_digest": "sha512",
                "ike_modp": "dh-31",
                "phase2_encryption": "aes_gcm128",
                "phase2_digest": "sha2",
                "phase2_modp": "dh-19",
                "perfect_forward_secrecy": True,
            },
            "aes256gcm16-prfsha512-curve25519",
            "aes128gcm16-ecp256",
        ),
        (
            {"ike_encryption": "3des", "ike_digest": "md5", "ike_modp": "modp1024"}
            | {"phase2_encryption": "null", "phase2_digest": "md5", "phase2_modp": "modp1024"},
            "3des-md5-modp1024",
            "null-md5",
        ),
    ],
)
def test_what_is_written_is_offered_exactly(written: dict[str, Any], ike: str, esp: str) -> None:
    text = strongswan.configuration(remote(**written))
    assert (line(text, "proposals"), line(text, "esp_proposals")) == (ike, esp)


def test_the_rest_of_a_set_that_is_half_written_is_strong() -> None:
    text = strongswan.configuration(remote(ike_encryption="aes128"))
    assert line(text, "proposals").startswith("aes128-sha512-sha384-sha256-ecp384-")


def test_ikev1_has_no_aead_for_itself() -> None:
    text = strongswan.configuration(remote(ike_v2="never"))
    assert line(text, "version") == "1"
    assert line(text, "proposals").startswith("aes256-")


def test_libreswans_words() -> None:
    text = libreswan.configuration(
        remote(ike_encryption="aes-256-gcm", ike_digest="sha2", phase2_modp="dh-20")
    )
    assert line(text, "ike") == "aes_gcm256-sha2_256-dh20+dh19+dh31+modp4096+modp3072+modp2048"
    assert line(text, "phase2alg") == "aes_gcm256,aes256-sha2_512+sha2_384+sha2_256"
    assert (line(text, "pfs"), line(text, "ikev2")) == ("no", "insist")


def test_keys_are_no_syntax() -> None:
    nasty = replace(REM1, key='a"}\n#\\ b')
    assert line(strongswan.configuration(nasty), "secret") == "0x61227d0a235c2062"
    assert libreswan.secrets(nasty) == "172.16.4.3 169.254.129.2 : PSK 0x61227d0a235c2062\n"


@pytest.mark.parametrize(
    ("written", "strong", "libre"),
    [
        ("169.254.129.2", '"169.254.129.2"', "169.254.129.2"),
        ("@branch.example", '"fqdn:branch.example"', "@branch.example"),
        ("branch.example", '"branch.example"', "@branch.example"),
        ("me@branch.example", '"me@branch.example"', "me@branch.example"),
    ],
)
def test_identities(written: str, strong: str, libre: str) -> None:
    named = replace(REM1, local_id=written)
    assert line(strongswan.configuration(named), "id-1") == strong
    assert line(libreswan.configuration(named), "rightid") == libre


def test_subnets_of_both_sides() -> None:
    nets = tuple(map(IPv4Network, ("10.1.0.0/16", "10.2.0.0/16")))
    both = replace(REM1, subnets=nets, local_subnets=nets[:1])
    text = strongswan.configuration(both)
    assert line(text, "local_ts") == "10.1.0.0/16,10.2.0.0/16"
    assert line(text, "remote_ts") == "10.1.0.0/16"
    text = libreswan.configuration(both)
    assert line(text, "leftsubnets") == "10.1.0.0/16,10.2.0.0/16"
    assert line(text, "rightsubnet") == "10.1.0.0/16"


def test_one_value_is_a_word_in_a_document_and_several_are_a_list() -> None:
    word = replace(REM1, profile={"ike-encryption": "aes128", "ike-digest": "no-auth"})
    listed = replace(REM1, profile={"ike-encryption": ["aes128"], "ike-digest": ["no-auth"]})
    assert strongswan.configuration(word) == strongswan.configuration(listed)
    assert "aes128-" in line(strongswan.configuration(word), "proposals")
