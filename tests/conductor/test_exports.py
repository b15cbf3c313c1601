"""Exports: without keys, or with them for who has the passphrase."""

from __future__ import annotations

import pytest

from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.conductor.candidate import prepare
from ipsec_client.conductor.exports import check_name, opened, sealed

from .sample import text

PASSPHRASE = Secret("correct horse")


def test_an_export_has_no_keys_unless_it_is_encrypted() -> None:
    authority = prepare(text("rem1"), None).authority
    plain = sealed(authority, None)
    assert b"(removed)" in plain
    assert b"somekey1" not in plain
    key = opened(plain, None).router[0].ipsec_profile[0].pre_shared_key
    assert key == Secret(None)
    encrypted = sealed(authority, PASSPHRASE)
    assert b"somekey1" not in encrypted
    assert b"router1" not in encrypted
    assert opened(encrypted, PASSPHRASE) == authority
    assert sealed(authority, PASSPHRASE) != encrypted
    latin = Secret("\udce9t\udce9 1999")  # typed where the terminal's characters are not UTF-8
    assert opened(sealed(authority, latin), latin) == authority


def test_without_the_passphrase_nothing_comes_out() -> None:
    encrypted = sealed(prepare(text("rem1"), None).authority, PASSPHRASE)
    with pytest.raises(InputFault, match=r"is encrypted\. Give its passphrase"):
        opened(encrypted, None)
    changed = bytearray(encrypted)
    changed[-20] ^= 1
    for content, passphrase in ((encrypted, Secret("correct house")), (bytes(changed), PASSPHRASE)):
        with pytest.raises(InputFault, match="is not the one"):
            opened(content, passphrase)
    with pytest.raises(InputFault, match="shorter than 8"):
        sealed(prepare(text(), None).authority, Secret("short"))


def test_names() -> None:
    check_name("before.the-change_2")
    for name in ("", ".", "../x", "a b", "x" * 64, "é"):
        with pytest.raises(InputFault, match="cannot be the name"):
            check_name(name)
