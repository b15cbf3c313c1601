"""Our nftables table in a namespace: put in whole or not at all, compared by what the kernel holds, taken out.

nft writes rules its own way, so the text of a plan cannot be compared with a listing. What is compared is what
the kernel holds: of the table in force, and of the same text put into a namespace that exists for that only.
Nothing has to be remembered for it, no program runs for it, and a table that somebody changed by hand shows.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import struct
from collections.abc import Callable
from functools import lru_cache

from ipsec_client.base.errors import HostFault
from ipsec_client.base.run import Done, in_thread, run
from ipsec_client.kernel import namespaces
from ipsec_client.kernel.netlink import Netlink, attributes, text
from ipsec_client.plan.objects import NFT_TABLE

NETLINK_NETFILTER = 12
NFNL_SUBSYS_NFTABLES, NFNLGRP_NFTABLES = 10 << 8, 7  # linux/netfilter/nfnetlink.h
NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN, NFT_MSG_GETRULE = 1, 4, 7  # linux/netfilter/nf_tables.h
NFT_MSG_GETSET, NFT_MSG_GETSETELEM = 10, 13
NFGENMSG = struct.Struct("!BBH")  # family, version, resource
NFPROTO_INET = 1

NFTA_TABLE = 1  # in messages about a chain, rule, set or elements alike: the table's name
NFTA_TABLE_USE, NFTA_TABLE_HANDLE = 3, 4
NFTA_CHAIN_HANDLE, NFTA_CHAIN_USE, NFTA_CHAIN_COUNTERS = 2, 6, 8
NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS = 2, 4
NFTA_SET_NAME, NFTA_SET_HANDLE = 2, 16
NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_ELEMENTS = 2, 3
NFTA_EXPR_NAME, NFTA_EXPR_DATA = 1, 2
COUNTING = frozenset({b"counter\0", b"last\0"})
"""Expressions whose data is what went through them."""

AFRESH = f"table inet {NFT_TABLE}\ndelete table inet {NFT_TABLE}\n"
"""Removes the table whether or not it is there: the empty declaration makes it first (nft(8))."""

CALM = 2.0
"""Seconds in which changes of the table are told once: our own are among them."""

Content = tuple[object, ...]


def load(netns: str, wanted: str) -> None:
    """Puts the table in force, in one transaction that replaces the present one; raises HostFault if refused."""
    _require(_nft(netns, AFRESH + wanted), f"the kernel refuses the firewall {_where(netns)}")


def unload(netns: str) -> None:
    """Removes the table; nothing happens when there is none."""
    _require(_nft(netns, AFRESH), f"cannot remove the firewall {_where(netns)}")


def fingerprint(netns: str) -> str | None:
    """A digest of the table in force, its counters left out; None when there is none."""
    with Netlink(NETLINK_NETFILTER, netns) as kernel:
        try:
            table = kernel.get(NFNL_SUBSYS_NFTABLES | NFT_MSG_GETTABLE, _query(), _parse)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return None
            raise
        sets = _dump(kernel, NFT_MSG_GETSET, _query())
        content = [
            _without(table or {}, NFTA_TABLE_USE, NFTA_TABLE_HANDLE),
            [_chain(item) for item in _dump(kernel, NFT_MSG_GETCHAIN, _query())],
            [_rule(item) for item in _dump(kernel, NFT_MSG_GETRULE, _query())],
            [_set(item) for item in sets],
            [_elements(kernel, item[NFTA_SET_NAME]) for item in sets],
        ]
    return hashlib.sha256(repr(content).encode()).hexdigest()


@lru_cache(maxsize=16)
def expected(wanted: str) -> str:
    """The digest of the table that ``wanted`` makes; raises HostFault if it is refused."""

    def tried() -> str | None:
        _require(run(("nft", "-f", "-"), given=wanted), "the kernel refuses the firewall")
        return fingerprint("")

    return in_thread(namespaces.apart, tried) or ""


class FirewallWatch:
    """Tells on the running loop that our table in a namespace was changed, by whomever; at most every CALM seconds.

    Without it nobody would see that NAT is gone, and with it every tunnel, before the next slow comparison.
    """

    def __init__(self, netns: str, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._kernel = Netlink(NETLINK_NETFILTER, netns, groups=(NFNLGRP_NFTABLES,))
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._kernel.fileno(), self._ready)
        self._calm: asyncio.TimerHandle | None = None

    def close(self) -> None:
        """Stops watching."""
        self._loop.remove_reader(self._kernel.fileno())
        self._kernel.close()
        if self._calm:
            self._calm.cancel()

    def _ready(self) -> None:
        ours = False

        def take(kind: int, body: memoryview) -> None:
            nonlocal ours
            ours = ours or _parse(body) is not None

        if (not self._kernel.events(take) or ours) and self._calm is None:
            self._calm = self._loop.call_later(CALM, self._calmed)
            self._on_change()

    def _calmed(self) -> None:
        self._calm = None


# --- what the kernel holds ------------------------------------------------------------------------


def _query(more: bytes = b"") -> bytes:
    return NFGENMSG.pack(NFPROTO_INET, 0, 0) + text(NFTA_TABLE, NFT_TABLE) + more


def _dump(kernel: Netlink, kind: int, query: bytes) -> list[dict[int, bytes]]:
    return kernel.dump(NFNL_SUBSYS_NFTABLES | kind, query, _parse)


def _parse(body: memoryview) -> dict[int, bytes] | None:
    """The attributes of a thing in our table, by number."""
    found = {kind: bytes(data) for kind, data in attributes(body[NFGENMSG.size :])}
    return found if found.get(NFTA_TABLE) == NFT_TABLE.encode() + b"\0" else None


def _without(item: dict[int, bytes], *kinds: int) -> Content:
    return tuple(sorted((kind, data) for kind, data in item.items() if kind not in kinds))


def _chain(item: dict[int, bytes]) -> Content:
    return _without(item, NFTA_CHAIN_HANDLE, NFTA_CHAIN_USE, NFTA_CHAIN_COUNTERS)


def _rule(item: dict[int, bytes]) -> Content:
    expressions = []
    for _, data in attributes(memoryview(item.get(NFTA_RULE_EXPRESSIONS, b""))):
        parts = {kind: bytes(part) for kind, part in attributes(data)}
        name = parts.get(NFTA_EXPR_NAME, b"")
        expressions.append((name, b"" if name in COUNTING else parts.get(NFTA_EXPR_DATA)))
    return item.get(NFTA_RULE_CHAIN), expressions


def _set(item: dict[int, bytes]) -> Content:
    return _without(item, NFTA_SET_HANDLE)


def _elements(kernel: Netlink, name: bytes) -> Content:
    """A set keeps its elements in no order of its own."""
    query = _query(text(NFTA_SET_ELEM_LIST_SET, name.rstrip(b"\0").decode()))
    found: list[bytes] = []
    for item in _dump(kernel, NFT_MSG_GETSETELEM, query):
        listed = memoryview(item.get(NFTA_SET_ELEM_LIST_ELEMENTS, b""))
        found += [bytes(data) for _, data in attributes(listed)]
    return tuple(sorted(found))


# --- nft ------------------------------------------------------------------------------------------


def _nft(netns: str, given: str) -> Done:
    return run(("nft", "-f", "-"), given=given, inside=namespaces.entered(netns))


def _require(done: Done, what: str) -> None:
    if done.status != 0:
        reason = done.err.strip().splitlines()
        raise HostFault(
            f"{what}: {reason[0] if reason else f'nft ended with {done.status}'}",
            cure="Run ipsec-client doctor to see whether nftables works here",
        )


def _where(netns: str) -> str:
    return f"in {netns}" if netns else "of the router"
