"""What is fine is not talked about; what is not is in ``tests/configs/broken``."""

from __future__ import annotations

import pytest

from ipsec_client.config.examine import examine
from tests.config.change import IN_PRIMARY, IN_REM1, IN_REM2, MONITOR, told, with_field
from tests.configs import clean


def test_the_clean_text_is_clean() -> None:
    assert told() == []


FINE: dict[str, list[tuple[str, str]]] = {
    "a gateway by name": [(IN_REM1, "host gateway1.com")],
    "the internal tenant": [with_field(IN_REM1, "tenant _internal_")],
    "a tenant that is a part of an allowed one": [
        ("tenant ipsec\n", "tenant ipsec\n exit\n tenant a.ipsec\n"),
        ("tenant   ipsec", "tenant   a.ipsec"),
    ],
    "a monitor instead of dpddelay": [
        ("dpddelay 10", ""),
        with_field(IN_REM1, MONITOR.format("8.8.8.8", "")),
    ],
    "a full monitor": [
        with_field(
            IN_REM1,
            "tunnel-monitor\n destination 8.8.8.8\n timeout 10\n max-retries 3\n"
            "interval 120\n exit\n exit",
        )
    ],
    "an allowed custom-option": [
        with_field(IN_PRIMARY, "custom-option fragmentation\n value yes\n exit")
    ],
    "both ports of IKE": [
        with_field(
            "address 172.16.5.4",
            "transport udp\n port-range 500\n exit\n port-range 4000\n end-port 4999\n exit\n exit",
        )
    ],
    "a gateway in a connected network": [
        (IN_REM1, "host 172.16.3.77"),
        ("address 172.16.5.4", "address 172.16.5.4\n address 172.16.3.0/24"),
    ],
    "equal identities with one key": [
        (IN_REM2, "host 172.16.4.3"),
        ("profile  secondary", "profile  primary"),
    ],
    "identities of their own": [(IN_REM2, "host 172.16.4.3\n remote-id @second")],
}


@pytest.mark.parametrize("case", FINE)
def test_what_is_fine_is_not_talked_about(case: str) -> None:
    assert told(*FINE[case]) == []


def test_findings_stand_at_their_lines() -> None:
    text = clean().replace(IN_REM1, "").replace("somekey2", "(removed)")
    lines = text.split("\n")
    missing, removed = sorted(examine(text).findings, key=lambda finding: finding.severity)
    assert lines[missing.line - 1].split() == ["remote", "rem1"]
    assert lines[removed.line - 1].split()[0] == "pre-shared-key"
