"""One change to a text without findings, and what is then found: for the tests of the rules."""

from __future__ import annotations

from ipsec_client.config.examine import examine
from tests.configs import clean

ROUTER = "authority router router1"
NODE = f"{ROUTER} node node1"
CLIENT = f"{NODE} ipsec-client client1"
REM1 = f"{CLIENT} remote rem1"
REM2 = f"{CLIENT} remote rem2"
PRIMARY = f"{ROUTER} ipsec-profile primary"
WAN = f"{NODE} device-interface wan"
WANINTF = f"{WAN} network-interface wanintf"
HOP1 = f"{ROUTER} service-route rem1 next-hop node1 rem1-intf"

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


def remote(name: str, host: str) -> str:
    return f"remote {name}\n host {host}\n profile primary\n exit\n"


def rename(old: str, new: str) -> list[tuple[str, str]]:
    """The changes that give a client or remote another name where it is defined."""
    kind = "ipsec-client              " if old == "client1" else "remote   "
    return [(f"{kind}{old}", f"{kind}{new}"), (f"name     {old}", f"name     {new}")]
