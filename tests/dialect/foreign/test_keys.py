"""``ipsec.secrets``, and which tunnel a key is given to."""

from __future__ import annotations

import pytest

from ipsec_client.dialect.foreign import keys
from ipsec_client.dialect.foreign.tunnel import Key, Tunnel


def revealed(text: str) -> list[str]:
    return [key.secret.reveal() for key in keys.read(text, "f")[0]]


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ('1.1.1.1 2.2.2.2 : PSK "a key"', "a key"),
        ("@me @them: psk 'a key'", "a key"),
        (": PSK bare", "bare"),
        (": PSK 0x61206b6579", "a key"),
        (": PSK 0sYSBrZXk=", "a key"),
        ('1.1.1.1\n\t2.2.2.2 :\n\tPSK\n\t"a key"', "a key"),
        ('fd00::1 fd00::2 : PSK "a key" # for six', "a key"),
        ("# : PSK no\n: PSK yes", "yes"),
    ],
)
def test_read(entry: str, key: str) -> None:
    assert revealed(entry) == [key]


@pytest.mark.parametrize(
    "entry",
    [
        "canary",
        ": RSA canary",
        "u : XAUTH canary",
        ': PSK ""',
        ": PSK 0xzz",
        ": PSK 0s/w==",
        ": PSK",
        "include canary",
    ],
)
def test_what_is_no_pre_shared_key_is_told_without_it(entry: str) -> None:
    found, lost = keys.read(entry, "f")
    assert (found, len(lost)) == ([], 1)
    assert "canary" not in str(lost[0])
    assert str(lost[0]).startswith("f:1: ")


def tunnel(ours: str, theirs: str) -> Tunnel:
    made = Tunnel("t", "f", 1, theirs)
    made.ours, made.theirs = frozenset(ours.split()), frozenset(theirs.split())
    return made


@pytest.mark.parametrize(
    ("ours", "theirs", "key"),
    [
        ("me", "a", "both"),
        ("me", "b", "mine"),
        ("you", "b", "theirs"),
        ("you", "c", "anybody"),
        ("", "a", "both"),
    ],
)
def test_the_key_that_names_most_is_given(ours: str, theirs: str, key: str) -> None:
    text = ": PSK anybody\nme : PSK mine\nme a d : PSK both\nb : PSK theirs\nme other : PSK wrong\n"
    one = tunnel(ours, theirs)
    keys.give([one], keys.read(text, "f")[0])
    assert one.key is not None
    assert one.key.reveal() == key


def test_no_key() -> None:
    one = tunnel("me", "a")
    found = keys.value("x")
    assert found is not None
    keys.give([one], [Key(frozenset({"b"}), found)])
    assert one.key is None
