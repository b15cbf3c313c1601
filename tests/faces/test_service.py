"""Requests over a real socket: by kind, once each, however often they are asked."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from ipsec_client.base import sockets
from ipsec_client.base.errors import Fault, UsageFault
from ipsec_client.faces import service
from ipsec_client.wire.request import Answered, Json, Reply, Request, Say


async def replies(path: Path, request: Request) -> list[Reply]:
    """All replies to a request, the last one ending the answer."""
    found = []
    async with aclosing(sockets.asked(path, request.to_json(), silence=10)) as messages:
        async for message in messages:
            found.append(Reply.from_json(message))
            if found[-1].status is not None:
                return found
    raise AssertionError(f"the answer did not end: {found}")


def request(kind: str, id_: str = "", **body: Json) -> Request:
    return Request(id_ or uuid.uuid4().hex, kind, body)


class Work:
    """A handler that counts, and waits to be let go where it is told to."""

    def __init__(self) -> None:
        self.done = 0
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, asked: Request, say: Say) -> Json:
        self.done += 1
        await say("working\n")
        self.begun.set()
        await self.go.wait()
        return {"n": asked.body["n"]}


def served(
    tmp_path: Path,
    handlers: service.Handlers,
    talk: Callable[[Path], Coroutine[Any, Any, None]],
) -> None:
    async def run() -> None:
        path = tmp_path / "a.sock"
        async with service.serving(path, handlers):
            await asyncio.wait_for(talk(path), 20)

    asyncio.run(run())


def test_text_comes_before_the_end(tmp_path: Path) -> None:
    work = Work()

    async def talk(path: Path) -> None:
        work.go.set()
        found = await replies(path, request("work", n=7))
        assert found == [Reply(text="working\n"), Reply(status=0, data={"n": 7})]
        assert found[-1].result() == {"n": 7}

    served(tmp_path, {"work": work}, talk)


def test_a_repeated_request_is_answered_and_not_done_again(tmp_path: Path) -> None:
    work = Work()

    async def talk(path: Path) -> None:
        work.go.set()
        asked = request("work", n=1)
        assert await replies(path, asked) == await replies(path, asked)
        assert work.done == 1
        await replies(path, request("work", n=1))
        assert work.done == 2

    served(tmp_path, {"work": work}, talk)


def test_who_asks_again_while_it_is_being_done_waits_for_the_same(tmp_path: Path) -> None:
    work = Work()

    async def talk(path: Path) -> None:
        asked = request("work", n=3)
        both = [asyncio.ensure_future(replies(path, asked)) for _ in range(2)]
        await work.begun.wait()
        work.go.set()
        first, second = await asyncio.gather(*both)
        assert first == second
        assert work.done == 1

    served(tmp_path, {"work": work}, talk)


def test_work_goes_on_when_the_asker_hangs_up(tmp_path: Path) -> None:
    """A restart that was begun is not left half done, and the asker can come back for its answer."""
    work = Work()

    async def talk(path: Path) -> None:
        asked = request("work", n=4)
        async with aclosing(sockets.asked(path, asked.to_json(), silence=10)) as messages:
            await anext(messages)
        work.go.set()
        assert (await replies(path, asked))[-1].data == {"n": 4}
        assert work.done == 1

    served(tmp_path, {"work": work}, talk)


def test_faults_cross_with_status_and_cure(tmp_path: Path) -> None:
    async def refuse(_: Request, __: Say) -> Json:
        raise UsageFault("no such file", cure="Name another")

    async def talk(path: Path) -> None:
        end = (await replies(path, request("work")))[-1]
        assert (end.status, end.error, end.cure) == (2, "no such file", "Name another")
        with pytest.raises(UsageFault, match=r"no such file\. Name another"):
            end.result()

    served(tmp_path, {"work": refuse}, talk)


def test_the_unforeseen_is_logged_and_not_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: Request, __: Say) -> Json:
        raise RuntimeError("key somekey1")

    async def talk(path: Path) -> None:
        end = (await replies(path, request("work")))[-1]
        assert (end.status, end.error) == (1, "internal error")
        with pytest.raises(Fault):
            end.result()

    served(tmp_path, {"work": fail}, talk)
    assert "somekey1" in caplog.text


@pytest.mark.parametrize(
    "message",
    [
        {"format": 2, "id": "1", "kind": "work", "body": {}},
        {"format": 1, "kind": "work"},
        {"format": 1, "id": "1", "kind": "work", "body": []},
        {"format": 1, "id": "1", "kind": "unheard-of", "body": {}},
        {},
    ],
)
def test_what_is_not_understood_is_refused_by_name(tmp_path: Path, message: dict[str, Any]) -> None:
    async def talk(path: Path) -> None:
        async with aclosing(sockets.asked(path, message, silence=10)) as messages:
            end = Reply.from_json(await anext(messages))
        assert end.status == 1
        assert end.error

    served(tmp_path, {"work": Work()}, talk)


def test_memory_is_bounded_in_number_and_in_size() -> None:
    answered = Answered(most=3, characters=100)
    for number in range(5):
        answered.keep(Request(str(number), "work"), [Reply(status=0)])
    kept = [number for number in range(5) if answered.find(Request(str(number), "work"))]
    assert kept == [2, 3, 4]
    answered.find(Request("2", "work"))
    answered.keep(Request("5", "work"), [Reply(text="x" * 90), Reply(status=0)])
    assert answered.find(Request("3", "work")) is None
    answered.keep(Request("6", "work"), [Reply(text="x" * 200), Reply(status=0)])
    assert answered.find(Request("6", "work")) is None


def test_one_user_is_not_given_the_answer_of_another() -> None:
    answered = Answered()
    answered.keep(Request("1", "work", caller=0), [Reply(status=0, data="secret")])
    assert answered.find(Request("1", "work", caller=1000)) is None


def test_work_is_told_when_nobody_listens_any_more(tmp_path: Path) -> None:
    heard: asyncio.Queue[bool | None] = asyncio.Queue()

    async def work(_: Request, say: Say) -> Json:
        while await say("still here\n") is not False:
            await asyncio.sleep(0.01)
        heard.put_nowait(False)
        return None

    async def talk(path: Path) -> None:
        async with aclosing(sockets.asked(path, request("work").to_json())) as messages:
            async for message in messages:
                assert message == {"text": "still here\n"}
                break
        assert await heard.get() is False

    served(tmp_path, {"work": work}, talk)
