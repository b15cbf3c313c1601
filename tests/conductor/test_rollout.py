"""The document goes out again and again; its request changes only when there is something to change."""

from __future__ import annotations

import asyncio

from ipsec_client.base.errors import Fault, HostFault
from ipsec_client.conductor.candidate import prepare
from ipsec_client.conductor.rollout import Rollout
from ipsec_client.config.documents import document
from ipsec_client.wire.document import Document

from .sample import FakeAgent, text


def wanted(commit: str, *remotes: str) -> Document:
    return document(prepare(text(*remotes), None).authority, "router1", "node1", commit)


async def ids(agent: FakeAgent, number: int) -> list[str]:
    """The ids of the next requests."""
    return [(await asyncio.wait_for(agent.heard.get(), 20)).id for _ in range(number)]


def rolled(agent: FakeAgent, number: int) -> tuple[list[str], str]:
    """The ids of the first requests, and what is told then."""

    async def run() -> tuple[list[str], str]:
        rollout = Rollout(agent, again=0.01)
        rollout.want(wanted("7", "rem1"))
        running = asyncio.ensure_future(rollout.run())
        found = await ids(agent, number)
        running.cancel()
        return found, rollout.told

    return asyncio.run(run())


def test_an_agent_that_has_it_is_asked_the_same_again() -> None:
    """So one that was restarted since takes it again, and one that was not answers from memory."""
    found, told = rolled(FakeAgent(), 3)
    assert len(set(found)) == 1
    assert told == "commit 7 is in force"


def test_a_refusal_is_not_asked_from_memory() -> None:
    found, _ = rolled(FakeAgent(faults=[Fault("no"), Fault("no")]), 4)
    assert len({*found[:3]}) == 3
    assert found[2] == found[3]


def test_an_agent_that_is_away_is_asked_the_same() -> None:
    found, _ = rolled(FakeAgent(faults=[HostFault("away")]), 2)
    assert found[0] == found[1]


def test_a_new_document_goes_out_at_once() -> None:
    async def run() -> None:
        agent = FakeAgent()
        rollout = Rollout(agent, again=3600.0)
        running = asyncio.ensure_future(rollout.run())
        await asyncio.sleep(0)
        assert agent.asked == []
        for commit in ("7", "8"):
            rollout.want(wanted(commit, "rem1"))
            [found] = await ids(agent, 1)
            assert f" {commit} " in found
        running.cancel()

    asyncio.run(run())


def test_the_latest_wins_over_one_that_waits() -> None:
    async def run() -> None:
        agent = FakeAgent(faults=[HostFault("away")])
        rollout = Rollout(agent)
        rollout.want(wanted("7", "rem1"))
        running = asyncio.ensure_future(rollout.run())
        await ids(agent, 1)
        rollout.want(wanted("8", "rem1"))
        [found] = await ids(agent, 1)
        assert " 8 " in found
        running.cancel()

    asyncio.run(run())
