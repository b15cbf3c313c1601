"""Each command over a node that answers from values: what it shows, and what it says when it cannot."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.commands.catalogue import COMMANDS
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import Arguments, parse, split
from ipsec_client.commands.node import OnNode, received, sent
from ipsec_client.commands.port import Place, Terminal
from ipsec_client.commands.show_alarms import COMMAND as SHOW_ALARMS
from ipsec_client.commands.view import DecisionView, DiagnosisView, EventView, MonitorView, NodeView
from ipsec_client.wire.request import Json, Request

from .sample import ALARM, REM1_DOWN, REM1_MONITORED, Clock, FakeNode, at, page, told, tunnel


def shown(line: str, view: NodeView | None = None, terminal: Terminal | None = None) -> str:
    """What a line prints between the date and the time taken."""
    status, text = asyncio.run(told(FakeNode(view or page()), line, terminal=terminal))
    assert status == 0, text
    lines = text.splitlines()
    assert lines[0] == "Tue 2020-06-30 16:44:39 UTC"
    assert lines[-1] == "Completed in 0.12 seconds"
    return "\n".join(lines[1:-1])


def refused(line: str, view: NodeView | None = None) -> str:
    """The error that a line ends with."""
    status, text = asyncio.run(told(FakeNode(view or page()), line))
    assert status == 1, text
    return next(line for line in text.splitlines() if line.startswith("% Error: "))


def event(number: int, kind: str = "alarm", type_: str = "add") -> EventView:
    return EventView(number, at("2021-04-20 14:16:08") + number, kind, type_, "critical",
                     "unavailable", "interface", f"number {number}")  # fmt: skip


def test_without_alarms_there_is_no_table() -> None:
    assert shown("show alarms", page(alarms=(), shelved=2)) == "\nThere are 2 shelved alarms"


def test_alarms_stand_by_their_number_and_are_found_by_their_id() -> None:
    alarms = tuple(replace(ALARM, number=number) for number in (12, 3, 8))
    rows = shown("show alarms", page(alarms=alarms)).splitlines()[4:7]
    assert [row.split()[0] for row in rows] == ["combo-west:3", "combo-west:8", "combo-west:12"]
    one = shown("show alarms id combo-west:8", page(alarms=alarms))
    assert one.count("combo-west:") == 1


def test_a_terminal_folds_what_a_file_keeps_whole() -> None:
    folded = shown("show alarms", terminal=Terminal(width=100, tty=True))
    assert max(map(len, folded.splitlines())) <= 100
    assert "(4) operationally down" not in folded
    assert "(4) operationally down" in shown("show alarms", terminal=Terminal(width=100))


def test_a_device_that_is_not_there_is_told_with_those_that_are() -> None:
    assert refused("show device-interface name rem9") == (
        "% Error: combo-west has no device-interface rem9. Its device-interfaces: rem1, rem2"
    )


def test_errors_stand_between_date_and_time_taken() -> None:
    status, text = asyncio.run(told(FakeNode(page()), "show alarms router r9"))
    assert status == 1
    assert text == (
        "Tue 2020-06-30 16:44:39 UTC\n\n"
        "% Error: router r9 is not here: this is combo-west.RTR_WEST_COMBO, without its conductor. "
        "Ask where its conductor runs\n\nCompleted in 0.12 seconds\n"
    )


def test_summary_of_devices() -> None:
    assert [line.split() for line in shown("show device-interface summary").splitlines()[4:]] == [
        ["combo-west", "rem1", "host", "up", "down", "Down"],
        ["combo-west", "rem2", "host", "up", "up", "Up"],
    ]


def test_an_own_device_has_no_tunnel() -> None:
    lan = replace(REM1_DOWN, name="lan", type="ethernet", tunnel=None)
    assert "IPSec" not in shown("show device-interface name lan", page(devices=(lan,)))


def test_events_come_newest_first() -> None:
    view = page(events=tuple(event(number) for number in range(100)))
    lines = shown("show events", view).splitlines()
    assert lines[2].split() == [
        "Router", "Node", "Event", "Type", "Time", "Severity", "Source", "Category", "Message",
    ]  # fmt: skip
    rows = lines[4:]
    assert len(rows) == 50
    assert rows[0].endswith("number 99")
    assert "2021-04-20T14:17:47.000000Z" in rows[0]
    assert len(shown("show events rows 7", view).splitlines()) == 4 + 7


def test_events_of_alarms_only() -> None:
    view = page(events=(event(1), event(2, "tunnel", "restart"), event(3, type_="clear")))
    assert "restart" in shown("show events", view)
    text = shown("show events alarm", view)
    assert "restart" not in text
    assert text.index("clear") < text.index("add")


@pytest.mark.parametrize("rows", ["0", "-1", "x", "1.5"])
def test_a_number_of_rows_is_one(rows: str) -> None:
    assert refused(f"show events rows {rows}").startswith(f"% Error: rows {rows} is not")


def test_no_events_are_said_to_be_none() -> None:
    assert shown("show events") == "\nThere are no events\n"


def test_plugin_state_as_a_table() -> None:
    view = page(tunnels=(REM1_MONITORED, tunnel("rem2", "down")))
    for line in (
        "show plugins state summary 128T-ipsec-client",
        "show plugin state summmary",
        "show plugins state summary name 128T-ipsec-client",
    ):
        lines = shown(line, view).splitlines()
        assert lines[0] == "Target: combo-west.RTR_WEST_COMBO"
        assert lines[5].split() == ["rem1", "up", "172.16.4.3", "1", "60", "60", "1/1", "up"]
        assert lines[6].split() == ["rem2", "down", "172.16.5.4", "0", "0", "0", "--"]
        assert lines[-2:] == ["", "Retrieved state data."]


def test_plugin_state_in_full() -> None:
    view = page(
        tunnels=(replace(REM1_MONITORED, verdict="down", reason="8.8.8.8 is silent", age=61.0),),
        document="1606185600",
        versions=(("Libreswan", "4.10"),),
    )
    lines = shown("show plugins state detail 128T-ipsec-client", view).splitlines()
    assert lines[:5] == ["", "=" * 79, "combo-west.RTR_WEST_COMBO", "=" * 79, "state:"]
    state = dict(line.strip().split(":", 1) for line in lines[5:-2])
    found = {key: value.strip() for key, value in state.items()}
    assert found["Document"] == "1606185600"
    assert found["Libreswan"] == "4.10"
    assert found["Verdict"] == "down"
    assert found["Reason"] == "8.8.8.8 is silent"
    assert found["For"] == "1m 01s"
    assert found["Destination"] == "8.8.8.8"
    assert all(line.index(found["Verdict"]) == 47 for line in lines if "Verdict" in line)


def test_another_plugin_is_not_installed() -> None:
    assert refused("show plugins state 128T-gre") == (
        "% Error: the plugin 128T-gre is not installed. Installed: 128T-ipsec-client"
    )


def test_a_monitor_that_has_not_tried_says_never() -> None:
    monitored = replace(REM1_MONITORED, monitors=(MonitorView("8.8.8.8", "unknown"),))
    device = replace(REM1_DOWN, oper_up=True, tunnel=monitored)
    text = shown("show device-interface name rem1", page(devices=(device,)))
    assert "           Status:    unknown\n           Last Attempt:never\n" in text


def test_why_tells_judgement_and_decisions() -> None:
    decisions = (
        DecisionView(1.0, "rem1", "lowered", "8.8.8.8 is silent"),
        DecisionView(2.0, "rem2", "raised", "8.8.4.4 answers"),
        DecisionView(3.0, "", "pluto restarted", "all tunnels are down"),
    )
    view = page(
        tunnels=(tunnel("rem1", "down", reason="silent"), tunnel("rem2")), decisions=decisions
    )
    every = shown("why", view)
    assert every.index("lowered") < every.index("raised") < every.index("pluto restarted")
    one = shown("why remote rem1", view)
    assert "lowered" in one
    assert "pluto restarted" in one
    assert "rem2" not in one
    assert refused("why remote rem9", view).endswith("Its remotes: rem1, rem2")


def test_why_and_the_state_tell_what_is_in_the_way_and_where_to_look() -> None:
    found = DiagnosisView(
        "the gateway accepts none of our algorithms for IKE",
        said="NO_PROPOSAL_CHOSEN",
        probable=True,
        restart=False,
        look=(("router r1 ipsec-profile p ike-encryption", "aes256"), ("router r1 x", "unset")),
        offered="aes256-sha1",
        cure="Write what the gateway has",
    )
    view = page(tunnels=(tunnel("rem1", "down", diagnosis=found), tunnel("rem2")))
    assert (
        "rem1: probably the gateway accepts none of our algorithms for IKE\n"
        "-----------------------------------------------------------------\n"
        "Told      NO_PROPOSAL_CHOSEN, unsigned: anyone on the way could have caused it\n"
        "Look at   router r1 ipsec-profile p ike-encryption: aes256\n"
        "          router r1 x: unset\n"
        "We offer  aes256-sha1\n"
        "Repair    goes on, since this is not certain; if it is so, a restart cannot help\n"
        "Cure      Write what the gateway has\n"
    ) in shown("why remote rem1", view)
    assert "Told" not in shown("why remote rem2", view)
    state = shown("show plugins state", view)
    assert "probably the gateway accepts none of our algorithms for IKE\n" in state
    assert "router r1 ipsec-profile p ike-encryption\n" in state


def test_why_tells_a_change_that_libreswan_refuses_of_a_tunnel_that_is_up() -> None:
    plain = "Libreswan refuses the change, which is not in force; it carries on as before"
    found = DiagnosisView(plain, said="bad ike", waits=True, restart=False, refused=True, cure="x")
    told = shown("why remote rem1", page(tunnels=(tunnel("rem1", diagnosis=found),)))
    assert f"rem1: {plain}\n" in told
    assert "Told    bad ike\nRepair  none; it is given to Libreswan again every 10 s\n" in told


def test_restart_of_what_is_not_there_restarts_nothing() -> None:
    port = FakeNode(page())
    status, text = asyncio.run(told(port, "restart ipsec remote rem9"))
    assert (status, port.restarted) == (1, [])
    assert text.endswith("% Error: combo-west has no remote rem9. Its remotes: rem1, rem2\n")
    assert "Successfully" not in text


def test_a_restart_that_fails_says_so_after_what_was_said() -> None:
    port = FakeNode(page(), '002 "x": terminating\n', Fault("pluto is gone", cure="Wait"))
    status, text = asyncio.run(told(port, "restart ipsec remote rem1"))
    assert status == 1
    assert text.endswith('002 "x": terminating\n% Error: pluto is gone. Wait\n')


def test_a_node_says_that_the_authority_is_the_conductors() -> None:
    assert "the configuration is the conductor's, which does not run here" in refused(
        "show config running"
    )


def test_a_node_without_a_configuration_says_so() -> None:
    assert "no configuration yet" in refused("show alarms", NodeView("", "", 0.0))


def test_names_are_in_full_where_the_router_was_named() -> None:
    answers = [Answer(Place("r1", "n1"), SHOW_ALARMS.answer(page(), Arguments()))]
    assert " n1.r1:8 " in SHOW_ALARMS.layout(answers, Arguments(), Screen(full=True))
    assert " n1:8 " in SHOW_ALARMS.layout(answers, Arguments(), Screen())


def test_every_query_answers_an_empty_node() -> None:
    """Before anything has been set up there is nothing to show, and nothing to stumble over."""
    for command in COMMANDS:
        if isinstance(command, NodeQuery):
            empty = command.answer(NodeView("r", "n", 0.0), Arguments())
            assert command.layout([Answer(Place("r", "n"), empty)], Arguments(), Screen(80))


def asked(body: dict[str, Json]) -> Json:
    async def say(_: str) -> None:
        raise AssertionError("a query says nothing")

    node = OnNode(FakeNode(page()), Clock("2020-06-30 16:44:39", 0.1))
    return asyncio.run(node.ask(Request("r1", "ask", body), say))


def test_what_a_conductor_sends_is_what_the_node_understands() -> None:
    command, arguments = parse(split("sh ev al router r1 rows 3"), COMMANDS)
    found, understood = received(sent(command, arguments, "r1"))
    assert found is command
    assert understood == Arguments({"kind": "alarm", "rows": "3"})


def test_a_node_answers_a_conductor_with_data() -> None:
    data = asked({"command": "show alarms", "arguments": {}, "rest": [], "request": "r1"})
    assert data["alarms"][0]["message"] == "Intf rem1 (4) operationally down"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"command": "show gold", "arguments": {}, "rest": []}, "does not know show gold"),
        ({"command": "show alarms", "arguments": {"x": "1"}, "rest": []}, "know x of show alarms"),
        ({"command": "show config running", "arguments": {}, "rest": []}, "does not know"),
        ({"command": "show alarms"}, "lacks"),
        ({}, "lacks"),
    ],
)
def test_what_a_newer_conductor_asks_is_refused_by_name(body: dict[str, Json], why: str) -> None:
    with pytest.raises(InputFault, match=why):
        asked(body)
