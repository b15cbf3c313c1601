"""An agent that is killed while it brings the node about: whatever was done by then, the next one converges.

Killed before each single change of kernel or ledger. `python -m tests.kernel.test_interrupted [FROM]` tries every one
(minutes); the suite some of them, spread evenly.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from ipsec_client.kernel import firewall, namespaces, sysctl
from ipsec_client.kernel.netlink import Netlink
from ipsec_client.kernel.observe import observe
from ipsec_client.plan.objects import Firewall, Kni, Object, Route

from .support import MemoryLedger, ip, needs_root, own_namespace, steps
from .test_apply import ROUTER_TABLE, converge, kni, settle, whole

pytestmark = needs_root

SOME = 3
"""Instants of each change that the suite tries."""


FORWARD = "net/ipv4/ip_forward"


class Killed(BaseException):
    """The end of the agent, which no handler sees."""


class Fuse:
    """Burns one unit with each change; when it is out, the agent is killed before the next."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.burnt = 0

    def before(self, change: Callable[..., Any]) -> Callable[..., Any]:
        """The change, as long as there is something left."""

        def changed(*words: Any, **more: Any) -> Any:
            if self.burnt == self.length:
                raise Killed
            self.burnt += 1
            return change(*words, **more)

        return changed


@contextmanager
def burning(fuse: Fuse) -> Iterator[None]:
    """While the body runs, each change of the kernel or the ledger burns a unit."""
    places: tuple[tuple[Any, str], ...] = (
        (Netlink, "requests"),
        (firewall, "_nft"),
        (namespaces, "create"),
        (namespaces, "delete"),
        (sysctl, "write"),
        (MemoryLedger, "put"),
    )
    with ExitStack() as stack:
        for place, name in places:
            stack.enter_context(patch.object(place, name, fuse.before(getattr(place, name))))
        yield


def edited(client: str) -> list[Object]:
    """The node with one remote less, another with a changed KNI, and another firewall."""
    less = [item for item in whole(client) if "rem2" not in (item.name, getattr(item, "dev", ""))]
    return [_edited(item, client) for item in less]


def _edited(item: Object, client: str) -> Object:
    match item:
        case Kni(name="rem1"):
            return kni(client, 1, mtu=1400)
        case Firewall(netns=""):
            return Firewall("", ROUTER_TABLE.replace("10.0.0.0/8", "10.1.0.0/16"))
        case Route(table=128000, metric=10):
            return Route("", 128000, "default", 15, dev=item.dev, via=item.via)
    return item


def nothing(_: str) -> list[Object]:
    """No node at all."""
    return []


Plan = Callable[[str], list[Object]]
CHANGES: dict[str, tuple[Plan, Plan]] = {
    "made": (nothing, whole),
    "edited": (whole, edited),
    "undone": (edited, whole),
    "removed": (whole, nothing),
}


def killed_at(instant: int, client: str, before: Plan, after: Plan) -> bool:
    """Brings a node from one plan to another, killed at an instant and begun anew; False where all was done by then."""
    ledger, fuse = MemoryLedger(), Fuse(instant)
    found = ip("rule"), sysctl.read("", FORWARD)
    settle(client, before(client), ledger)
    try:
        with burning(fuse):
            converge(client, after(client), ledger)
        return False
    except Killed:
        return True
    finally:
        settle(client, after(client), ledger)
        assert steps(client, after(client), ledger) == []
        settle(client, [], ledger)
        assert observe([client], [], ledger) == []
        assert ledger.entries == {}
        assert (ip("rule"), sysctl.read("", FORWARD)) == found


def changes_in(client: str, before: Plan, after: Plan) -> int:
    """How many single changes it takes."""
    ledger, fuse = MemoryLedger(), Fuse(-1)
    settle(client, before(client), ledger)
    with burning(fuse):
        converge(client, after(client), ledger)
    settle(client, [], ledger)
    return fuse.burnt


@pytest.mark.parametrize("name", CHANGES)
def test_whoever_comes_after_a_killed_agent_finishes_what_it_began(client: str, name: str) -> None:
    before, after = CHANGES[name]
    count = changes_in(client, before, after)
    assert count > SOME
    for part in range(SOME):
        assert killed_at(count * part // SOME, client, before, after)


def main(first: int) -> None:
    """Every instant of every change."""
    client = f"i{os.getpid()}"
    for name, (before, after) in CHANGES.items():
        instant = first
        while killed_at(instant, client, before, after):
            instant += 1
        print(f"{name}: killed at each of {instant} instants, converged every time", flush=True)


if __name__ == "__main__":
    with own_namespace():
        main(int(sys.argv[1]) if sys.argv[1:] else 0)
