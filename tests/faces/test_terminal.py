"""The terminal's requests, over a dispatcher that is made for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from ipsec_client.commands.port import Place, Terminal
from ipsec_client.faces.terminal import WIDEST, Face
from ipsec_client.wire.request import Json, Reply, Request, Say


class Parrot:
    """A Dispatcher that says what it was given."""

    daemon = "agent"

    def __init__(self, here: Place | None = None) -> None:
        self.here = here
        self.given: list[tuple[str, Terminal, str]] = []

    async def execute(self, line: str, terminal: Terminal, request: str, say: Say) -> int:
        self.given.append((line, terminal, request))
        await say(f"{line}\n")
        return 1

    def complete(self, line: str) -> list[tuple[str, str]]:
        return [(f"{line}arms", "told")]


async def _awaited(answer: Awaitable[Json]) -> Json:
    return await answer


def asked(face: Face, kind: str, body: dict[str, Any]) -> tuple[Json, list[str]]:
    said: list[str] = []

    async def say(text: str) -> None:
        said.append(text)

    handler = face.handlers[kind]
    data: Json = asyncio.run(_awaited(handler(Request("r1", kind, body, caller=0), say)))
    return data, said


def test_a_line_is_carried_out_for_the_user_the_kernel_names() -> None:
    parrot = Parrot()
    body = {"line": "show alarms", "tty": True, "width": 120, "user": "mallory"}
    data, said = asked(Face(parrot), "command", body)
    assert data == Reply(status=1)
    assert said == ["show alarms\n"]
    assert parrot.given == [("show alarms", Terminal(120, True, "root"), "r1")]


@pytest.mark.parametrize(
    ("width", "meant"), [(None, 80), (-5, 80), ("wide", 80), (10**9, WIDEST), (132, 132)]
)
def test_no_width_does_harm(width: Any, meant: int) -> None:
    parrot = Parrot()
    asked(Face(parrot), "command", {"line": "x", "width": width})
    assert parrot.given[0][1] == Terminal(meant, False, "root")


def test_the_prompt_names_user_node_and_router() -> None:
    data, _ = asked(Face(Parrot(Place("router1", "node1"))), "hello", {})
    assert data == {"daemon": "agent", "prompt": "root@node1.router1# "}
    data, _ = asked(Face(Parrot()), "hello", {})
    assert data["prompt"] == "root@agent# "


def test_completion_passes_words_and_help() -> None:
    data, _ = asked(Face(Parrot()), "complete", {"line": "show al"})
    assert data == [("show alarms", "told")]
