"""What follows from a change of health, when it follows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ipsec_client.agent import in_force
from tests.agent.world import World


def test_changes_that_come_together_are_told_once_and_behind_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        world = World(tmp_path)
        await world.begin()
        told = asyncio.Event()
        times: list[int] = []
        here = world.agent._in_force

        def update_alarms() -> None:
            times.append(len(times))
            told.set()

        monkeypatch.setattr(here, "update_alarms", update_alarms)
        for changes in (3, 1):
            for _ in range(changes):
                here._changed()
            assert not told.is_set(), "the next tunnel's failure would wait for it"
            async with asyncio.timeout(20):
                await told.wait()
            told.clear()
            await asyncio.sleep(2 * in_force.SETTLE)
        assert times == [0, 1]
        here._changed()
        await world.close()

    asyncio.run(run())
