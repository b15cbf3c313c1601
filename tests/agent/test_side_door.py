"""A Session Smart Router's network scripts: what it is told of its KNIs, when, and by a caller as it is itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ipsec_client import hook
from ipsec_client.agent import side_door
from ipsec_client.agent.side_door import HOOKS, SideDoor, check, link_scripts, state
from ipsec_client.base.errors import InputFault
from ipsec_client.commands.view import NodeView
from ipsec_client.config.documents import document
from ipsec_client.config.generated import generate, only_generated
from ipsec_client.config.printer import write
from ipsec_client.config.reader import read
from ipsec_client.health import types as h
from ipsec_client.health.wanted import TunnelIntent
from ipsec_client.model.elements import Config
from ipsec_client.plan.build import Facts, build
from ipsec_client.plan.objects import Kni, Namespace
from tests.agent.sample import TEXT
from tests.commands.sample import tunnel

AUTHORITY = read(f"config\n{TEXT}\nexit\n").config.authority
assert AUTHORITY is not None
DOCUMENT = document(generate(AUTHORITY), "r1", "n1")
PLAN = build(DOCUMENT, Facts(side_door=True), {})
KNIS = ["c1", "rem1", "rem2"]
ROOT = Path(__file__).parents[2]


def test_the_router_forwards_and_its_knis_are_taken_in() -> None:
    made = {item.name: item for item in PLAN.objects if isinstance(item, Kni)}
    assert list(made) == KNIS
    assert all(kni.given and not kni.router and kni.namespace for kni in made.values())
    assert {getattr(item, "netns", "c1") for item in PLAN.objects} == {"c1"}


def test_what_is_shut_down_is_let_go_and_without_the_egress_there_is_no_client() -> None:
    without = build(DOCUMENT, Facts(side_door=True, parted=frozenset({"rem1"})), {})
    assert [item.name for item in without.objects if isinstance(item, Kni)] == ["c1", "rem2"]
    assert any(isinstance(item, Namespace) for item in without.objects)
    nothing = build(DOCUMENT, Facts(side_door=True, parted=frozenset({"c1"})), {})
    assert (nothing.objects, nothing.inside) == ((), None)


# --- scripts --------------------------------------------------------------------------------------


def test_plugin_1628_the_scripts_are_where_the_router_looks_for_those_of_each_kni(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_NETWORK_SCRIPTS", str(tmp_path))
    interfaces = [item.name for item in DOCUMENT.node.device_interface if item.type == "host"]
    SideDoor(tmp_path / "marks").open(PLAN)
    assert sorted(place.name for place in tmp_path.iterdir()) == sorted(interfaces) == KNIS
    packaged = ROOT / "packaging" / "network-scripts"
    assert sorted(file.name for file in packaged.iterdir()) == sorted(HOOKS)
    for kni in KNIS:
        assert sorted(link.name for link in (tmp_path / kni).iterdir()) == sorted(HOOKS)
        for name in HOOKS:
            assert (tmp_path / kni / name).readlink() == side_door.SCRIPTS / name
            assert (packaged / name).stat().st_mode & 0o111 == 0o111
    assert AUTHORITY is not None
    assert "network-script" not in write(Config(authority=only_generated(generate(AUTHORITY))))


def test_links_follow_the_document_and_leave_others_files_alone(tmp_path: Path) -> None:
    link_scripts(["rem1", "rem2"], tmp_path)
    (tmp_path / "rem2" / "dhcp").write_text("theirs")
    (tmp_path / "other").mkdir()
    (tmp_path / "rem1" / "init").unlink()
    for _ in range(2):
        link_scripts(["rem1"], tmp_path)
    assert (tmp_path / "rem1" / "init").is_symlink()
    assert [file.name for file in (tmp_path / "rem2").iterdir()] == ["dhcp"]
    assert (tmp_path / "other").is_dir()
    (tmp_path / "rem1" / HOOKS[0]).unlink()  # whoever removed them was killed half way
    link_scripts([], tmp_path)
    assert not (tmp_path / "rem1").exists()


def test_a_kni_that_is_not_as_the_document_has_it_is_refused() -> None:
    right = {"ip": "169.254.129.5", "prefix": "30", "gateway": "169.254.129.6"}
    for namespace in ("c1", "c1:1073741829"):
        check(PLAN, "rem1", right | {"namespace": namespace})
    check(PLAN, "rem1", {})
    for wrong in (
        {"ip": "169.254.129.6"},
        {"prefix": "24"},
        {"gateway": "10.0.0.1"},
        {"namespace": "c2"},
    ):
        with pytest.raises(InputFault, match="KNI rem1 has"):
            check(PLAN, "rem1", right | wrong)
    with pytest.raises(InputFault, match="has no KNI rem9"):
        check(PLAN, "rem9", right)


def test_state_is_the_block_of_show_device_interface() -> None:
    view = NodeView("r1", "n1", 0.0, tunnels=(tunnel("rem1"), tunnel("rem2", "down")))
    assert state(PLAN, view, "rem2") == {"IPSec": {"Tunnel Status": "Down"}}
    up = state(PLAN, view, "rem1")["IPSec"]
    assert up[0]["Tunnel Status"] == "Up"
    assert state(PLAN, view, "c1") == {"IPSec": {"Tunnels": {"rem1": "up", "rem2": "down"}}}
    assert state(PLAN, view, "rem9") == state(None, view, "rem1") == {}


# --- the caller -----------------------------------------------------------------------------------

RAISED, LOWERED = h.Carrying("raised", "answers"), h.Carrying("lowered", "no answer")


def client(rem1: h.Carrying, rem2: h.Carrying = RAISED) -> h.Client:
    return h.Client(
        tunnels=tuple(
            h.Tunnel(TunnelIntent(name), carrying=carrying)
            for name, carrying in (("rem1", rem1), ("rem2", rem2))
        )
    )


@dataclass
class Router:
    """The caller: `monitoring` every second, whether the KNI is up or not; the word down on its output takes the KNI
    down; after 10 s of that `reinit`, and so on; `state` every 5 s; `info` when it comes up.
    """

    kni: str
    run: Callable[[str], str]
    up: bool = False
    calls: list[tuple[int, str]] = field(default_factory=list)
    _down_since: int = 0

    def _call(self, second: int, name: str) -> str:
        self.calls.append((second, name))
        return self.run(name)

    def second(self, now: int) -> None:
        """What it does in one second of its life."""
        down = "down" in self._call(now, "monitoring").split()
        if down and self.up:
            self.up, self._down_since = False, now
        elif not down and not self.up:
            self.up = True
            self._call(now, "info")
        if not self.up and now - self._down_since >= 10:
            self._down_since = now
            self._call(now, "reinit")
        if now % 5 == 0:
            self._call(now, "state")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IPSEC_CLIENT_RUN", str(tmp_path))
    return tmp_path


def test_a_router_that_calls_as_it_is_documented_to_follows_what_health_decides(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door = SideDoor(folder / "kni")

    def run(name: str) -> str:
        assert hook.main([name, "--kni-interface=rem1", "--kni-ip=169.254.129.5"]) in (0, 1)
        return capsys.readouterr().out

    router = Router("rem1", run)
    decided = {3: RAISED, 30: LOWERED, 55: RAISED}  # and at 70 the agent is gone, for a while
    seen = {}
    for now in range(100):
        if now in decided:
            door.mark(PLAN, client(decided[now]))
        if now == 70:
            door = SideDoor(folder / "kni")
            door.mark(PLAN, client(h.Carrying()))  # back, and nothing decided yet
        router.second(now)
        seen[now] = router.up
    assert [now for now in range(1, 100) if seen[now] != seen[now - 1]] == [3, 30, 55]
    assert [now for now, name in router.calls if name == "reinit"] == [40, 50]
    assert [now for now, name in router.calls if name == "info"] == [3, 55]
    assert sum(name == "monitoring" for _, name in router.calls) == 100


def test_a_kni_is_down_until_it_is_decided_to_carry_and_again_when_it_is_let_go(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door = SideDoor(folder / "kni")

    def word(kni: str) -> str:
        hook.main(["monitoring", f"--kni-interface={kni}"])
        return capsys.readouterr().out

    assert word("rem1") == word("../rem1") == "down\n"
    door.mark(PLAN, client(h.Carrying("held", "flapped")))
    assert (word("c1"), word("rem1"), word("rem2")) == ("up\n", "down\n", "up\n")
    assert door.steps(PLAN, "shutdown", "rem2", {})
    assert not door.steps(PLAN, "shutdown", "rem2", {})
    door.mark(PLAN, client(RAISED))
    assert (word("rem1"), word("rem2")) == ("up\n", "down\n")
    assert door.steps(PLAN, "startup", "rem2", {})
    door.mark(PLAN, client(RAISED))
    assert word("rem2") == "up\n"
    door.mark(None, h.Client())
    assert word("c1") == word("rem1") == "down\n"


def test_a_node_that_is_to_be_nothing_leaves_neither_scripts_nor_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_NETWORK_SCRIPTS", str(tmp_path / "scripts"))
    door = SideDoor(tmp_path / "kni")
    door.open(PLAN)
    door.mark(PLAN, client(RAISED))
    door.close()
    door.mark(None, h.Client())
    assert list((tmp_path / "scripts").iterdir()) == []
    assert not (tmp_path / "kni").exists()
    door.mark(PLAN, client(LOWERED))
    assert sorted(mark.name for mark in (tmp_path / "kni").iterdir()) == KNIS


def test_where_no_agent_answers_there_is_nothing_to_say(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, printed in (("state", "{}\n"), ("info", "{}\n"), ("init", ""), ("shutdown", "")):
        assert hook.main([name, "--kni-interface=rem1", "--new-argument=x"]) == 1
        assert capsys.readouterr().out == printed
    assert hook.main(["frob"]) == hook.main(["state"]) == 2


def test_plans_of_other_nodes_make_pairs_as_before() -> None:
    usual = build(DOCUMENT, Facts(), {})
    assert not any(item.given for item in usual.objects if isinstance(item, Kni))
    assert len(usual.objects) > len(PLAN.objects)
