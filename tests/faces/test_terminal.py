"""The terminal's requests, over a dispatcher that is made for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.port import Terminal
from ipsec_client.commands.session import Context, Line, Outcome, Question
from ipsec_client.faces.terminal import WIDEST, Face
from ipsec_client.wire.request import Json, Reply, Request, Say


class Parrot:
    """A Dispatcher that says what it was given; ``outcome`` comes of each line."""

    daemon = "agent"

    def __init__(self, outcome: Outcome | None = None) -> None:
        self.outcome = outcome or Outcome(1)
        self.given: list[Line] = []

    async def execute(self, line: Line, say: Say) -> Outcome:
        self.given.append(line)
        await say(f"{line.text}\n")
        return self.outcome

    def complete(self, line: Line) -> list[tuple[str, str]]:
        return [(f"{line.text}arms", str(line.context.path))]

    def prompt(self, terminal: Terminal, context: Context) -> str:
        return f"{terminal.user} {context.path}# "


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
    assert data == Reply(status=1, data={"context": None, "prompt": "root None# "})
    assert said == ["show alarms\n"]
    assert parrot.given == [Line("show alarms", Terminal(120, True, "root"), "r1")]


def test_where_a_session_stands_goes_to_and_fro() -> None:
    parrot = Parrot(Outcome(0, Context(("authority",), ((),)), Question("Key: ", True), "pre"))
    context = {"path": ["authority", "router", "r1"], "back": []}
    body = {"line": "x", "interactive": True, "context": context, "answers": ["y"]}
    data, _ = asked(Face(parrot), "command", body)
    assert parrot.given[0].context == Context(("authority", "router", "r1"))
    assert parrot.given[0].answers == ("y",)
    assert parrot.given[0].terminal.interactive
    assert data.data == {
        "context": {"path": ["authority"], "back": [[]]},
        "prompt": "root ('authority',)# ",
        "question": {"text": "Key: ", "secret": True},
        "kept": "pre",
    }


def test_what_is_asked_about_goes_to_and_fro() -> None:
    parrot = Parrot(Outcome(0, question=Question("Sure? ", shown="that", anew=True)))
    data, _ = asked(Face(parrot), "command", {"line": "x", "answers": ["y"], "shown": "this"})
    assert parrot.given[0].shown == "this"
    question = {"text": "Sure? ", "secret": False, "shown": "that", "anew": True}
    assert data.data["question"] == question


@pytest.mark.parametrize("context", ["x", {}, {"path": "a", "back": []}, {"path": [1], "back": []}])
def test_a_context_that_is_none_is_refused(context: Json) -> None:
    with pytest.raises(InputFault, match="context is not understood"):
        asked(Face(Parrot()), "command", {"line": "x", "context": context})


@pytest.mark.parametrize(
    ("width", "meant"), [(None, 80), (-5, 80), ("wide", 80), (10**9, WIDEST), (132, 132)]
)
def test_no_width_does_harm(width: Any, meant: int) -> None:
    parrot = Parrot()
    asked(Face(parrot), "command", {"line": "x", "width": width})
    assert parrot.given[0].terminal == Terminal(meant, False, "root")


def test_hello_tells_who_answers_and_the_prompt() -> None:
    data, _ = asked(Face(Parrot()), "hello", {})
    assert data == {"daemon": "agent", "prompt": "root None# "}


def test_completion_passes_words_and_help() -> None:
    body = {"line": "show al", "context": {"path": [], "back": []}}
    data, _ = asked(Face(Parrot()), "complete", body)
    assert data == [("show alarms", "()")]
