"""Two looks at kernel and pluto, and what is ended after them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ipsec_client.agent import sweep
from ipsec_client.agent.sweep import SLOW, Sweep, looked
from ipsec_client.base.errors import HostFault
from ipsec_client.health import types as h
from ipsec_client.health.surplus import GRACE, Stranger
from ipsec_client.kernel import xfrm
from ipsec_client.kernel.xfrm import Sa, SaUse
from ipsec_client.pluto.status import Child

NAME = "ipsec-client-tunnel-p-rem1"
REMOTES = {1: "rem1", 2: "my-rem1"}
LOCAL, GATEWAY = "169.254.129.2", "172.16.4.3"


def halves(if_id: int, inbound: int, outbound: int, octets: int) -> list[SaUse]:
    """A child SA as the kernel has it."""
    return [
        SaUse(Sa(if_id, GATEWAY, LOCAL, inbound, 50), 0, octets, 0),
        SaUse(Sa(if_id, LOCAL, GATEWAY, outbound, 50), 0, octets, 0),
    ]


class Machine:
    """A kernel and a pluto that are what a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.uses: list[SaUse] = []
        self.known: list[Child] = []
        self.asked = 0
        self.ended: list[int | str] = []
        self.told: list[h.Decision] = []
        self.sweep = Sweep("client1", self, self.told.append)
        monkeypatch.setattr(xfrm, "uses", lambda _: self.uses)
        monkeypatch.setattr(xfrm, "remove", lambda _, to, spi: self.ended.append(f"{to} {spi:#x}"))

    async def children(self) -> list[Child]:
        self.asked += 1
        return self.known

    async def end_child(self, serial: int) -> None:
        self.ended.append(serial)

    def at(self, now: float) -> None:
        asyncio.run(self.sweep.sweep(REMOTES, now))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_a_second_child_is_ended_once_the_other_is_seen_to_carry(machine: Machine) -> None:
    machine.known = [Child(NAME, 3, 0x31, 0x30), Child(NAME, 7, 0x71, 0x70)]
    machine.uses = halves(1, 0x30, 0x31, 100) + halves(1, 0x70, 0x71, 100)
    machine.at(0)
    machine.uses = halves(1, 0x30, 0x31, 100) + halves(1, 0x70, 0x71, 200)
    machine.at(10)
    assert machine.ended == []
    machine.at(GRACE)
    assert machine.ended == [3]
    assert machine.told == [h.Decision("rem1", "cleaned", "child SA #3 is ended: #7 carries")]


def test_what_pluto_does_not_know_is_removed_from_the_kernel(machine: Machine) -> None:
    machine.known = [Child(NAME, 3, 0x31, 0x30)]
    machine.uses = halves(1, 0x30, 0x31, 1) + halves(2, 0x70, 0x71, 1) + halves(9, 0x90, 0x91, 1)
    machine.at(0)
    machine.at(GRACE)
    assert set(machine.ended) == {
        f"{LOCAL} 0x70",
        f"{GATEWAY} 0x71",
    }
    assert {decision.remote for decision in machine.told} == {"my-rem1"}


def test_pluto_is_asked_when_the_kernel_shows_news_and_else_at_a_slow_pace(
    machine: Machine,
) -> None:
    machine.known = [Child(NAME, 3, 0x31, 0x30)]
    machine.uses = halves(1, 0x30, 0x31, 1)
    for now in (0.0, 10.0, 20.0, 30.0):
        machine.at(now)
    assert machine.asked == 1
    machine.uses = halves(1, 0x40, 0x41, 1)
    machine.known = [Child(NAME, 4, 0x41, 0x40)]
    machine.at(40)
    assert machine.asked == 2
    machine.at(40 + SLOW)
    assert machine.asked == 3
    assert machine.ended == []


def test_a_pair_of_subnets_is_named_and_a_half_that_is_missing_is_none() -> None:
    look = looked(5.0, halves(1, 0x30, 0x31, 9)[:1], [Child(f"{NAME}/1x2", 3, 0x31, 0x30)])
    [child] = look.children
    assert (child.inbound, child.outbound, look.strangers) == (9, None, frozenset())
    assert sweep._remote(child, REMOTES) == "rem1"
    assert sweep._remote(replace(child, name="ipsec-client-tunnel-p-my-rem1"), REMOTES) == "my-rem1"
    assert looked(5.0, halves(1, 0x30, 0x31, 9), []).strangers == {
        Stranger(1, LOCAL, 0x30),
        Stranger(1, GATEWAY, 0x31),
    }


@pytest.mark.parametrize("error", [HostFault("no answer"), OSError("no namespace")])
def test_who_does_not_answer_is_asked_again(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fail() -> list[Child]:
        raise error

    machine.uses = halves(1, 0x30, 0x31, 1)
    with monkeypatch.context() as patch:
        patch.setattr(machine, "children", fail)
        machine.at(0)
    machine.at(1)
    assert machine.asked == 1
