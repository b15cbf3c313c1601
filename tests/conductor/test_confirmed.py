"""Commits that undo themselves unless they are confirmed."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.commands.port import (
    Committed,
)
from ipsec_client.conductor.conductor import Conductor
from ipsec_client.config.edit import Edit
from ipsec_client.config.printer import write
from ipsec_client.model.elements import Authority, Config
from ipsec_client.wire.document import from_json
from ipsec_client.wire.request import Json

from .sample import Clock, FakeAgent, addresses, text
from .scenes import REM1, REM2, conducting, heard, host, run


def remotes(document: Json) -> set[str]:
    return set(addresses(document)) - {"client1"}


async def risky(conductor: Conductor, minutes: int = 10) -> Committed:
    """Ann's commit that removes rem1, to be confirmed."""
    await conductor.edit("ann", [Edit("delete", REM1)])
    commit = await conductor.commit("ann", confirmed=minutes)
    assert commit is not None
    return commit


def test_a_commit_that_awaits_confirmation_says_so_to_its_node(tmp_path: Path) -> None:
    async def scene() -> None:
        agent, clock = FakeAgent(), Clock(1000.0)
        async with conducting(tmp_path, clock, agent, text("rem1", "rem2")) as conductor:
            commit = await risky(conductor)
            assert commit.confirmed_until == 1600.0
            [request] = await heard(conductor, agent)
            document = request.body["document"]
            assert remotes(document) == {"rem2"}
            assert document["confirm"]["seconds"] == 610.0
            assert remotes(document["confirm"]["previous"]) == {"rem1", "rem2"}
            clock.mono, clock.wall = 60.0, 1060.0
            [again] = await heard(conductor, agent)
            assert again.id == request.id
            assert again.body["document"]["confirm"]["seconds"] == 550.0
            confirmed = await conductor.confirm("bob")
            assert confirmed == replace(commit, confirmed_until=None)
            [last] = await heard(conductor, agent)
            assert last.id != request.id
            assert last.body["document"]["id"] == document["id"]
            assert "confirm" not in last.body["document"]
            with pytest.raises(Fault, match="no commit awaits"):
                await conductor.confirm("ann")

    run(scene)


def test_while_one_awaits_confirmation_no_other_is_taken_but_a_text(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, first=text("rem1", "rem2")) as conductor:
            await risky(conductor)
            await conductor.edit("bob", [host("172.16.9.9", REM2)])
            with pytest.raises(Fault, match=r"of ann awaits its confirmation until 2020-11-2."):
                await conductor.commit("bob")
            for minutes in (0, 1441):
                with pytest.raises(InputFault, match="within 1 to 1440 minutes"):
                    await conductor.commit("bob", confirmed=minutes)
            printed = write(Config(authority=conductor.running()))
            same = await conductor.commit_text(conductor.prepare(printed), "root")
            assert (same.user, same.confirmed_until) == ("ann", None)
            await conductor.discard("bob")
            await conductor.edit("ann", [Edit("set", REM2, "remote-id", "x")])
            await conductor.commit("ann", confirmed=1)
            await conductor.commit_text(conductor.prepare(text("rem3")), "root")
            assert all(commit.confirmed_until is None for commit in conductor.history())

    run(scene)


def test_unconfirmed_it_undoes_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def scene() -> None:
        agent, clock = FakeAgent(), Clock(1000.0)
        async with conducting(tmp_path, clock, agent, text("rem1", "rem2")) as conductor:
            before = conductor.running()
            running = asyncio.ensure_future(conductor.run())
            await agent.heard.get()
            commit = await risky(conductor, 1)
            await agent.heard.get()
            clock.mono, clock.wall = 60.0, 990.0  # by the monotonic clock it is over
            conductor._commits._changed.set()
            request = await agent.heard.get()
            running.cancel()
            assert "confirm" not in request.body["document"]
            assert remotes(request.body["document"]) == {"rem1", "rem2"}
            assert conductor.running() == before
            latest = conductor.history()[0]
            assert (latest.undone_from, latest.user) == (commit.version, "ann")
            assert latest.version == commit.version + 1
            assert conductor.history()[1].confirmed_until is None

    run(scene)
    assert "was not confirmed, and is undone" in caplog.text


@pytest.mark.parametrize("later", [59.0, 61.0])
def test_the_deadline_outlives_the_conductor(tmp_path: Path, later: float) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, Clock(1000.0), first=text("rem1", "rem2")) as conductor:
            await risky(conductor, 1)
        agent, clock = FakeAgent(), Clock(1000.0 + later)
        async with conducting(tmp_path, clock, agent) as conductor:
            [request] = await heard(conductor, agent)
            document = request.body["document"]
            if later < 60.0:
                assert document["confirm"]["seconds"] == pytest.approx(11.0)
                assert remotes(document["confirm"]["previous"]) == {"rem1", "rem2"}
                assert conductor.history()[0].confirmed_until == 1060.0
            else:
                assert remotes(document) == {"rem1", "rem2"}
                assert "confirm" not in document
                assert len(agent.asked) == 1

    run(scene)


def test_a_wall_clock_set_back_gives_no_more_time_than_was_asked_for(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, Clock(100_000.0), first=text("rem1", "rem2")) as conductor:
            await risky(conductor, 1)
        agent = FakeAgent()
        async with conducting(tmp_path, Clock(0.0), agent) as conductor:
            [request] = await heard(conductor, agent)
            assert request.body["document"]["confirm"]["seconds"] == 70.0

    run(scene)


def test_the_very_first_commit_can_be_undone_too(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, Clock(1000.0)) as conductor:
            await conductor.replace("ann", conductor.prepare(text("rem1")).authority)
            await conductor.commit("ann", confirmed=1)
        agent = FakeAgent()
        async with conducting(tmp_path, Clock(1061.0), agent) as conductor:
            [request] = await heard(conductor, agent)
            assert from_json(request.body["document"]).client is None
            assert conductor.running() == Authority()

    run(scene)
