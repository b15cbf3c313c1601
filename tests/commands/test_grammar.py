"""Words, abbreviations, arguments, completion and help."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.catalogue import COMMANDS
from ipsec_client.commands.command import AnyCommand
from ipsec_client.commands.grammar import NotFound, parse, split
from ipsec_client.commands.guide import complete, told

from .sample import FakeNode, page
from .sample import told as printed


def names(kind: str) -> list[str]:
    return {"remote": ["rem1", "rem2"], "device": ["lan", "rem1"], "router": ["r1"]}.get(kind, [])


def meant(line: str) -> tuple[str, dict[str, str], tuple[str, ...]]:
    command, arguments = parse(split(line), COMMANDS)
    return " ".join(command.words), dict(arguments.values), arguments.rest


@pytest.mark.parametrize(
    ("line", "command", "values"),
    [
        ("show alarms", "show alarms", {}),
        ("sh al", "show alarms", {}),
        ("sho ev al", "show events", {"kind": "alarm"}),
        ("show device-interface name rem2", "show device-interface", {"name": "rem2"}),
        ("sh dev na rem2", "show device-interface", {"name": "rem2"}),
        ("show device-interface router r1 summary", "show device-interface",
         {"router": "r1", "verbosity": "summary"}),
        ("show plugins state router r1 node n1 summmary 128T-ipsec-client", "show plugins state",
         {"router": "r1", "node": "n1", "verbosity": "summmary", "plugin": "128T-ipsec-client"}),
        ("show plugin state 128T-ipsec-client", "show plugins state",
         {"plugin": "128T-ipsec-client"}),
        ("show plugins state name 128T-ipsec-client", "show plugins state",
         {"name": "128T-ipsec-client"}),
        ("show plug state detail", "show plugins state", {"verbosity": "detail"}),
        ("restart ipsec remote router r1 node n1 rem1", "restart ipsec remote",
         {"router": "r1", "node": "n1", "remote": "rem1"}),
        ("rest ip rem rem1", "restart ipsec remote", {"remote": "rem1"}),
        ("why", "why", {}),
        ("why remote rem1", "why", {"remote": "rem1"}),
        ('show device-interface name "a b"', "show device-interface", {"name": "a b"}),
    ],
)  # fmt: skip
def test_lines_and_what_they_mean(line: str, command: str, values: dict[str, str]) -> None:
    assert meant(line) == (command, values, ())


def test_a_path_is_all_that_follows() -> None:
    line = "show config running authority router r1"
    assert meant(line)[2] == ("authority", "router", "r1")


def test_a_place_may_look_like_the_beginning_of_a_keyword() -> None:
    """A remote called rou is a remote where one is due, though rou might begin router."""
    assert meant("restart ipsec remote rou")[1] == {"remote": "rou"}
    assert meant("restart ipsec remote rou r1 rou")[1] == {"router": "r1", "remote": "rou"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("bad", "Command 'bad' not found (use '?' for help)"),
        ("show bad", "Command 'bad' not found (use '?' for help)"),
        ("showx alarms", "Command 'showx' not found (use '?' for help)"),
        ("show", "Command 'show' is incomplete (use '?' for help)"),
        ("restart ipsec", "Command 'restart ipsec' is incomplete (use '?' for help)"),
        ("show alarms bad", "'bad' has no meaning here. Usage: show alarms"),
        ("show alarms router", "router lacks its value"),
        ("show alarms router a router b", "router is given twice"),
        ("restart ipsec remote", "<remote> is missing. Usage: restart ipsec remote"),
        ("restart ipsec remote rem1 rem2", "'rem2' has no meaning here"),
    ],
)
def test_mistakes_are_told(line: str, why: str) -> None:
    with pytest.raises(InputFault) as caught:
        parse(split(line), COMMANDS)
    assert str(caught.value).startswith(why)
    assert isinstance(caught.value, NotFound) == ("not found" in why)


def test_an_ambiguous_word_names_what_it_may_be() -> None:
    restart = next(command for command in COMMANDS if command.words[0] == "restart")
    first, second = (replace(restart, words=("show", word)) for word in ("alarms", "assets"))
    with pytest.raises(InputFault, match="'a' is ambiguous: alarms, assets"):
        parse(["show", "a"], [first, second])
    assert parse(["show", "al", "rem1"], [first, second])[0] is first


@given(st.sampled_from(COMMANDS), st.data())
def test_any_unique_beginning_of_each_word_will_do(
    command: AnyCommand, data: st.DataObject
) -> None:
    """Each word is cut to where it still differs from the words of others at its place, or later."""
    others = [
        spelling for other in COMMANDS if other is not command for spelling in other.all_spellings
    ]
    cut = []
    for place, word in enumerate(command.words):
        beside = {
            spelling[place]
            for spelling in others
            if len(spelling) > place
            and spelling[:place] == command.words[:place]
            and spelling[place] != word
        }
        least = next(
            size
            for size in range(1, len(word) + 1)
            if not any(other.startswith(word[:size]) for other in beside)
        )
        cut.append(word[: data.draw(st.integers(least, len(word)))])
    due = [
        word
        for argument in command.arguments
        if argument.required
        for word in (*argument.heads[: argument.kind == "keyword"], (argument.words or ("x",))[0])
    ]
    assert parse([*cut, *due], COMMANDS)[0] is command


@given(st.text())
def test_no_line_does_more_than_be_refused(line: str) -> None:
    with suppress(InputFault):
        parse(split(line), COMMANDS)


@given(st.lists(st.text(st.characters(exclude_characters='"\\'), min_size=1)))
def test_quotes_keep_a_word_together(words: list[str]) -> None:
    assert split(" ".join(f'"{word}"' for word in words)) == words


def test_each_command_has_words_help_and_names_of_its_own() -> None:
    spelled = [spelling for command in COMMANDS for spelling in command.all_spellings]
    assert len(spelled) == len(set(spelled))
    for command in COMMANDS:
        assert command.help
        named = [argument.name for argument in command.arguments]
        assert len(named) == len(set(named))
        assert all(argument.help for argument in command.arguments)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", sorted({spelling[0] for command in COMMANDS for spelling in command.all_spellings})),
        ("sh", ["show"]),
        ("show d", ["device-interface"]),
        ("show device-interface name ", ["lan", "rem1"]),
        ("show device-interface name r", ["rem1"]),
        ("show device-interface name rem1 r", ["router"]),
        ("restart ipsec remote ", ["router", "node", "rem1", "rem2"]),
        ("restart ipsec remote rem1 r", ["router"]),
        ("show alarms router ", ["r1", "all"]),
        ("restart ipsec remote router ", ["r1"]),
        ("show events rows ", []),
        ("bad ", []),
        ("show alarms bad ", []),
    ],
)
def test_completion(line: str, words: list[str]) -> None:
    begun = line.rpartition(" ")[2]
    before = split(line.removesuffix(begun))
    assert [word for word, _ in complete(before, COMMANDS, names, begun)] == words


def test_help_lists_what_may_follow() -> None:
    text = told(["show"], COMMANDS, names)
    assert text.startswith("Commands\n--------\nalarms             The alarms that stand\n")
    assert "Usage" not in text


def test_help_of_a_command_tells_its_usage_and_arguments() -> None:
    text = told(["show", "events"], COMMANDS, names)
    assert "Usage: show events [alarm] [from <from>]" in text
    assert "\nArguments\n---------\nalarm " in text


def test_help_of_a_word_that_was_begun() -> None:
    assert told(["show"], COMMANDS, names, "dev").splitlines()[2:] == [
        "device-interface  Counters and state of device-interfaces, and of the tunnels behind them"
    ]
    with pytest.raises(NotFound):
        told(["show"], COMMANDS, names, "bad")


def test_help_is_asked_by_a_question_mark() -> None:
    status, text = asyncio.run(printed(FakeNode(page()), "?"))
    assert status == 0
    assert text.startswith("Commands\n--------\ncapture ")
    assert asyncio.run(printed(FakeNode(page()), "sh al?")) == (
        0, "Commands\n--------\nalarms  The alarms that stand\n",
    )  # fmt: skip


def test_an_empty_line_does_nothing() -> None:
    assert asyncio.run(printed(FakeNode(page()), "   ")) == (0, "")
