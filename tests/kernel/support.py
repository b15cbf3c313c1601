"""What the tests of this room share: a router that is a namespace itself, a client's name, a ledger in memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ipsec_client.kernel import namespaces
from ipsec_client.kernel.apply import apply
from ipsec_client.kernel.observe import observe
from ipsec_client.plan.diff import Step, diff
from ipsec_client.plan.objects import KernelObject, Object

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes namespaces: needs root")


class MemoryLedger:
    """A ledger that lasts as long as the test."""

    def __init__(self) -> None:
        self.entries: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        return self.entries.get(key)

    def put(self, key: str, value: Any) -> None:
        if value is None:
            self.entries.pop(key, None)
        else:
            self.entries[key] = value


@contextmanager
def own_namespace() -> Iterator[None]:
    """Puts this process into a namespace without a name: what the product then takes for the router's own."""
    before = os.open("/proc/self/ns/net", os.O_RDONLY)
    namespaces.apart()
    try:
        yield
    finally:
        namespaces.enter_file(before)
        os.close(before)


def ip(*arguments: str, netns: str = "") -> str:
    """Runs ip(8), the operator's view of what the product did."""
    where = ["-n", netns] if netns else []
    done = subprocess.run(["ip", *where, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def put(*wanted: Object, ledger: MemoryLedger | None = None) -> list[str]:
    """Creates objects; returns what each waits for."""
    given = ledger or MemoryLedger()
    return [apply(Step("create", item, "wanted"), given) for item in wanted]


def take(*found: Object, ledger: MemoryLedger | None = None) -> None:
    """Removes objects."""
    for item in found:
        apply(Step("remove", item, "not wanted"), ledger or MemoryLedger())


def steps(client: str, wanted: Iterable[Object], ledger: MemoryLedger | None = None) -> list[Step]:
    """What is still to be done, ``keep`` left out."""
    plan = list(wanted)
    found: list[KernelObject] = observe([client], plan, ledger or MemoryLedger())
    return [step for step in diff(found, plan) if step.verb != "keep"]
