"""What keeps its provider's limits is not told of; what does not is in ``tests/configs/broken/providers.cases``."""

from __future__ import annotations

import pytest

from tests.config.change import IN_PRIMARY, IN_REM1, PRIMARY, told, with_field

AWS = ("provider aws", "perfect-forward-secrecy true", "connection-lifetime 1h")


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ("ike-digest sha512", "ike-digest sha2", "ike-encryption aes-256-gcm"),
        ("ike-lifetime 900", "mtu 1300"),
        ("ike-lifetime 28800", "phase2-modp dh-20"),
    ],
)
def test_what_aws_publishes_is_kept(fields: tuple[str, ...]) -> None:
    assert told(with_field(IN_PRIMARY, *AWS, *fields)) == []


def test_an_mss_within_the_limit() -> None:
    gcm = "phase2-encryption aes_gcm256"
    assert told(with_field(IN_PRIMARY, *AWS, gcm), with_field(IN_REM1, "enforced-mss 1390")) == []


def test_a_group_counts_with_pfs_only() -> None:
    azure = ("provider azure", "mtu 1400", "phase2-modp modp4096")
    assert told(with_field(IN_PRIMARY, *azure)) == [
        f"warning: {PRIMARY} phase2-modp: has no effect without perfect-forward-secrecy"
    ]
    assert len(told(with_field(IN_PRIMARY, *azure, "perfect-forward-secrecy true"))) == 1
