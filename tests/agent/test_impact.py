"""What is told of a commit's impact is what the agent does: the same edits, by both."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ipsec_client.agent import runtime
from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.ring import Ring
from ipsec_client.agent.runtime import Runtime
from ipsec_client.agent.shelf import Shelf
from ipsec_client.agent.totals import Totals
from ipsec_client.agent.workshop import Workshop
from ipsec_client.config.documents import document
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read
from ipsec_client.health import types as h
from ipsec_client.model.elements import Authority
from ipsec_client.plan.build import Facts, Plan, build
from ipsec_client.plan.diff import Step
from ipsec_client.plan.impact import impact
from ipsec_client.plan.objects import Connection, Object, Pluto
from tests.agent.playing import Whack, nobody, play, pretend_pluto

TEXT = """
authority
 tenant t
 exit
 router r
  ipsec-profile p
   pre-shared-key key-of-p
  exit
  ipsec-profile q
   pre-shared-key key-of-q
  exit
  node n
   ipsec-client c1
    tenant t
    remote rem1
     host 192.0.2.1
     profile p
     tunnel-monitor
      destination 10.0.0.1
      exit
     exit
    exit
    remote rem2
     host 192.0.2.2
     profile q
    exit
   exit
  exit
 exit
exit
"""


def authority(text: str, running: Authority | None = None) -> Authority:
    found = read(text).config.authority
    assert found is not None
    return generate(found, running)


def plan(authority: Authority) -> Plan:
    return build(document(authority, "r", "n"), Facts(), {})


class Node:
    """A client whose pluto is played and whose tunnels are up."""

    def __init__(self, folder: Path) -> None:
        pretend_pluto(folder / "run" / "c1")
        self.shelf = Shelf(folder / "state")
        ledger = Ledger(self.shelf)
        self.workshop = Workshop(ledger)
        self.changed = asyncio.Event()
        state = h.Client(started=0.0)
        totals = Totals(self.shelf)
        self.runtime = Runtime(
            "c1", state, nobody(), ledger, Ring({}), totals, self.changed.set, lambda: None
        )

    async def until(self, number: int) -> None:
        """So many connections are loaded."""
        while sum(item.loaded.state == "loaded" for item in self.runtime.health.tunnels) < number:
            self.changed.clear()
            await self.changed.wait()

    async def commit(self, plan: Plan) -> list[tuple[str, str]]:
        """What pluto is told about each remote's SAs; a key is there before it is negotiated with."""
        Whack.latest.since()
        await self.runtime.want(plan)
        await self.workshop.pluto(self.runtime.pluto, plan.objects)
        await self.runtime.renegotiate()
        await asyncio.gather(*self.runtime.pluto._repairs)
        verbs = {"add": "restarted", "delete": "removed", "terminate": "rekeyed"}
        told = [line.partition(" ") for line in Whack.latest.since()]
        words = [verb for verb, _, _ in told]
        assert "terminate" not in words or "secrets" in words[: words.index("terminate")]
        done = [(name.rpartition("-")[2], verbs[verb]) for verb, _, name in told if verb in verbs]
        # One that is loaded by another name has its old one deleted first.
        return [
            (remote, verb)
            for remote, verb in done
            if verb != "removed" or (remote, "restarted") not in done
        ]

    async def close(self) -> None:
        await self.runtime.close()
        self.shelf.close()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("host 192.0.2.1", "host 192.0.2.9"),
        ("profile q\n    exit", "profile p\n    exit"),
        ("pre-shared-key key-of-p", "pre-shared-key another"),
        ("pre-shared-key key-of-p", "pre-shared-key another\nike-lifetime 2h"),
        ("pre-shared-key key-of-p", "pre-shared-key key-of-p\nike-lifetime 2h"),
        ("pre-shared-key key-of-p", "pre-shared-key key-of-p\nmtu 1400\nmetric 5"),
        ("pre-shared-key key-of-p", "pre-shared-key key-of-p\ncustom-option fragmentation\nvalue no\nexit"),
        ("destination 10.0.0.1", "destination 10.0.0.2"),
        ("host 192.0.2.2", "host 192.0.2.2\nenforced-mss 1300"),
        ("host 192.0.2.2", "host 192.0.2.2\nsubnet 10.0.0.0/8"),
        (TEXT[TEXT.index("    remote rem1") : TEXT.index("    remote rem2")], ""),
    ],
)  # fmt: skip
def test_the_agent_does_what_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    play(tmp_path, monkeypatch)
    before = authority(TEXT)
    assert old in TEXT
    after = authority(TEXT.replace(old, new, 1), before)

    async def tell() -> list[tuple[str, str]]:
        node = Node(tmp_path)
        await node.runtime.want(plan(before))
        await node.until(2)
        done = await node.commit(plan(after))
        await node.close()
        return done

    told = {row.remote: row.verb for row in impact(before, after).rows}
    assert set(told) == {"rem1", "rem2"}
    assert asyncio.run(tell()) == [
        (remote, verb) for remote, verb in told.items() if verb != "untouched"
    ]


