"""How long an agent's other work keeps its loop from a failover, on this machine.

Run by root: ``python -m bench.held`` prints one JSON line, milliseconds by work. A failover is played by a step of the
loop with as many system calls as one makes, asked for at a known instant, again and again while the work goes on; told
are the slowest of all and the one that 95 of 100 do not exceed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from ipsec_client.agent.hearing import Hearing
from ipsec_client.app import agent
from ipsec_client.base import logs, run
from ipsec_client.config.reader import read
from ipsec_client.health import types as h
from ipsec_client.kernel import namespaces
from ipsec_client.kernel.counters import devices
from ipsec_client.kernel.packets import Tap
from ipsec_client.pluto.layout import Layout

CALLS = 20
"""System calls of a failover, each of which lets another thread have the interpreter: netlink, sockets, the poll."""

PACE = 0.02
"""Seconds from one failover to the next."""

SECONDS = 4.0
"""How long each work goes on."""

TRACED = 5000
"""Lines that pluto writes, at trace, at a negotiation."""

PLACE = "ipsec-bench"
"""A namespace of its own."""

DEBUGGING = "Nov 25 15:22:34.592592: | xfrm: sendrecv_xfrm_msg() sending 18\n"

log = logging.getLogger("ipsec_client.bench")


async def main(*, plain: bool) -> None:
    """Each work once; ``plain``: as Python comes, without what the agent sets."""
    if not plain:
        sys.setswitchinterval(agent.TURN)
        gc.freeze()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IPSEC_CLIENT_LOG"] = os.environ["IPSEC_CLIENT_RUN"] = folder
        works = (_nothing, _computing, _tracing, _pluto_traces, _captures, _looks)
        with logs.recording("ipsec-bench", "trace"):
            found = {work.__name__.strip("_"): await slowest(work) for work in works}
    print(json.dumps(found))


async def slowest(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """The longest that a failover took meanwhile from when it was asked for, and the 95th percentile; ms."""
    going = asyncio.ensure_future(work())
    loop = asyncio.get_running_loop()
    took: list[float] = []
    near, far = socket.socketpair()
    end = loop.time() + SECONDS
    while loop.time() < end:
        due = loop.time() + PACE
        await asyncio.sleep(PACE)
        for _ in range(CALLS // 2):
            far.send(b"x")
            near.recv(1)
        took.append((loop.time() - due) * 1000)
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)
    near.close()
    far.close()
    took.sort()
    return round(took[-1], 1), round(took[len(took) * 95 // 100], 1)


async def _nothing() -> None:
    await asyncio.sleep(SECONDS)


async def _computing() -> None:
    """Something in a thread that waits for nothing, as a comparison of the node with its plan."""
    text = Path("examples/page-complete.conf").read_text()
    while True:
        await asyncio.to_thread(lambda: [read(text) for _ in range(20)])


async def _tracing() -> None:
    """Records of the agent, ten times as many as four tunnels give."""
    answers = (h.Answer("10.0.0.1", 1, 0.001),) * 3
    while True:
        for _ in range(20):
            log.log(logs.TRACE, "%s", h.ProbeAnswers("rem1", answers))
        await asyncio.sleep(0.005)


async def _pluto_traces() -> None:
    """A negotiation a second, as pluto logs it at trace."""

    async def turned_over(_: Callable[[], None]) -> None: ...

    layout = Layout.of("bench")
    layout.log.touch()
    hearing = Hearing(layout, dict, print, turned_over)
    following = asyncio.ensure_future(hearing.follow())
    try:
        while True:
            with layout.log.open("a") as file:
                file.write(DEBUGGING * TRACED)
            await asyncio.sleep(1.0)
    finally:
        following.cancel()


async def _captures() -> None:
    """Captures of a tunnel, inside and outside, one after the other."""
    everything = bytes.fromhex("06000000ffffffff")  # BPF_RET | BPF_K
    while True:
        taps = [Tap("", "lo", everything, lambda _: None) for _ in range(2)]
        await asyncio.sleep(0.1)
        for tap in taps:
            tap.close()


async def _looks() -> None:
    """Commands that show devices, one after the other, where there are as many as a hundred tunnels have."""
    await asyncio.to_thread(namespaces.create, PLACE, lambda: None)
    try:
        for number in range(100):
            ends = f"kni{number} type veth peer name tun{number}".split()
            await asyncio.to_thread(_made, ends)
        while True:
            await asyncio.to_thread(devices, PLACE)
    finally:
        namespaces.delete(PLACE)


def _made(device: list[str]) -> None:
    run.run(["ip", "-n", PLACE, "link", "add", *device], deadline=10.0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plain", action="store_true")
    asyncio.run(main(plain=parser.parse_args().plain))
