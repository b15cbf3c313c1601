"""Values: what each type takes, what it says of the rest, and that it writes back what it read."""

from __future__ import annotations

import pytest

from ipsec_client.base.secret import Secret
from ipsec_client.model import values as v

GOOD = [
    (v.DURATION, "8h"),
    (v.DURATION, "200ms"),
    (v.DURATION, "10"),
    (v.PREFIX, "10.1.2.3/8"),
    (v.PREFIX, "172.16.4.3"),
    (v.PREFIX, "2001:db8::/32"),
    (v.HOST, "gateway1.com"),
    (v.HOST, "gw_1.example"),
    (v.HOST, "172.16.4.3"),
    (v.IDENTITY, "@branch.example"),
    (v.IDENTITY, "prisma@paloalto.com"),
    (v.TENANT, "a.b-c._internal_"),
    (v.BOOLEAN, "true"),
    (v.BOOLEAN, "false"),
    (v.DEVICE_NAME, "rem1-backup_"),
]


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_what_is_taken_is_written_back_as_it_was(kind: v.AnyType, text: str) -> None:
    assert kind.write(kind.read(text)) == text


BAD = [
    (v.DURATION, "1w", "is not a duration such as 200ms, 10s, 30m, 8h or 1d"),
    (v.DURATION, "-1s", "is not a duration such as 200ms, 10s, 30m, 8h or 1d"),
    (v.PREFIX, "0.0.0/0", "is not an IP prefix such as 10.0.0.0/8"),
    (v.PREFIX, "10.0.0.0/33", "is not an IP prefix such as 10.0.0.0/8"),
    (v.PREFIX, "fe80::1%eth0", "is not an IP prefix such as 10.0.0.0/8"),
    (v.PREFIX, "10.0.0.0/255.0.0.0", "is not an IP prefix such as 10.0.0.0/8"),
    (v.PREFIX, "10.0.0.0/08", "is not an IP prefix such as 10.0.0.0/8"),
    (v.ADDRESS, "1.2.3", "is not an IP address"),
    (v.ADDRESS, "fe80::1%eth0", "is not an IP address"),
    (v.HOST, "fe80::1%eth0", "is neither an IP address nor a host name"),
    (v.HOST, "1.2.3.400", "is neither an IP address nor a host name"),
    (v.HOST, "-a.example", "is neither an IP address nor a host name"),
    (v.HOST, "", "is neither an IP address nor a host name"),
    (v.DEVICE_NAME, "abcdefghijklm", "is longer than 12 characters"),
    (v.DEVICE_NAME, "a.b", "is not made of letters, digits, _ and -"),
    (v.NAME, "é", "is not made of letters, digits, _ and -"),
    (v.BOOLEAN, "yes", "is neither true nor false"),
    (v.SECRET, 'a"b', "holds a double quote or a character that cannot be printed"),
    (v.SECRET, "a\tb", "holds a double quote or a character that cannot be printed"),
    (v.SECRET, "", "is empty"),
    (v.number(1, 9), "10", "is not between 1 and 9"),
    (v.number(0, 9), "0" * 5000 + "1", "is not between 0 and 9"),
    (v.number(1, 9), "x", "is not a whole number"),
    (v.number(1, 9), "²", "is not a whole number"),
    (v.number_or(64, 8960, "automatic"), "63", "is not between 64 and 8960, nor one of automatic"),
    (v.IDENTITY, "a b", "is not an IKE identity (address, name, user@name or @name)"),
    (v.choice("a", "b"), "c", "is none of a, b"),
]


@pytest.mark.parametrize(("kind", "text", "reason"), BAD)
def test_what_is_not_taken_is_told_why(kind: v.AnyType, text: str, reason: str) -> None:
    with pytest.raises(ValueError) as told:  # noqa: PT011 — the whole text is compared
        kind.read(text)
    assert str(told.value) == reason


def test_a_bare_number_has_its_fields_unit() -> None:
    assert v.Duration(10, "").milliseconds("s") == 10_000
    assert v.Duration(10, "").milliseconds("ms") == 10
    assert v.Duration(1, "d").milliseconds("s") == 86_400_000


def test_a_removed_key_is_no_key_and_a_key_never_prints() -> None:
    assert v.SECRET.read("(removed)") == Secret(None)
    assert v.SECRET.write(v.SECRET.read("somekey1")) == "(removed)"
    assert "somekey1" not in repr(v.SECRET.read("somekey1"))
