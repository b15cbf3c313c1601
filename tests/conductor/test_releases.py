"""What the node of this machine lacks is refused at commit, as long as its Libreswan is known for sure."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from ipsec_client.base.errors import Fault
from ipsec_client.base.secret import Secret
from ipsec_client.commands.port import Refused
from ipsec_client.conductor.conductor import Conductor
from ipsec_client.conductor.datastore.store import Datastore
from ipsec_client.conductor.releases import FRESH, Releases
from ipsec_client.config.edit import Edit

from .sample import HERE, Clock, FakeAgent, text
from .scenes import PRIMARY, R1, REM1, REM2, conducting, host, run

COMPRESSED = text("rem1").replace("dpddelay 5", "dpddelay 5\ncompress true")
"""4.10 carries nothing compressed."""

RESUMED = text("rem1").replace(
    "dpddelay 5", "dpddelay 5\ncustom-option session-resumption\nvalue yes\nexit"
)
"""An option that 5.2 has and 4.10 has not."""


async def reported(conducting: Conductor, agent: FakeAgent) -> None:
    """Rolls out until the node has reported."""
    agent.reported.clear()
    rollout = asyncio.ensure_future(conducting.run())
    async with asyncio.timeout(20):
        await agent.reported.wait()
        await asyncio.sleep(0)
    rollout.cancel()
    with suppress(asyncio.CancelledError):
        await rollout


def severities(conducting: Conductor, configuration: str, field: str) -> list[str]:
    found = conducting.prepare(configuration).findings
    return [item.severity for item in found if field in item.path]


@pytest.mark.parametrize(
    ("configuration", "field", "release", "unknown", "known"),
    [
        (COMPRESSED, "compress", "4.10", ["warning"], ["error"]),
        (COMPRESSED, "compress", "not installed", ["warning"], ["warning"]),
        (RESUMED, "session-resumption", "4.10", ["warning"], ["error"]),
        (RESUMED, "session-resumption", "5.2", ["warning"], []),
    ],
)
def test_what_a_node_lacks_is_an_error_once_it_is_known(
    tmp_path: Path,
    configuration: str,
    field: str,
    release: str,
    unknown: list[str],
    known: list[str],
) -> None:
    async def run() -> None:
        agent = FakeAgent(libreswan=release)
        conducting = Conductor(Datastore(tmp_path), agent, Clock())
        assert severities(conducting, configuration, field) == unknown
        await conducting.commit_text(conducting.prepare(text("rem1")), "root")
        await reported(conducting, agent)
        assert severities(conducting, configuration, field) == known

    asyncio.run(run())


def test_a_text_that_the_node_cannot_run_is_refused_where_it_says_so(tmp_path: Path) -> None:
    async def run() -> None:
        agent = FakeAgent()
        conducting = Conductor(Datastore(tmp_path), agent, Clock())
        await conducting.commit_text(conducting.prepare(text("rem1")), "root")
        await reported(conducting, agent)
        candidate = conducting.prepare(COMPRESSED)
        assert candidate.refused
        line = COMPRESSED.splitlines().index("compress true") + 1
        assert [item.line for item in candidate.findings if "compress" in item.path] == [line]
        await conducting.replace("root", candidate.authority)
        with pytest.raises(Refused):
            await conducting.commit("root")

    asyncio.run(run())


def test_what_runs_as_it_stands_blocks_no_later_commit(tmp_path: Path) -> None:
    """A node came to lack it by an upgrade: that is warned of, and refused only where it is touched or used anew."""
    with_spare = COMPRESSED.replace(
        "node node1\n",
        "ipsec-profile spare\npre-shared-key k\ncompress true\nexit\nnode node1\n",
        1,
    )
    client = REM1[:-2]
    refused: list[tuple[Edit, ...]] = [
        (Edit("set", PRIMARY, "dpddelay", "6"),),
        (host("172.16.9.9"),),
        (Edit("set", REM1, "profile", "spare"),),
        (Edit("set", REM2, "host", "172.16.5.3"), Edit("set", REM2, "profile", "primary")),
    ]

    async def scene() -> None:
        agent = FakeAgent(libreswan="5.2")
        async with conducting(tmp_path, agent=agent, first=with_spare) as conductor:
            agent.libreswan = "4.10"
            await reported(conductor, agent)
            for edits in refused:
                await conductor.edit("ann", edits)
                with pytest.raises(Refused) as caught:
                    await conductor.commit("ann")
                assert any("compress" in item.path for item in caught.value.findings)
                await conductor.discard("ann")
            for edit in (
                Edit("set", (*R1[:2], "router2")),
                Edit("set", (*R1, "ipsec-profile", "spare"), "dpddelay", "9"),
            ):
                await conductor.edit("ann", [edit])
                assert await conductor.commit("ann", force=True)
                told = [item for item in await conductor.findings("ann") if "compress" in item.path]
                assert {item.severity for item in told} == {"warning"}
            assert not conductor.prepare(with_spare).refused
            await conductor.edit("ann", [Edit("set", client, "enabled", "false")])
            await conductor.commit("ann", force=True)
            await conductor.edit("ann", [Edit("set", client, "enabled", "true")])
            with pytest.raises(Refused):
                await conductor.commit("ann")
            agent.libreswan = "5.2"
            await reported(conductor, agent)
            fields = [item.path for item in await conductor.findings("ann")]
            assert (*PRIMARY, "compress") not in fields

    run(scene)


def test_a_word_of_yesterday_refuses_nothing() -> None:
    clock = Clock()
    releases = Releases(clock)
    releases.hear(HERE, {"facts": {"Libreswan": "4.10"}})
    clock.mono = FRESH
    assert releases.release(HERE) == "4.10"
    clock.mono += 1
    assert releases.release(HERE) is None


@pytest.mark.parametrize(
    ("release", "why"), [("4.10", "still refused: compress true"), ("5.2", "nothing of it changes")]
)
def test_the_impact_is_that_on_the_nodes_own_libreswan(
    tmp_path: Path, release: str, why: str
) -> None:
    async def scene() -> None:
        agent = FakeAgent(libreswan=release)
        async with conducting(tmp_path, agent=agent, first=COMPRESSED) as conductor:
            await reported(conductor, agent)
            spare = (*R1, "ipsec-profile", "spare")
            await conductor.edit("ann", [Edit("set", spare, "pre-shared-key", Secret("hunter22"))])
            [row] = (await conductor.impact("ann")).rows
            assert row.why.startswith(why)

    run(scene)


def test_what_a_node_told_survives_the_conductor_for_the_same_day(tmp_path: Path) -> None:
    async def scene() -> None:
        agent, clock = FakeAgent(), Clock()
        async with conducting(tmp_path, clock, agent, text("rem1")) as conductor:
            await reported(conductor, agent)
        for passed, known in ((0.0, ["error"]), (FRESH, ["error"]), (FRESH + 1, ["warning"])):
            later = Clock(clock.wall + passed)
            later.mono = 7.0  # another boot
            async with conducting(tmp_path, later) as conductor:
                assert severities(conductor, COMPRESSED, "compress") == known
        async with conducting(tmp_path, Clock(clock.wall - 1)) as conductor:
            assert severities(conductor, COMPRESSED, "compress") == ["warning"]
        async with conducting(tmp_path, clock, agent) as conductor:
            agent.libreswan = "not installed"
            await reported(conductor, agent)
        async with conducting(tmp_path, clock) as conductor:
            assert severities(conductor, COMPRESSED, "compress") == ["warning"]

    run(scene)


def test_the_disk_is_written_for_news_and_once_an_hour() -> None:
    clock = Clock()
    releases = Releases(clock)
    told = []
    for seconds, release in ((0, "4.10"), (3599, "4.10"), (1, "4.10"), (10, "5.2"), (10, "5.2")):
        clock.mono += seconds
        told.append(releases.hear(HERE, {"facts": {"Libreswan": release}}))
    assert told == [True, False, True, True, False]
    assert [releases.hear(HERE, {}) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("kept", ["", "gold", "{}", "7", "[[1]]", '[["a", "b", "4.10", null]]'])
def test_what_was_kept_and_is_not_understood_is_no_knowledge(kept: str) -> None:
    assert Releases(Clock(), kept).to_text() == "[]"


def test_a_disk_that_takes_nothing_holds_up_no_rollout(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: str) -> None:
        raise Fault("the disk is full")

    async def scene() -> None:
        agent = FakeAgent()
        async with conducting(tmp_path, agent=agent, first=text("rem1")) as conductor:
            monkeypatch.setattr(Datastore, "keep_setting", full)
            await reported(conductor, agent)
            assert severities(conductor, COMPRESSED, "compress") == ["error"]

    run(scene)
    assert "successor will not know releases: the disk is full" in caplog.text
    assert "never retrieved" not in caplog.text


@pytest.mark.parametrize("report", [{}, None, [], {"facts": {"Libreswan": "not installed"}}])
def test_a_report_without_a_release_is_no_knowledge(report: object) -> None:
    releases = Releases(Clock())
    releases.hear(HERE, {"facts": {"Libreswan": "5.2"}})
    releases.hear(HERE, report)
    assert releases.release(HERE) is None
