"""One change to a text without findings, and what is then found: for the tests of the rules."""

from __future__ import annotations

from ipsec_client.config.examine import examine
from tests.configs import clean

PRIMARY = "authority router router1 ipsec-profile primary"

IN_PRIMARY = "pre-shared-key       somekey1"
IN_CLIENT = "tenant   ipsec\n"
IN_REM1 = "host     172.16.4.3"
IN_REM2 = "host     172.16.5.4"
MONITOR = "tunnel-monitor\n destination {}\n exit\n {} exit"


def told(*changes: tuple[str, str]) -> list[str]:
    """The findings of the clean text after replacing, once each."""
    text = clean()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return [str(finding) for finding in examine(text).findings]


def with_field(place: str, *fields: str) -> tuple[str, str]:
    """A change that adds fields after a line."""
    return (place, "\n".join((place, *fields)) + "\n")
