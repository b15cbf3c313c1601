"""What pluto writes is read beside the loop: at trace that is thousands of lines at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ipsec_client.agent import hearing
from ipsec_client.health import types as h
from ipsec_client.pluto import log, rotate
from ipsec_client.pluto.layout import Layout

BEGUN = '"c1" #1: initiating IKEv2 connection\n'
TRACED = "Nov 25 15:22:34: | xfrm: sendrecv_xfrm_msg() sending 18\n"


def test_pluto_s_log_is_read_off_the_loop_and_told_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "PACE", 0.001)
    readers: list[int] = []
    read = log.read

    def watched(line: str) -> log.Note | None:
        readers.append(threading.get_ident())
        return read(line)

    monkeypatch.setattr(log, "read", watched)
    layout = Layout(tmp_path, tmp_path / "ipsec-c.log")
    layout.log.touch()

    async def run() -> None:
        told: asyncio.Queue[tuple[h.Event, int]] = asyncio.Queue()

        def put(event: h.Event) -> None:
            told.put_nowait((event, threading.get_ident()))

        ear = hearing.Hearing(layout, lambda: {"c1": "rem1"}, put, work)
        following = asyncio.ensure_future(ear.follow())
        try:
            layout.log.write_text(f"{TRACED * 100}{BEGUN}")
            async with asyncio.timeout(20):
                event, teller = await told.get()
        finally:
            following.cancel()
        negotiation = h.Negotiation("trying", 1)
        assert event == h.ConnectionState("rem1", negotiation=negotiation)
        assert teller == threading.get_ident()

    asyncio.run(run())
    assert len(readers) == 1
    assert readers != [threading.get_ident()]


def test_a_log_that_is_full_is_turned_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "PACE", 0.001)
    monkeypatch.setattr(rotate, "SIZE", 100)
    layout = Layout(tmp_path, tmp_path / "ipsec-c.log")
    layout.log.write_text("x" * 100)

    async def run() -> None:
        turned = asyncio.Event()

        async def work(job: Callable[[], None]) -> None:
            job()
            turned.set()

        ear = hearing.Hearing(layout, dict, lambda _: None, work)
        following = asyncio.ensure_future(ear.follow())
        async with asyncio.timeout(20):
            await turned.wait()
        following.cancel()

    asyncio.run(run())
    assert layout.log.read_text() == ""
    assert (tmp_path / "ipsec-c.log.1").read_text() == "x" * 100


async def work(_: Callable[[], None]) -> None:
    raise AssertionError("nothing is full")
