"""Commits: what is stored, what is sent, and what is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ipsec_client.base.errors import Fault, HostFault, InputFault
from ipsec_client.commands.port import Committed, Place
from ipsec_client.conductor.conductor import Conductor
from ipsec_client.conductor.datastore.store import Datastore
from ipsec_client.wire.document import from_json
from ipsec_client.wire.request import Reply, Request

from .sample import HERE, Clock, FakeAgent, addresses, text


async def said(_: str) -> None:
    return None


def conductor(folder: Path, agent: FakeAgent, clock: Clock | None = None) -> Conductor:
    return Conductor(Datastore(folder), agent, clock or Clock())


async def take(conducting: Conductor, configuration: str) -> Committed:
    """Commits a text."""
    return await conducting.commit_text(conducting.prepare(configuration), "root")


async def sent(agent: FakeAgent, conducting: Conductor, number: int = 1) -> list[Request]:
    """The first requests that the rollout sends."""
    rollout = asyncio.ensure_future(conducting.run())
    found = [await asyncio.wait_for(agent.heard.get(), 20) for _ in range(number)]
    rollout.cancel()
    return found


def test_a_commit_is_stored_and_its_document_sent_with_keys(tmp_path: Path) -> None:
    async def run() -> None:
        agent = FakeAgent()
        conducting = conductor(tmp_path, agent)
        await take(conducting, text("rem1", "rem2"))
        assert conducting.here == HERE
        [request] = await sent(agent, conducting)
        assert request.kind == "apply"
        document = from_json(request.body["document"])
        assert document.id == "1606185600"
        key = document.router.ipsec_profile[0].pre_shared_key
        assert key is not None
        assert key.reveal() == "somekey1"
        assert agent.asked[0][0] == HERE

    asyncio.run(run())


def test_a_restarted_conductor_sends_what_was_committed(tmp_path: Path) -> None:
    async def run() -> None:
        first = conductor(tmp_path, FakeAgent())
        await take(first, text("rem1"))
        await first.close()
        agent = FakeAgent()
        again = conductor(tmp_path, agent)
        assert again.here == HERE
        assert again.running() == first.running()
        [request] = await sent(agent, again)
        assert request.body["document"]["id"] == "1606185600"

    asyncio.run(run())


def test_versions_grow_even_when_the_clock_does_not(tmp_path: Path) -> None:
    async def run() -> None:
        clock = Clock(1000.0)
        conducting = conductor(tmp_path, FakeAgent(), clock)
        versions = [(await take(conducting, text("rem1"))).version]
        clock.wall = 500.0
        versions.append((await take(conducting, text("rem2"))).version)
        clock.wall = 2000.0
        versions.append((await take(conducting, text("rem3"))).version)
        assert versions == [1000, 1001, 2000]

    asyncio.run(run())


def test_the_same_configuration_is_no_new_commit_but_a_new_key_is(tmp_path: Path) -> None:
    """A document's digest leaves keys out; its id does not let a new key go unnoticed."""

    async def run() -> None:
        agent = FakeAgent()
        conducting = conductor(tmp_path, agent)
        versions = [
            (await take(conducting, text(key=key))).version
            for key in ("somekey1", "somekey1", "(removed)", "other")
        ]
        assert versions[:3] == [versions[0]] * 3
        assert versions[3] == versions[0] + 1

    asyncio.run(run())


def test_removing_a_remote_moves_no_address(tmp_path: Path) -> None:
    async def run() -> None:
        agent = FakeAgent()
        conducting = conductor(tmp_path, agent)
        await take(conducting, text("rem1", "rem2"))
        [before] = await sent(agent, conducting)
        await take(conducting, text("rem2"))
        [after] = await sent(agent, conducting)
        assert before.id != after.id
        assert addresses(after.body["document"]) == {
            "client1": "169.254.129.1",
            "rem2": addresses(before.body["document"])["rem2"],
        }

    asyncio.run(run())


def test_the_agent_is_waited_for_and_then_asked_the_same(tmp_path: Path) -> None:
    async def run() -> None:
        agent = FakeAgent(faults=[HostFault("not there"), HostFault("not there")])
        conducting = conductor(tmp_path, agent)
        await take(conducting, text())
        requests = await sent(agent, conducting, 3)
        assert len({request.id for request in requests}) == 1

    asyncio.run(run())


def test_a_refusal_is_logged_and_no_key_with_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        agent = FakeAgent(faults=[Fault("no namespace", cure="Run doctor")])
        conducting = conductor(tmp_path, agent)
        await take(conducting, text())
        rollout = asyncio.ensure_future(conducting.run())
        await asyncio.wait_for(agent.heard.get(), 20)
        await take(conducting, text("rem1"))
        await asyncio.wait_for(agent.heard.get(), 20)
        rollout.cancel()

    asyncio.run(run())
    assert "was refused: no namespace. Run doctor" in caplog.text
    assert "somekey1" not in caplog.text


def test_a_node_elsewhere_cannot_be_asked(tmp_path: Path) -> None:
    async def run() -> None:
        conducting = conductor(tmp_path, FakeAgent())
        await take(conducting, text())
        with pytest.raises(HostFault, match=r"node9\.router9 is on another machine"):
            await conducting.call(Place("router9", "node9"), Request("1", "ask"), said)

    asyncio.run(run())


def test_a_configuration_without_a_place_for_this_machine_is_refused(tmp_path: Path) -> None:
    conducting = Conductor(Datastore(tmp_path), FakeAgent(), Clock(), router="router9")
    with pytest.raises(InputFault, match="no router router9"):
        conducting.prepare(text())
    assert conducting.running() is None


def test_committing_by_request(tmp_path: Path) -> None:
    async def run() -> None:
        conducting = conductor(tmp_path, FakeAgent())
        commit = conducting.handlers["commit"]
        body = {"text": text(), "name": "new.conf"}
        done = await commit(Request("1", "commit", body), said)
        assert done["commit"] == 1606185600
        before = conducting.running()
        bad = {"text": text().replace("\nprofile primary", "\nprofile gold"), "name": "bad.conf"}
        refused = await commit(Request("2", "commit", bad), said)
        assert isinstance(refused, Reply)
        assert refused.status == 1
        assert any("bad.conf:" in line and "gold" in line for line in refused.data["findings"])
        assert conducting.running() == before

    asyncio.run(run())
