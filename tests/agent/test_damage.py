"""Whatever has become of its files, the agent starts, keeps what is whole, says what is not, and goes on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.agent.world import World, document

WRONG: dict[str, list[Any]] = {
    "document": [{"format": 1}, {"format": 1, "authority": {"router": [{"name": "r"}]}}],
    "ledger": [
        {"entries": {"tables": "x", "pluto c1": 5, "namespaces": {}, "names": [1], "sysctls": 7}},
        {"entries": {"tables": {"s": 254}, "": 1, " ": 1}},
    ],
    "events": [
        {"events": [{"number": "a"}, 5], "decisions": {}, "next": []},
        {"events": {"number": 1}},
    ],
    "alarms": [
        {"standing": [{}, {"number": 1, "time": 1e300, "alarm": {}}], "ports": 7},
        {"standing": "x", "following": -1, "ports": {"numbers": {"lan": "x"}}},
    ],
    "health": [{"tunnels": {"rem1": 5}, "saved": "x"}, {"tunnels": [1]}],
    "totals": [{"remotes": {"rem1": [1, 2], "": None}}, {"remotes": [1]}],
    "confirm": [{"id": 7, "left": -5}, {"left": 1e308, "undone": "2"}, {"left": "soon"}],
}
"""JSON of the right format that holds what it should not."""

SPOILT = [b"", b"\x00\xff" * 99, b"null", b"[" * 20_000, b'{"format": 99}']

CASES = [(name, text) for name in WRONG for text in SPOILT] + [
    (name, json.dumps({"format": 1, **content}).encode())
    for name, contents in WRONG.items()
    for content in contents
]


@pytest.mark.parametrize("before", ["good", "spoilt"])
@pytest.mark.parametrize(("name", "content"), CASES)
def test_it_starts_and_goes_on(tmp_path: Path, name: str, content: bytes, before: str) -> None:
    async def tell() -> None:
        world = World(tmp_path)
        await world.apply(document("1"))
        await world.apply(document("2"))
        await world.after(1)
        await world.close()
        (tmp_path / f"{name}.json").write_bytes(content)
        previous = tmp_path / f"{name}.previous.json"
        if before == "spoilt":
            previous.write_bytes(content)
        world.restart()
        await world.begin()
        lost = name == "document" and before != "good"
        expected = None if lost else "1" if name == "document" else "2"
        assert await world.after(1) == expected
        assert world.agent.view().now
        if content in SPOILT and name != "health":  # that one is read once there is a client
            assert any(f"{name}.json: " in message for message in world.events)
        await world.apply(document("3"))
        assert await world.after(1) == "3"
        await world.close()
        world.restart()
        await world.begin()
        assert await world.after(1) == "3"
        await world.close()

    asyncio.run(tell())
