"""A commit disturbs nothing that it does not name."""

from __future__ import annotations

import re
import time

import pytest

from ipsec_lab.waiting import wait_until
from tests.lab.driver import DEMO, Lab
from tests.lab.test_custom_options import costs_its_own_remote_alone
from tests.lab.test_leaks import PLUTO

REM1 = re.compile(r"\n +remote   rem1\n.*?\n {20}exit\n", re.DOTALL)
ROUTE1 = re.compile(r"\n +service-route         rem1\n.*?\n {12}exit\n", re.DOTALL)


def without_rem1() -> str:
    """The demo's configuration without its first remote."""
    text = DEMO.read_text()
    for part in (REM1, ROUTE1):
        text, count = part.subn("\n", text)
        assert count == 1
    return text


def test_rem1_removed_leaves_rem2_its_address_and_its_packets(lab: Lab) -> None:
    address = ["ip", "-o", "-4", "addr", "show", "dev", "rem2"]
    before = lab.must("client1", *address)
    assert "169.254.129.10/30" in before
    lab.silence("rem1")
    try:
        with lab.stream("remove-rem1", rate=1000) as sent:
            time.sleep(1)
            lab.commit(without_rem1())
            assert wait_until(lambda: "rem1" not in lab.interfaces(), deadline=30, pause=0.5)
            time.sleep(1)
        assert lab.must("client1", *address) == before
        assert sent.figures.lost == 0
        assert len(sent.at("rem2")) == sent.figures.sent
    finally:
        lab.commit(DEMO.read_text())


def in_force(lab: Lab, written: str) -> bool:
    """Whether the last word written is running."""
    return written.rsplit(maxsplit=1)[-1] in lab.pcli("show config running")


OF_REM2 = {
    "host": ("host     172.16.5.4", "host     172.16.5.99"),
    "key": ("somekey2", "anotherkey2"),
    "lifetime": ("somekey2", "somekey2\nike-lifetime 2h\nperfect-forward-secrecy true"),
    "subnet": ("profile  secondary", "profile  secondary\nsubnet 8.8.8.0/24"),
}
"""Edits of rem2, or of the profile that it alone uses."""


@pytest.mark.parametrize("edit", OF_REM2)
def test_rem2_edited_leaves_rem1_every_packet(lab: Lab, edit: str) -> None:
    plutos = lab.pids(PLUTO)
    old, new = OF_REM2[edit]
    text = DEMO.read_text()
    assert old in text
    try:
        with lab.stream(f"edit-rem2-{edit}", rate=1000) as sent:
            time.sleep(1)
            lab.commit(text.replace(old, new))
            time.sleep(4)
        assert "anotherkey2" in new or in_force(lab, new)
        assert sent.figures.lost == 0
        assert len(sent.at("rem1")) == sent.figures.sent
        assert lab.pids(PLUTO) == plutos
    finally:
        lab.commit(text)


@pytest.mark.parametrize("edit", ["lifetime", "key"])
def test_rem1_edited_gives_its_traffic_to_rem2_first(lab: Lab, edit: str) -> None:
    old, new = (words.replace("2", "1", 1) for words in OF_REM2[edit])
    text = DEMO.read_text()
    assert old in text
    try:
        with lab.stream(f"edit-rem1-{edit}", rate=1000) as sent:
            time.sleep(1)
            lab.commit(text.replace(old, new))
            time.sleep(4)
        assert sent.at("rem2")
        assert sent.figures.longest_gap_ms <= 100
    finally:
        lab.commit(text)


def test_an_edit_of_all_tunnels_takes_one_after_the_other(lab: Lab) -> None:
    """Lifetimes here: with other keys no gateway of the lab would have them."""
    text = DEMO.read_text()
    edited = re.sub("(somekey[12])", r"\1\nike-lifetime 2h", text)
    try:
        with lab.stream("edit-all", rate=1000) as sent:
            time.sleep(1)
            lab.commit(edited)
            time.sleep(12)
        assert in_force(lab, edited[: edited.rindex("2h") + 2])
        assert sent.at("rem2")
        assert sent.figures.longest_gap_ms <= 100
        lab.await_up()
    finally:
        lab.commit(text)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("mtu", "somekey1", "somekey1\nmtu 1380\nmetric 7"),
        ("mss", "profile  primary", "profile  primary\nenforced-mss 1300"),
        ("interval", "address  8.8.8.8", "address  8.8.8.8\ninterval 500ms\ntimeout 2s"),
    ],
)
def test_what_needs_no_break_makes_none(lab: Lab, name: str, old: str, new: str) -> None:
    text = DEMO.read_text()
    assert old in text
    try:
        with lab.stream(f"no-break-{name}", rate=1000) as sent:
            time.sleep(1)
            lab.commit(text.replace(old, new))
            time.sleep(4)
        assert in_force(lab, new)
        assert sent.figures.lost == 0
        assert len(sent.at("rem1")) == sent.figures.sent
    finally:
        lab.commit(text)


def test_a_new_remotes_key_reaches_the_pluto_that_runs(lab: Lab) -> None:
    """It began without that key, so that only the commit can have brought it."""
    lab.stop()
    lab.start(without_rem1())
    lab.await_up("rem2")
    plutos = lab.pids(PLUTO)
    try:
        with lab.stream("add-rem1", rate=1000) as sent:
            time.sleep(1)
            lab.commit(DEMO.read_text())
            lab.await_up()
            time.sleep(1)
        assert sent.figures.lost == 0
        assert lab.pids(PLUTO) == plutos
    finally:
        lab.commit(DEMO.read_text())


def test_a_configuration_with_errors_changes_nothing_and_starts_nothing(lab: Lab) -> None:
    plutos = lab.pids(PLUTO)
    broken = DEMO.read_text().replace("profile  secondary", "profile  tertiary")
    try:
        with lab.stream("refused", rate=1000) as sent:
            time.sleep(1)
            lab.commit(broken)
            time.sleep(2)
        assert sent.figures.lost == 0
        assert lab.pids(PLUTO) == plutos
        assert "tertiary" not in lab.pcli("show config running")
        assert lab.up()
    finally:
        lab.commit(DEMO.read_text())


def test_a_bad_option_costs_its_own_remote_alone(lab: Lab) -> None:
    costs_its_own_remote_alone(lab, "keyword fragmentation, invalid value: maybe")
