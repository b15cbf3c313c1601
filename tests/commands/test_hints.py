"""What a session tells before and after a line: ``?`` leads on everywhere, and no key is remembered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from .authority import CLIENT, KEY, Session


@pytest.mark.parametrize(
    "line",
    [f"pre-shared-key {KEY}", f"delete pre-shared-key {KEY}", f"pre-shared-key {KEY} | grep a"],
)
def test_a_line_that_holds_a_key_is_remembered_without(line: str) -> None:
    session = Session()
    session.do("configure authority router router1 ipsec-profile primary", line)
    assert session.outcome.kept is not None
    assert KEY not in session.outcome.kept


def test_a_pasted_text_that_failed_is_not_remembered() -> None:
    """Its key may stand after the line that failed."""
    session = Session()
    session.failed(f"configure\nnonsense\nauthority router router1\npre-shared-key {KEY}")
    assert session.outcome.kept == ""


@pytest.mark.parametrize(
    ("words", "line", "told"),
    [
        (CLIENT, "remote rem1 host 17?", "<host>"),
        (CLIENT, "remote rem?", "<name>"),
        (CLIENT, "clone ?", "remote"),
        (CLIENT, "clone remote ?", "rem2"),
        (CLIENT, "clone remote rem1 ?", "<name>  Of the copy"),
        (CLIENT, "move remote rem1 ?", "first"),
        (CLIENT, "move remote rem1 after ?", "rem2"),
        (CLIENT, "delete remote rem1 ?", "force"),
        (CLIENT, "show remote ?", "all"),
        (CLIENT, "show remote rem1 verbose ?", "flat"),
        (CLIENT, "remote rem1 host 172.16.4.9 ?", "<enter>"),
        (CLIENT, "up ?", "<levels>"),
        (CLIENT, "where ?", "Usage: where"),
        (CLIENT, "?", "quit"),
        (CLIENT, "show config running | grep ?", "Usage: | grep [-i] [-v] <pattern>"),
        ("", "authority ?", 'Whom packets belong to; "a.b" is a part of "b"'),
    ],
)
def test_a_question_mark_always_leads_on(words: str, line: str, told: str) -> None:
    session = Session()
    session.do(f"configure {words}".strip())
    assert told in session.told(line)
    assert session.outcome.status == 0


def test_help_is_folded_to_the_terminal() -> None:
    session = Session()
    session.do(f"configure {CLIENT} remote rem1")
    session.terminal = replace(session.terminal, width=50)
    told = session.told("?")
    assert max(map(len, told.splitlines())) <= 50


def test_a_question_mark_in_a_script_ends_a_value() -> None:
    session = Session(interactive=False)
    session.do("configure authority service ipsec", "description what?")
    assert session.port.candidate("admin").service[0].description == "what?"
    assert "description" in session.told("descr ?")


@pytest.mark.parametrize("line", ["qui", "show hist", "do exit"])
def test_the_terminals_own_words_are_not_the_daemons(line: str) -> None:
    session = Session()
    session.do("configure")
    assert "is the terminal's own" in session.failed(line)
    assert session.context.path == ()


def test_no_filter_hides_that_a_command_failed() -> None:
    session = Session()
    assert "% Error: node1.router1 cannot be reached" in session.failed("show alarms | grep rem1")


@pytest.mark.parametrize("rows", ["0", "-1", "many", "9" * 5000])
def test_a_number_of_rows_that_is_none_is_refused(rows: str) -> None:
    assert "is not a number above 0" in Session().failed(f"show config history rows {rows}")


def test_every_router_is_a_router_of_each_commit() -> None:
    told = Session().told("show events config commit router all")
    assert "root changed running configuration" in told
