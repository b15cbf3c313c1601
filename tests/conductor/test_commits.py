"""Commits by edits: two people at once, what is refused, what must be confirmed, and the way back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.commands.port import (
    ConfigPort,
    Conflict,
    Overtaken,
    Place,
    Refused,
    TooWide,
)
from ipsec_client.conductor.candidate import prepare
from ipsec_client.conductor.conductor import Conductor
from ipsec_client.conductor.datastore.store import Datastore
from ipsec_client.config.edit import Change, Edit
from ipsec_client.config.paths import Finder
from ipsec_client.config.printer import write
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Authority, Config
from ipsec_client.wire.document import from_json

from .sample import HERE, Clock, FakeAgent, addresses, text
from .scenes import PRIMARY, R1, REM1, REM2, addresses_in, conducting, heard, host, hosts, run


def test_a_candidate_is_committed_with_its_generated_parts(tmp_path: Path) -> None:
    async def scene() -> None:
        agent = FakeAgent()
        async with conducting(tmp_path, agent=agent, first=text("rem1")) as conductor:
            port: ConfigPort = conductor
            await port.edit(
                "ann", [host("172.16.5.3", REM2), Edit("set", REM2, "profile", "primary")]
            )
            assert hosts(port.running()) == ["172.16.4.3"]
            assert hosts(port.candidate("ann")) == ["172.16.4.3", "172.16.5.3"]
            assert port.candidate("bob") is port.running()
            assert [row.verb for row in (await port.impact("ann")).rows] == ["untouched", "created"]
            commit = await port.commit("ann")
            assert commit is not None
            assert (commit.user, commit.routers) == ("ann", ("router1",))
            assert port.edits("ann") == ()
            assert port.history()[0] == commit
            rollout = asyncio.ensure_future(conductor.run())
            request = await agent.heard.get()
            rollout.cancel()
            assert set(addresses(request.body["document"])) == {"client1", "rem1", "rem2"}

    run(scene)


def test_a_commit_that_changes_nothing_says_so(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, first=text("rem1")) as conductor:
            assert await conductor.commit("ann") is None
            device = (*R1, "node", "node1", "device-interface", "rem1")
            await conductor.edit("ann", [Edit("delete", device)])
            assert await conductor.commit("ann") is None
            assert conductor.edits("ann") == ()
            assert len(conductor.history()) == 1

    run(scene)


def test_candidates_survive_the_conductor(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, first=text("rem1")) as conductor:
            await conductor.edit("ann", [host("172.16.9.9")])
            await conductor.edit(
                "ann", [Edit("set", PRIMARY, "pre-shared-key", Secret("hunter22"))]
            )
            await conductor.edit("bob", [host("172.16.9.8")])
            await conductor.discard("bob")
            before = conductor.candidate("ann")
        async with conducting(tmp_path) as conductor:
            assert conductor.candidate("ann") == before
            assert conductor.edits("bob") == ()

    run(scene)


def test_a_bad_candidate_is_refused_and_kept(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, first=text("rem1")) as conductor:
            await conductor.edit("ann", [Edit("set", REM1, "profile", "gold")])
            for act in (conductor.commit, conductor.impact, conductor.generated):
                with pytest.raises(Refused) as caught:
                    await act("ann")
                assert any("gold" in str(finding) for finding in caught.value.findings)
            assert caught.value.findings == await conductor.findings("ann")
            assert len(conductor.edits("ann")) == 1
            assert len(conductor.history()) == 1
            with pytest.raises(InputFault, match="'gold' is not an IP"):
                await conductor.edit("ann", [host("1.2.3.4"), Edit("set", REM1, "subnet", "gold")])
            assert len(conductor.edits("ann")) == 1

    run(scene)


def test_a_commit_that_does_something_else_than_was_shown_is_none(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, first=text("rem1", "rem2")) as conductor:
            await conductor.edit("ann", [host("172.16.9.9")])
            shown = (await conductor.impact("ann")).fingerprint
            await conductor.edit("bob", [Edit("set", PRIMARY, "dpddelay", "7")])
            await conductor.commit("bob")
            assert (await conductor.impact("ann")).fingerprint == shown
            await conductor.edit("bob", [Edit("delete", REM2)])
            await conductor.commit("bob")
            for force in (False, True):
                with pytest.raises(Overtaken):
                    await conductor.commit("ann", shown=shown, force=force)
            shown = (await conductor.impact("ann")).fingerprint
            assert await conductor.commit("ann", shown=shown)

    run(scene)


def test_the_first_commit_may_come_from_edits(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path) as conductor:
            assert conductor.candidate("ann") == Authority()
            await conductor.edit("ann", [Edit("set", ("authority",), "name", "a")])
            with pytest.raises(InputFault, match="the configuration has no router"):
                await conductor.commit("ann")
            wanted = conductor.prepare(text("rem1")).authority
            await conductor.replace("ann", wanted)
            await conductor.commit("ann")
            assert conductor.running() == wanted
            assert conductor.here == HERE

    run(scene)


def test_what_replaces_a_candidate_keeps_keys_that_it_does_not_show(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, first=text("rem1")) as conductor:
            shown = read(text("rem1", key="(removed)")).config.authority
            assert shown is not None
            await conductor.replace("ann", shown)
            assert conductor.edits("ann") == ()
            key = Edit("set", PRIMARY, "pre-shared-key", Secret("hunter22"))
            await conductor.edit("ann", [key])
            await conductor.replace("ann", shown)
            assert conductor.edits("ann") == (key,)

    run(scene)


def test_a_text_takes_its_addresses_from_what_runs_when_it_is_committed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, first=text("rem1")) as conductor:
            prepared = conductor.prepare(text("rem2", "rem1"))
            await conductor.commit_text(conductor.prepare(text("rem1", "rem2")), "root")
            before = conductor.running()
            await conductor.commit_text(prepared, "root")
            assert addresses_in(conductor.running()) == addresses_in(before)

    run(scene)


# --- two at once


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, first=text("rem1", "rem2")) as conductor:
            await conductor.edit("ann", [host("172.16.9.9"), Edit("set", REM2, "remote-id", "x")])
            await conductor.edit("bob", [host("172.16.8.8"), Edit("set", REM1, "remote-id", "y")])
            await conductor.commit("bob")
            with pytest.raises(Conflict) as caught:
                await conductor.commit("ann", force=True)
            [clash] = caught.value.paths
            assert (clash.path, clash.leaf) == (REM1, "host")
            assert (clash.mine, clash.theirs, clash.user) == ("172.16.9.9", "172.16.8.8", "bob")
            assert conductor.clashes("ann") == (clash,)
            await conductor.edit("ann", [host("172.16.9.9")])
            await conductor.commit("ann")
            finder = Finder(conductor.running() or Authority())
            assert finder.values(REM1, "host") == ("172.16.9.9",)
            assert finder.values(REM1, "remote-id") == ("y",)
            assert finder.values(REM2, "remote-id") == ("x",)
            assert [commit.user for commit in conductor.history()] == ["ann", "bob", "root"]

    run(scene)


def test_commits_at_the_same_moment_follow_each_other(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, first=text("rem1", "rem2")) as conductor:
            await conductor.edit("ann", [Edit("set", REM1, "remote-id", "x")])
            await conductor.edit("bob", [Edit("set", REM2, "remote-id", "y")])
            await asyncio.gather(conductor.commit("ann"), conductor.commit("bob"))
            finder = Finder(conductor.running() or Authority())
            assert finder.values(REM1, "remote-id") == ("x",)
            assert finder.values(REM2, "remote-id") == ("y",)

    run(scene)


# --- too wide


def two_routers(conductor: Conductor) -> Authority:
    one = conductor.prepare(text("rem1")).authority
    return replace(one, router=(*one.router, replace(one.router[0], name="router2")))


def test_tunnels_that_nobody_spoke_of_are_not_removed_unless_forced(tmp_path: Path) -> None:
    async def scene() -> None:
        conductor = Conductor(Datastore(tmp_path), FakeAgent(), Clock(), router="router1")
        two = two_routers(conductor)
        one = replace(two, router=two.router[:1])
        router2 = Edit("delete", ("authority", "router", "router2"))
        for said in (False, True):
            await conductor.replace("ann", two)
            await conductor.commit("ann")
            await conductor.replace("ann", one)
            with pytest.raises(TooWide, match="removed from router2") as caught:
                await conductor.commit("ann")
            assert caught.value.routers == ("router2",)
            assert conductor.edits("ann") == (router2,)
            if said:  # doing it again is saying it
                await conductor.edit("ann", [router2])
            assert await conductor.commit("ann", force=not said) is not None
            assert conductor.running() == one
        await conductor.replace("ann", two)
        await conductor.commit("ann")
        await conductor.edit("ann", [router2])
        assert await conductor.commit("ann") is not None
        await conductor.close()

    run(scene)


# --- the way back


def test_what_ran_before_comes_back_by_a_commit(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, first=text("rem1", "rem2")) as conductor:
            before = conductor.running()
            await conductor.edit("ann", [Edit("delete", REM1)])
            await conductor.commit("ann")
            await conductor.edit("ann", [host("172.16.9.9", REM2)])
            await conductor.commit("ann")
            await conductor.edit("ann", [Edit("set", REM2, "remote-id", "x")])
            await conductor.restore("ann", 2)
            await conductor.commit("ann")
            assert conductor.running() == before
            versions = [commit.version for commit in conductor.history()]
            assert await conductor.at(versions[3]) == before
            assert await conductor.changes(versions[1]) == (
                Change("changed", REM2, "host", "172.16.5.3", "172.16.9.9"),
            )
            assert Change("added", R1) in await conductor.changes(versions[3])
            with pytest.raises(InputFault, match="no configuration of 4 commits ago"):
                await conductor.restore("ann", 4)
            with pytest.raises(InputFault, match="no commit 1"):
                await conductor.changes(1)
            await conductor.restore("ann", 0)
            assert conductor.edits("ann") == ()

    run(scene)


def test_a_node_that_is_gone_is_told_to_leave_also_after_a_restart(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, first=text("rem1")) as conductor:
            await conductor.replace("ann", Authority())
            assert await conductor.commit("ann", force=True) is not None
            assert conductor.running() == Authority()
        agent = FakeAgent()
        async with conducting(tmp_path, agent=agent) as conductor:
            assert conductor.here == HERE
            rollout = asyncio.ensure_future(conductor.run())
            request = await agent.heard.get()
            rollout.cancel()
            document = from_json(request.body["document"])
            assert Place(document.router.name, document.node.name) == HERE
            assert document.client is None
            await conductor.commit_text(conductor.prepare(text("rem1", node="node2")), "root")
            assert conductor.here == Place("router1", "node2")

    run(scene)


@pytest.mark.parametrize("others", [("router2",), ("router2", "router3")])
def test_a_router_that_is_gone_never_becomes_another_one(
    tmp_path: Path, others: tuple[str, ...]
) -> None:
    [router] = (one := prepare(text("rem1"), None).authority).router
    several = replace(one, router=(router, *(replace(router, name=name) for name in others)))
    written = write(Config(authority=several), secrets=True)

    async def scene() -> None:
        conductor = Conductor(Datastore(tmp_path), FakeAgent(), Clock(), "router1")
        await conductor.commit_text(conductor.prepare(written), "root")
        await conductor.edit("ann", [Edit("delete", R1)])
        await conductor.commit("ann")
        await conductor.close()
        agent = FakeAgent()
        async with conducting(tmp_path, agent=agent) as conductor:
            [request] = await heard(conductor, agent)
            document = from_json(request.body["document"])
            assert Place(document.router.name, document.node.name) == HERE
            assert document.client is None
            await conductor.restore("ann", 1)
            await conductor.commit("ann")
            [request] = await heard(conductor, agent)
            document = from_json(request.body["document"])
            assert Place(document.router.name, document.node.name) == HERE
            assert document.client is not None

    run(scene)


# --- exports


def test_exports_are_kept_by_name(tmp_path: Path) -> None:
    async def scene() -> None:
        async with conducting(tmp_path, first=text("rem1")) as conductor:
            running = conductor.running()
            assert running is not None
            await conductor.export("plain", running, None)
            await conductor.export("sealed", running, Secret("correct horse"))
            with pytest.raises(InputFault, match="is an export plain already"):
                await conductor.export("plain", running, None)
            with pytest.raises(InputFault, match="cannot be the name"):
                await conductor.export("../x", running, None)
            assert [(export.name, export.encrypted) for export in conductor.exports()] == [
                ("plain", False),
                ("sealed", True),
            ]
            assert await conductor.exported("sealed", Secret("correct horse")) == running
            await conductor.replace("ann", await conductor.exported("plain", None))
            assert conductor.edits("ann") == ()
            await conductor.delete_export("plain")
            with pytest.raises(InputFault, match="no export plain"):
                await conductor.exported("plain", None)

    run(scene)
