"""Our rules in Docker's firewall. Docker drops what is forwarded unless its own rules know it, and another table's
accept does not help: each is asked. What it leaves to others is the chain DOCKER-USER, which it never empties.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable

from ipsec_client.base.errors import HostFault
from ipsec_client.base.run import run
from ipsec_client.kernel.firewall import (
    NETLINK_NETFILTER,
    NFGENMSG,
    NFNL_SUBSYS_NFTABLES,
    NFT_MSG_GETCHAIN,
    NFT_MSG_GETRULE,
    NFTA_RULE_CHAIN,
    NFTA_TABLE,
)
from ipsec_client.kernel.netlink import Netlink, attributes, text

FAMILIES = {"ip": 2, "ip6": 10}  # NFPROTO_IPV4, NFPROTO_IPV6
TABLE, CHAIN = "filter", "DOCKER-USER"
MARK = "ipsec-client "
"""What the comments of our rules begin with; the device follows."""

NFTA_CHAIN_NAME = 3  # linux/netfilter/nf_tables.h
NFTA_RULE_HANDLE, NFTA_RULE_USERDATA = 3, 7
COMMENT = 0  # the kind of nft's first user data: kind, length, text

Rules = dict[str, int]
"""Our rules in one chain: the device, and the kernel's handle of the rule."""


def admitted(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The devices that Docker's firewall lets pass for us; those wanted where it has none."""
    for family in FAMILIES:
        there = _rules(family)
        if there is not None and set(there) != set(wanted):
            return tuple(there)
    return wanted


def admit(devices: Iterable[str]) -> None:
    """Has it let pass what comes in by these devices, and of ours nothing else; raises HostFault if refused."""
    wanted = list(devices)
    lines: list[str] = []
    for family in FAMILIES:
        there = _rules(family)
        if there is None:
            continue
        where = f"rule {family} {TABLE} {CHAIN}"
        lines += [f"delete {where} handle {there[name]}" for name in there if name not in wanted]
        lines += [
            f'insert {where} iifname "{name}" counter accept comment "{MARK}{name}"'
            for name in wanted
            if name not in there
        ]
    if lines:
        done = run(("nft", "-f", "-"), given="\n".join(lines))
        if done.status:
            reason = done.err.strip().splitlines() or [f"nft ended with {done.status}"]
            raise HostFault(f"Docker's firewall does not take our rules: {reason[0]}")


def _rules(family: str) -> Rules | None:
    """Our rules in Docker's chain; None where there is no such chain."""
    head = NFGENMSG.pack(FAMILIES[family], 0, 0) + text(NFTA_TABLE, TABLE)
    with Netlink(NETLINK_NETFILTER, "") as kernel:
        try:
            kernel.get(
                NFNL_SUBSYS_NFTABLES | NFT_MSG_GETCHAIN, head + text(NFTA_CHAIN_NAME, CHAIN), _any
            )
        except OSError as error:
            if error.errno == errno.ENOENT:
                return None
            raise
        query = head + text(NFTA_RULE_CHAIN, CHAIN)
        found = kernel.dump(NFNL_SUBSYS_NFTABLES | NFT_MSG_GETRULE, query, _ours)
    return dict(found)


def _any(body: memoryview) -> bool:
    return bool(body)


def _ours(body: memoryview) -> tuple[str, int] | None:
    """Device and handle of a rule of ours, by its comment."""
    found = {kind: bytes(data) for kind, data in attributes(body[NFGENMSG.size :])}
    if found.get(NFTA_RULE_CHAIN) != CHAIN.encode() + b"\0":
        return None
    comment = _comment(found.get(NFTA_RULE_USERDATA, b""))
    if not comment.startswith(MARK):
        return None
    return comment.removeprefix(MARK), int.from_bytes(found.get(NFTA_RULE_HANDLE, b""), "big")


def _comment(data: bytes) -> str:
    if len(data) < 2 or data[0] != COMMENT:
        return ""
    return data[2 : 2 + data[1]].rstrip(b"\0").decode(errors="replace")
