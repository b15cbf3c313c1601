"""What this machine's kernel lacks of what the lab needs, found out by trying it where nothing can be disturbed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ipsec_lab import tools

_SA = (
    "xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 1 reqid 1 mode tunnel"
    " aead rfc4106(gcm(aes)) 0x0123456789abcdef0123456789abcdef01234567 128"
)
_NFT = """\
table inet probe {
    chain nat {
        type nat hook postrouting priority srcnat
        ct state new oifname "x" masquerade
    }
    chain guard {
        type filter hook forward priority filter
        meta ipsec exists drop
        fib daddr type local accept
        tcp flags syn tcp option maxseg size set rt mtu
        reject with icmpx admin-prohibited
    }
}
"""
MARK = "ipsec_lab=guest"
"""What a guest's kernel is started with besides what it needs itself."""

_ENTER = ("unshare", "--net", "--")
_TRIALS: tuple[tuple[str, Sequence[str], str | None], ...] = (
    ("ESP", ("ip", *_SA.split()), None),
    (
        "XFRM interfaces",
        ("ip", "link", "add", "x", "type", "xfrm", "dev", "lo", "if_id", "1"),
        None,
    ),
    ("veth", ("ip", "link", "add", "x", "type", "veth", "peer", "name", "y"), None),
    ("nftables", ("nft", "-f", "-"), _NFT),
    ("netem", ("tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"), None),
)


def missing(run: tools.Runner = tools.run) -> list[str]:
    """Names of what this kernel cannot do; empty if it has all.

    Each is tried in a network namespace that goes away with the trial. Needs root, iproute2 and nftables.
    """
    return [name for name, argv, given in _TRIALS if run([*_ENTER, *argv], given=given).status != 0]


def inside_guest(command_line: Path = Path("/proc/cmdline")) -> bool:
    """Whether this very process runs in a guest of the lab, whose kernel has all."""
    return MARK in command_line.read_text().split()
