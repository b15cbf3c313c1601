"""A commit that nobody confirms is undone by the node itself: in time, after a restart, with nobody to ask."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ipsec_client.base import files
from ipsec_client.base.errors import HostFault, InputFault
from ipsec_client.wire.document import to_json
from ipsec_client.wire.request import Request
from tests.agent.world import World, document, pass_over

ONE = document("1")
UNDONE = "Commit undone: 2 was not confirmed in time"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_it_goes_back_at_its_deadline_and_says_so(world: World) -> None:
    async def story() -> None:
        await world.apply(ONE)
        before = world.workshop.wanted
        await world.apply(document("2", seconds=60, previous=ONE))
        assert world.agent.report()["confirm"] == 60
        assert world.workshop.wanted != before
        assert await world.after(59) == "2"
        assert world.agent.view().document == "2 (undone in 1s unless it is confirmed)"
        assert not world.alarms
        assert await world.after(1.5) == "1"
        assert world.workshop.wanted == before
        report = world.agent.report()
        assert report["undone"] == "2"
        assert report["confirm"] is None
        assert world.alarms == [UNDONE]
        assert world.events[-1] == "Commit 2 is undone: it was not confirmed in time"
        # Nothing more comes of it, and the next document ends the alarm.
        assert await world.after(1000) == "1"
        await world.apply(document("3"))
        assert await world.after(1) == "3"
        assert not world.alarms
        await world.close()

    asyncio.run(story())


@pytest.mark.parametrize("following", ["2", "3", "1"])
def test_a_document_without_a_deadline_confirms_it(world: World, following: str) -> None:
    async def story() -> None:
        await world.apply(ONE)
        await world.apply(document("2", seconds=60, previous=ONE))
        await world.after(30)
        await world.apply(document(following))
        assert await world.after(1000) == following
        assert not world.alarms
        await world.close()

    asyncio.run(story())


@pytest.mark.parametrize("boot", [0.0, 5.0])
def test_a_restart_neither_stops_nor_begins_its_time_anew(world: World, boot: float) -> None:
    async def story() -> None:
        await world.apply(ONE)
        await world.apply(document("2", seconds=60, previous=ONE))
        assert await world.after(40) == "2"
        await world.close()
        world.restart(boot)
        await world.begin()
        assert await world.after(19) == "2"
        assert await world.after(1.5) == "1"
        await world.close()
        world.restart()
        await world.begin()
        assert await world.after(0) == "1"
        assert world.agent.report()["undone"] == "2"
        assert world.alarms == [UNDONE]
        await world.close()

    asyncio.run(story())


def test_an_agent_that_ended_while_it_went_back_goes_on_with_it(world: World) -> None:
    async def story() -> None:
        await world.apply(ONE)
        await world.apply(document("2", seconds=60, previous=ONE))
        await world.agent._confirmation.give_up()
        await world.close()
        world.restart()
        await world.begin()
        assert await world.after(0) == "1"
        assert world.alarms == [UNDONE]
        await world.close()

    asyncio.run(story())


def test_with_its_time_lost_it_begins_anew_and_ends(world: World) -> None:
    async def story() -> None:
        await world.apply(ONE)
        await world.apply(document("2", seconds=60, previous=ONE))
        await world.after(40)
        await world.close()
        for path in world.folder.glob("confirm*"):
            path.write_text("{")
        world.restart()
        await world.begin()
        assert await world.after(40) == "2"
        assert await world.after(21) == "1"
        await world.close()

    asyncio.run(story())


def test_a_full_disk_keeps_nobody_from_going_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    async def story() -> None:
        await world.apply(ONE)
        await world.apply(document("2", seconds=60, previous=ONE))
        with monkeypatch.context() as disk:
            disk.setattr(files, "replace", full)
            assert await world.after(61) == "1"
            await world.close()
        world.restart()
        await world.begin()
        assert await world.after(61) == "1"
        await world.close()

    asyncio.run(story())


def test_a_document_that_cannot_be_kept_is_refused_with_the_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    async def story() -> None:
        await world.apply(ONE)
        with monkeypatch.context() as disk:
            disk.setattr(files, "replace", full)
            with pytest.raises(HostFault, match=r"commit 2 cannot be kept in .*: No space left"):
                await world.apply(document("2"))
        assert await world.after(1) == "1"
        await world.close()

    asyncio.run(story())


def test_sent_again_it_has_no_more_time_than_before(world: World) -> None:
    async def story() -> None:
        await world.apply(ONE)
        await world.apply(document("2", seconds=60, previous=ONE))
        await world.after(50)
        await world.apply(document("2", seconds=60, previous=ONE))
        assert world.agent.report()["confirm"] == 10
        await world.apply(document("2", seconds=4, previous=ONE))
        assert world.agent.report()["confirm"] == 4
        await world.apply(document("3", seconds=60, previous=ONE))
        assert world.agent.report()["confirm"] == 60
        assert await world.after(61) == "1"
        await world.close()

    asyncio.run(story())


def test_what_was_undone_comes_back_only_confirmed(world: World) -> None:
    async def story() -> None:
        await world.apply(ONE)
        unconfirmed = document("2", seconds=60, previous=ONE)
        await world.apply(unconfirmed)
        await world.after(61)
        with pytest.raises(InputFault, match="2 was undone here"):
            await world.apply(unconfirmed)
        assert await world.after(0) == "1"
        await world.apply(document("2"))
        assert await world.after(1000) == "2"
        await world.close()

    asyncio.run(story())


def test_without_a_document_to_go_back_to_it_is_what_was_here(world: World) -> None:
    async def story() -> None:
        await world.apply(document("2", seconds=60))
        assert await world.after(61) is None
        assert world.workshop.wanted == []
        assert world.alarms == [UNDONE]
        await world.apply(ONE)
        await world.apply(document("3", seconds=60))
        await world.apply(document("4", seconds=60))
        assert await world.after(61) == "1"
        await world.close()

    asyncio.run(story())


def test_a_way_back_that_leads_nowhere_is_refused_at_once(world: World) -> None:
    async def story() -> None:
        await world.apply(ONE)
        broken = document("0")
        nowhere = to_json(document("2", seconds=60, previous=broken))
        nowhere["confirm"]["previous"]["digest"] = "sha256:0"
        with pytest.raises(InputFault, match="digest"):
            await world.agent.apply(Request("1", "apply", {"document": nowhere}), pass_over)
        assert await world.after(1000) == "1"
        await world.close()

    asyncio.run(story())


def test_a_node_torn_down_has_nothing_to_go_back_to(world: World) -> None:
    async def story() -> None:
        await world.apply(ONE)
        await world.apply(document("2", seconds=60, previous=ONE))
        await world.agent.teardown(Request("2", "teardown"), pass_over)
        assert await world.after(1000) is None
        assert not world.alarms
        await world.close()

    asyncio.run(story())


def test_with_every_document_damaged_it_starts_says_so_and_touches_nothing(world: World) -> None:
    async def story() -> None:
        await world.apply(ONE)
        await world.apply(document("2"))
        await world.close()
        for path in world.folder.glob("document*"):
            path.write_bytes(b"\x00")
        world.restart()
        await world.begin()
        assert world.workshop.passes == 0
        assert any("document.json" in message for message in world.events)
        await world.apply(ONE)
        assert world.workshop.passes == 1
        await world.close()

    asyncio.run(story())
