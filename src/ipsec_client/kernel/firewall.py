"""Our nftables table in a namespace: put in whole or not at all, compared by what the kernel lists, taken out.

nft writes rules its own way, so the text of the plan and a listing are never equal. What is compared is two
listings: of the table in force, and of the same text put into a namespace that exists for that only. Nothing has
to be remembered for it, and a table that somebody changed by hand shows.
"""

from __future__ import annotations

from functools import lru_cache

from ipsec_client.base.errors import HostFault
from ipsec_client.base.run import Done, in_thread, run
from ipsec_client.kernel import namespaces
from ipsec_client.plan.objects import NFT_TABLE

AFRESH = f"table inet {NFT_TABLE}\ndelete table inet {NFT_TABLE}\n"
"""Removes the table whether or not it is there: the empty declaration makes it first (nft(8))."""

LIST = ("nft", "-s", "-nn", "list", "table", "inet", NFT_TABLE)
"""Without counters (-s) and with numbers for names (-nn)."""


def load(netns: str, text: str) -> None:
    """Puts the table in force, in one transaction that replaces the present one; raises HostFault if refused."""
    _require(_nft(netns, AFRESH + text), f"the kernel refuses the firewall {_where(netns)}")


def unload(netns: str) -> None:
    """Removes the table; nothing happens when there is none."""
    _require(_nft(netns, AFRESH), f"cannot remove the firewall {_where(netns)}")


def listing(netns: str) -> str | None:
    """The table in force as nft lists it, or None when there is none."""
    done = run(LIST, inside=namespaces.entered(netns))
    if done.status != 0 and "No such file" in done.err:
        return None
    _require(done, f"cannot list the firewall {_where(netns)}")
    return done.out


@lru_cache(maxsize=16)
def expected(text: str) -> str:
    """How nft lists the table that ``text`` makes; raises HostFault if it is refused."""

    def tried() -> Done:
        done = run(("nft", "-f", "-"), given=text)
        return run(LIST) if done.status == 0 else done

    done = in_thread(namespaces.apart, tried)
    _require(done, "the kernel refuses the firewall")
    return done.out


def _nft(netns: str, text: str) -> Done:
    return run(("nft", "-f", "-"), given=text, inside=namespaces.entered(netns))


def _require(done: Done, what: str) -> None:
    if done.status != 0:
        reason = done.err.strip().splitlines()
        raise HostFault(
            f"{what}: {reason[0] if reason else f'nft ended with {done.status}'}",
            cure="Run ipsec-client doctor to see whether nftables works here",
        )


def _where(netns: str) -> str:
    return f"in {netns}" if netns else "of the router"
