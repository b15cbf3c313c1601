"""What check says of profiles that contradict what their provider publishes."""

from __future__ import annotations

import pytest

from tests.config.change import (
    CLIENT,
    IN_CLIENT,
    IN_PRIMARY,
    IN_REM1,
    PRIMARY,
    REM1,
    told,
    with_field,
)

TITLE = "AWS Site-to-Site VPN"
OPTIONS = '("Tunnel options for your AWS Site-to-Site VPN connection", read 2026-11-25)'
API = '("ModifyVpnTunnelOptionsSpecification", read 2026-11-25)'
PRACTICE = '("Best practices for an AWS Site-to-Site VPN customer gateway device", read 2026-11-25)'
ZSCALER = '("Understanding IPSec VPNs", read 2026-11-25)'
AWS = (
    "provider aws",
    "perfect-forward-secrecy true",
    "connection-lifetime 1h",
    "local-id 192.0.2.1",
)

PROFILES: list[tuple[tuple[str, ...], str]] = [
    (("ike-encryption camellia256",), (f"ike-encryption: camellia256 is not what {TITLE} takes {OPTIONS}. "
     "It takes aes128, aes256, aes_gcm128 or aes_gcm256")),
    (("ike-lifetime 10m",), f"ike-lifetime: 10m is less than the 900s of {TITLE} {OPTIONS}. Write 900s or more"),
    (("ike-lifetime 9h",), f"ike-lifetime: 9h is more than the 28800s of {TITLE} {OPTIONS}. Write 28800s or less"),
    (("mtu 1500",), f"mtu: 1500 is more than the 1446 of {TITLE} {PRACTICE}. Write 1446 or less"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), PROFILES)
def test_a_profile_against_aws(fields: tuple[str, ...], expected: str) -> None:
    assert told(with_field(IN_PRIMARY, *AWS, *fields)) == [f"warning: {PRIMARY} {expected}"]


def test_what_aws_publishes_is_kept() -> None:
    assert told(with_field(IN_PRIMARY, *AWS)) == []
    same = ("ike-digest sha512", "ike-encryption aes-256-gcm", "phase2-modp dh-20")
    assert told(with_field(IN_PRIMARY, *AWS, *same)) == []


def test_defaults_count_where_nothing_is_written() -> None:
    assert told(with_field(IN_PRIMARY, "provider aws", "local-id 192.0.2.1")) == [
        (
            f"warning: {PRIMARY} perfect-forward-secrecy: false is not what AWS Site-to-Site VPN takes "
            '("Your customer gateway device", read 2026-11-25). It takes true'
        ),
        (
            f"warning: {PRIMARY} connection-lifetime: 8h, the default, is more than the 3600s of AWS "
            f"Site-to-Site VPN {OPTIONS}. Write 3600s or less"
        ),
    ]


@pytest.mark.parametrize("key", ["short", "0leading-zero", "has-a-dash-in-it"])
def test_a_key_is_told_of_without_the_key(key: str) -> None:
    (found,) = told((IN_PRIMARY, "\n".join((f"pre-shared-key {key}", *AWS))))
    assert found == (
        f"warning: {PRIMARY} pre-shared-key: is no key that AWS Site-to-Site VPN takes {API}. It takes 8 to "
        "64 letters, digits, periods and underscores, the first no 0"
    )


REMOTES: list[tuple[list[tuple[str, str]], str]] = [
    ([with_field(IN_REM1, "enforced-mss 1400", "subnet 10.0.0.0/8")],
     f"{REM1} enforced-mss: 1400 is more than the 1360 of Zscaler Internet Access {ZSCALER}. Write 1360 or less"),
    ([with_field(IN_REM1, *(f"local-subnet 10.{n}.0.0/16" for n in range(9)))],
     (f"{REM1} subnet: makes 9 child SAs with local-subnet, and Zscaler Internet Access takes 8 a tunnel "
     f"{ZSCALER}. Write fewer, wider networks, or none")),
]  # fmt: skip
ZSCALERS = with_field(
    IN_PRIMARY,
    *("provider zscaler", "local-id a@example.com", "mtu 1400"),
    *("custom-option esn", "value no", "exit"),
)


@pytest.mark.parametrize(("changes", "expected"), REMOTES)
def test_remotes_against_zscaler(changes: list[tuple[str, str]], expected: str) -> None:
    assert told(ZSCALERS, *changes) == [f"warning: {expected}"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (("local-id a@example.com", "ike-digest sha2_512", "ike-modp dh-19"),
         (f"ike-modp: dh-19 does not go with ike-digest sha2_512 at Zscaler Internet Access {ZSCALER}. "
         "It takes modp2048 there")),
        ((), (f"local-id: is not set, and Zscaler Internet Access knows a site by it {ZSCALER}. "
         "Write the FQDN or user FQDN of the VPN credential")),
        (("local-id 10.0.0.1",), (f"local-id: is not what Zscaler Internet Access knows a site by {ZSCALER}. "
         "Write the FQDN or user FQDN of the VPN credential")),
    ],
)  # fmt: skip
def test_identities_and_what_goes_together(fields: tuple[str, ...], expected: str) -> None:
    lines = ("provider zscaler", *fields, "custom-option esn", "value no", "exit")
    assert told(with_field(IN_PRIMARY, *lines)) == [f"warning: {PRIMARY} {expected}"]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ((), "is not set, and proposals with extended sequence numbers are not supported"),
        (("custom-option esn", "value yes", "exit"),
         "is yes, and proposals with extended sequence numbers are not supported"),
    ],
)  # fmt: skip
def test_options(option: tuple[str, ...], said: str) -> None:
    (found,) = told(with_field(IN_PRIMARY, "provider zscaler", "local-id a@example.com", *option))
    assert found.startswith(f"warning: {PRIMARY} custom-option esn: {said} {ZSCALER}. ")


def test_networks_that_aws_keeps_for_itself() -> None:
    found = told(
        with_field(IN_PRIMARY, *AWS),
        with_field(IN_REM1, "subnet 169.254.5.0/30"),
        with_field(IN_CLIENT.rstrip(), "tunnel-monitor-nat-network 169.254.169.252/30"),
    )
    kept = [line for line in found if "keeps for itself" in line]
    assert kept == [
        (
            f"warning: {where}: {own} is in {own}, which AWS Site-to-Site VPN keeps for itself {API}. "
            "Use another network"
        )
        for where, own in (
            (f"{CLIENT} remote rem1", "169.254.169.252/30"),
            (f"{REM1} subnet", "169.254.5.0/30"),
        )
    ]
