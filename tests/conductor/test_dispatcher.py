"""Commands on the conductor: whom they ask, and how several answers become one."""

from __future__ import annotations

import asyncio

import pytest

from ipsec_client.base.errors import Fault, HostFault
from ipsec_client.commands.node import OnNode
from ipsec_client.commands.port import Place, Terminal
from ipsec_client.commands.session import Line
from ipsec_client.conductor.dispatcher import OnConductor
from ipsec_client.config.reader import read
from ipsec_client.model.elements import Authority
from ipsec_client.wire.request import Json, Request, Say
from tests.commands.authority import FakeAuthority
from tests.commands.sample import ALARM, FakeNode, page

from .sample import HERE, Clock

TEXT = """\
config
    authority
        router router1
            node node1
            exit
            node node2
            exit
        exit
        router router2
            node node1
            exit
        exit
    exit
exit
"""


class Fleet(FakeAuthority):
    """An AuthorityPort over nodes that answer as an agent does; those not ``up`` cannot be reached."""

    def __init__(self, here: Place | None = HERE, up: tuple[str, ...] = ("router1",)) -> None:
        super().__init__()
        self.here = here
        self.up = up
        self.nodes: dict[Place, FakeNode] = {}
        self.asked: list[Place] = []

    def running(self) -> Authority | None:
        return read(TEXT).config.authority

    async def call(self, place: Place, request: Request, say: Say) -> Json:
        self.asked.append(place)
        if place.router not in self.up:
            raise HostFault("cannot be reached", cure="Start it")
        view = page(router=place.router, node=place.node, alarms=(ALARM,))
        node = self.nodes.setdefault(place, FakeNode(view, '002 "x": terminating\n'))
        return await OnNode(node, Clock()).ask(request, say)


def told(fleet: Fleet, line: str) -> tuple[int, str]:
    said: list[str] = []

    async def say(text: str) -> None:
        said.append(text)

    outcome = asyncio.run(OnConductor(fleet, Clock()).execute(Line(line, Terminal(), "r1"), say))
    return outcome.status, "".join(said)


def test_without_a_name_this_machines_node_is_meant() -> None:
    fleet = Fleet()
    status, text = told(fleet, "show alarms")
    assert status == 0
    assert fleet.asked == [HERE]
    assert "\n node1:8 " in text


def test_a_named_router_is_asked_whole_and_shown_in_full() -> None:
    fleet = Fleet()
    _, text = told(fleet, "show alarms router router1")
    assert fleet.asked == [HERE, Place("router1", "node2")]
    assert "\n node1.router1:8 " in text
    assert "\n node2.router1:8 " in text
    assert "There are 0 shelved alarms" in text


def test_one_node_of_a_router() -> None:
    fleet = Fleet()
    status, text = told(fleet, "show device-interface name rem2 router router1 node node2")
    assert status == 0
    assert fleet.asked == [Place("router1", "node2")]
    assert "\n node2.router1:rem2\n" in text


def test_one_that_cannot_be_reached_hides_no_other() -> None:
    status, text = told(Fleet(), "show alarms router all")
    assert status == 1
    assert "% Error: node1.router2: cannot be reached. Start it\n" in text
    assert "\n node1.router1:8 " in text
    assert text.endswith("seconds\n")


def test_the_only_one_asked_gives_its_error_plainly() -> None:
    status, text = told(Fleet(), "show alarms router router2")
    assert status == 1
    assert "\n% Error: cannot be reached. Start it\n\nCompleted" in text


def test_names_that_do_not_exist() -> None:
    assert "% Error: there is no router router9\n" in told(Fleet(), "show alarms router router9")[1]
    assert "no node node9 of router router1" in told(Fleet(), "show alarms node node9")[1]


def test_a_restart_is_passed_to_its_node_with_the_id_it_was_asked_by() -> None:
    fleet = Fleet()
    status, text = told(fleet, "restart ipsec remote router router1 node node1 rem1")
    assert status == 0
    assert text == (
        "✔ Retrieving 0/1 targets complete....\nTarget: node1.router1\n\n"
        '002 "x": terminating\n\nSuccessfully retrieved info.\n'
    )
    assert fleet.nodes[HERE].restarted == [("rem1", "r1")]


def test_a_restart_of_several_nodes_is_refused() -> None:
    fleet = Fleet()
    status, text = told(fleet, "restart ipsec remote router router1 rem1")
    assert status == 1
    assert "several nodes are meant: node1.router1, node2.router1. Name router and node" in text
    assert fleet.asked == []


def test_the_configuration_is_answered_here() -> None:
    fleet = Fleet()
    status, text = told(fleet, "show config running authority router router2")
    assert status == 0
    assert text.startswith("config\n")
    assert "router1" not in text
    assert fleet.asked == []


def test_completion_knows_the_configuration() -> None:
    dispatcher = OnConductor(Fleet(), Clock())
    found = [word for word, _ in dispatcher.complete(Line("show alarms router "))]
    assert found == ["router1", "router2", "all"]
    assert [word for word, _ in dispatcher.complete(Line("show alarms node "))] == [
        "node1",
        "node2",
        "all",
    ]


def test_before_the_first_commit() -> None:
    class Empty(Fleet):
        def running(self) -> None:
            return None

    status, text = told(Empty(here=None), "show alarms")
    assert status == 1
    assert "nothing has been committed yet" in text
    assert OnConductor(Empty(here=None), Clock()).complete(Line("show alarms router ")) == []


def test_what_operators_ask_is_fanned_out_and_laid_out_node_by_node() -> None:
    fleet = Fleet(up=("router1",))
    for line in ("show system services", "show stats ipsec-client", "doctor"):
        status, text = told(fleet, f"{line} router router1")
        assert status == 0, text
    assert fleet.nodes[HERE].looked == ["services", "statistics", "findings"]
    _, text = told(fleet, "show service-path router router1")
    assert "node1.router1\n" in text
    assert "node2.router1\n" in text


@pytest.mark.parametrize(
    ("line", "patient"), [("ping 8.8.8.8", False), ("restart ipsec remote rem1", True)]
)
def test_a_node_is_hung_up_on_by_who_stops_listening(line: str, patient: bool) -> None:
    async def gone(_: str) -> bool:
        return False

    fleet = Fleet()
    heard: list[object] = []

    async def call(place: Place, request: Request, say: Say) -> Json:
        try:
            await say("Ping from\n")
        except Fault:
            heard.append("hung up")
            raise
        return None

    fleet.call = call  # type: ignore[method-assign]
    asyncio.run(OnConductor(fleet, Clock()).execute(Line(line, Terminal(), "r1"), gone))
    assert heard == ([] if patient else ["hung up"])