class Hands:
    """Takes steps on connections, and notes what it was asked to."""

    def __init__(self, *given: Object) -> None:
        self._given = given
        self.noted: list[str] = []

    def given(self) -> list[Object]:
        return list(self._given)

    async def apply(self, step: Step) -> None:
        self.noted.append(f"{step.verb} {step.object.name}")

    async def settled(self, remote: str) -> None:
        self.noted.append(f"wait for {remote}")


def test_what_changes_all_tunnels_takes_them_one_after_the_other(tmp_path: Path) -> None:
    def conn(name: str, lifetime: str) -> Connection:
        return Connection(name, "c1", name, (("ikelifetime", lifetime),))

    shelf = Shelf(tmp_path)
    hands = Hands(*(conn(name, "1h") for name in ("rem1", "rem2", "rem3")), conn("rem4", "2h"))
    wanted = [conn(name, "2h") for name in ("rem1", "rem2", "rem3", "rem4", "rem5")]
    asyncio.run(Workshop(Ledger(shelf)).pluto(hands, wanted, hands.settled))
    assert hands.noted == [
        "restart rem1",
        "wait for rem1",
        "restart rem2",
        "wait for rem2",
        "restart rem3",
        "create rem5",
    ]
    shelf.close()


def test_a_pluto_that_is_restarted_has_no_tunnel_that_could_be_waited_for(tmp_path: Path) -> None:
    def all_of(setup: str) -> list[Object]:
        kept = [Connection(name, "c1", name, (("ikev2", setup),)) for name in ("rem1", "rem2")]
        return [Pluto("c1", "c1", setup), *kept]

    shelf = Shelf(tmp_path)
    hands = Hands(*all_of("4.10"))
    asyncio.run(Workshop(Ledger(shelf)).pluto(hands, all_of("5.2"), hands.settled))
    assert hands.noted == ["restart c1"]
    shelf.close()


def test_a_key_that_several_tunnels_have_is_taken_by_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(tmp_path, monkeypatch)
    shared = TEXT.replace("profile q\n    exit", "profile p\n    exit")
    before = authority(shared)
    after = authority(shared.replace("key-of-p", "another"), before)

    async def tell() -> list[str]:
        node = Node(tmp_path)
        await node.runtime.want(plan(before))
        await node.until(2)
        noted: list[str] = []

        async def settled(remote: str) -> None:
            await asyncio.gather(*node.runtime.pluto._repairs)
            noted.extend([*Whack.latest.since(), f"wait for {remote}"])

        monkeypatch.setattr(node.runtime, "settled", settled)
        Whack.latest.since()
        await node.runtime.want(plan(after))
        await node.runtime.renegotiate()
        await node.runtime.renegotiate()  # each but once
        await asyncio.gather(*node.runtime.pluto._repairs)
        noted.extend(Whack.latest.since())
        await node.close()
        return [line for line in noted if not line.startswith("secrets")]

    name = "ipsec-client-tunnel-p"
    assert asyncio.run(tell()) == [
        f"terminate {name}-rem1",
        "wait for rem1",
        f"terminate {name}-rem2",
    ]


def test_a_tunnel_that_carried_is_waited_for_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(tmp_path, monkeypatch)
    monkeypatch.setattr(runtime, "SETTLING", 0.2)
    monkeypatch.setattr(runtime, "SETTLING_PACE", 0.0)
    before = authority(TEXT)

    async def tell() -> None:
        node = Node(tmp_path)
        put = node.runtime._put
        await node.runtime.want(plan(before))
        await node.until(2)
        put(h.SecurityAssociations("rem2", 1, 1))
        put(h.KniLink("rem2", True))
        await node.runtime.want(plan(before))  # rem2 carries now, rem1 does not
        for remote in ("rem1", "rem2"):
            waiting = asyncio.ensure_future(node.runtime.settled(remote))
            await asyncio.sleep(0)
            assert waiting.done()
        put(h.Replacing("rem2"))
        waiting = asyncio.ensure_future(node.runtime.settled("rem2"))
        put(h.SecurityAssociations("rem2", 0, 0))
        await asyncio.sleep(0)
        assert not waiting.done()
        put(h.SecurityAssociations("rem2", 1, 1))
        for _ in range(9):
            await asyncio.sleep(0)
        assert not waiting.done()  # it is raised, and not seen up yet: traffic is elsewhere
        put(h.KniLink("rem2", True))
        await waiting
        put(h.Replacing("rem2"))
        await node.runtime.settled("rem2")
        await node.close()

    asyncio.run(tell())
