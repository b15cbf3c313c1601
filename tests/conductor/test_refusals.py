"""A node that refuses what is running is seen: an alarm while it does, an event when that begins and ends."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ipsec_client.base.errors import Fault, HostFault
from ipsec_client.commands.node import OnNode
from ipsec_client.commands.port import Place, Terminal
from ipsec_client.commands.session import Line
from ipsec_client.conductor.conductor import Conductor
from ipsec_client.conductor.dispatcher import OnConductor
from ipsec_client.conductor.refusals import Refusals
from ipsec_client.conductor.rollout import Rollout
from ipsec_client.wire.request import Json, Request, Say
from tests.commands.sample import ALARM, FakeNode, page

from .sample import HERE, Clock, FakeAgent, text
from .scenes import conducting, host, run
from .test_rollout import wanted

LACKS = Fault("this node lacks ipv6", cure="Upgrade this node's software")


class Answering(FakeAgent):
    """An agent that answers commands, too, while it is ``up``."""

    up = True

    async def call(self, place: Place, request: Request, say: Say) -> Json:
        if request.kind != "ask":
            return await super().call(place, request, say)
        if not self.up:
            raise HostFault("cannot be reached")
        view = page(router=place.router, node=place.node, alarms=(ALARM,))
        return await OnNode(FakeNode(view), Clock()).ask(request, say)


async def shown(conductor: Conductor, line: str) -> str:
    said: list[str] = []

    async def say(part: str) -> None:
        said.append(part)

    await OnConductor(conductor, Clock()).execute(Line(line, Terminal(240), "r1"), say)
    return "".join(said)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


def test_show_alarms_tells_what_the_node_refuses_until_it_has_what_runs(tmp_path: Path) -> None:
    async def scene() -> None:
        agent = Answering(faults=[LACKS])
        async with conducting(tmp_path, agent=agent, first=text("rem1")) as conductor:
            assert "refuses" not in await shown(conductor, "show alarms")
            version = conductor.history()[0].version
            rolling = asyncio.ensure_future(conductor.run())
            await until(lambda: bool(conductor.own("router1").alarms))
            told = await shown(conductor, "show alarms")
            message = f"node1 refuses commit {version}: {LACKS}"
            [ours] = [line for line in told.splitlines() if "refuses" in line]
            assert ours.startswith(" conductor:1 ")
            assert re.search(rf"major +router1 +system +{message}$", ours.rstrip())
            assert "node1:8" in told
            assert message in await shown(conductor, "show alarms id conductor:1")
            assert "refuses" not in await shown(conductor, "show alarms id node1:1")
            agent.up = False
            told = await shown(conductor, "show alarms")
            assert "cannot be reached" in told
            assert message in told
            await conductor.edit("ann", [host("172.16.9.9")])
            await conductor.commit("ann")
            await until(lambda: not conductor.own("router1").alarms)
            rolling.cancel()
            events = (await shown(conductor, "show events alarm")).splitlines()
            told_of = [line.split()[2] for line in events if message in line]
            assert told_of == ["clear", "add"]

    run(scene)


def test_the_alarm_survives_the_conductor_and_takes_over_the_later_commit(tmp_path: Path) -> None:
    async def scene() -> None:
        agent = Answering(faults=[LACKS])
        async with conducting(tmp_path, agent=agent, first=text("rem1")) as conductor:
            rolling = asyncio.ensure_future(conductor.run())
            await until(lambda: bool(conductor.own("router1").alarms))
            rolling.cancel()
            before = conductor.own("router1")
        async with conducting(tmp_path, agent=agent) as conductor:
            assert conductor.own("router1") == before
            assert not conductor.own("router2").alarms

    run(scene)


def test_one_refusal_is_one_alarm_whatever_it_is_for() -> None:
    refusals = Refusals(Clock())
    told = [refusals.tell(HERE, why) for why in ("", "7: no", "7: no", "8: no", "", "", "9: no")]
    assert told == [False, True, False, True, True, False, True]
    view = Refusals(Clock(), refusals.to_text()).view("router1")
    assert [(each.number, each.message) for each in view.alarms] == [(2, "node1 refuses 9: no")]
    assert [(each.number, each.type) for each in view.events] == [
        (1, "add"),
        (2, "clear"),
        (3, "add"),
    ]
    assert refusals.view("router2").events == ()


@pytest.mark.parametrize("kept", ["", "gold", "[7]", "7", "{}", '{"alarms": 7, "events": [{}]}'])
def test_what_was_kept_and_is_not_understood_is_passed_over(kept: str) -> None:
    view = Refusals(Clock(), kept).view("router1")
    assert (view.alarms, view.events) == ((), ())


class Slow(FakeAgent):
    """Refuses, but only once it is ``released``; has nothing to report."""

    def __init__(self) -> None:
        super().__init__()
        self.released = asyncio.Event()

    async def call(self, place: Place, request: Request, say: Say) -> Json:
        if request.kind == "report":
            raise Fault("does not know report")
        late = not self.asked
        await super().call(place, request, say)
        if late:
            await self.released.wait()
            raise LACKS
        return {}


def test_only_what_is_still_wanted_is_judged_and_a_report_refused_is_no_refusal() -> None:
    async def scene() -> None:
        agent = Slow()
        reports: asyncio.Queue[Json] = asyncio.Queue()
        judged: list[str] = []

        async def heard(_: Place, report: Json) -> None:
            reports.put_nowait(report)

        async def refused(_: Place, why: str) -> None:
            judged.append(why)

        rollout = Rollout(agent, heard=heard, refused=refused)
        rollout.want(wanted("7", "rem1"))
        rolling = asyncio.ensure_future(rollout.run())
        await agent.heard.get()
        rollout.want(wanted("8", "rem1"))
        agent.released.set()
        assert await reports.get() is None
        rolling.cancel()
        assert judged == [""]
        assert rollout.told == "commit 8 is in force"

    run(scene)
