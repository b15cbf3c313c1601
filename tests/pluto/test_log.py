"""Lines that pluto 4.10 and 5.2 wrote, with what they tell."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.pluto.log import Kind, Note, added, read, refusal

STAMP = "Nov 24 02:41:48.661363: "


LINES = [
    line.split(" | ", 3)
    for file in ("lines-4.10.txt", "lines-5.2.txt")
    for line in Path(__file__).with_name(file).read_text().splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("kind", "blocker", "detail", "line"), LINES)
def test_lines_of_4_10_and_5_2(kind: str, blocker: str, detail: str, line: str) -> None:
    note = read(STAMP + line)
    assert note is not None
    assert (note.conn, note.kind, note.blocker or "-") == ("c", kind, blocker)
    assert (note.detail or "-") == detail


def test_there_is_a_line_for_every_kind() -> None:
    assert {kind for kind, *_ in LINES} == set(get_args(Kind))


@pytest.mark.parametrize(
    "line",
    [
        "listening for IKE messages",
        '"c": added IKEv2 connection',
        '"c" #1: sent IKE_SA_INIT request to 169.254.129.1:500',
        "\"c\" #1: WARNING: '@r1' PSK length of 12 bytes is too short for PRF HMAC_SHA2_256 in FIPS mode",
        '"c" #6: deleting state (STATE_V2_PARENT_I2) aged 0.005418s and NOT sending notification',
        'loading secrets from "/run/ipsec-client/client1/ipsec.secrets"',
        "netlink_expire got message with length 116 < 232 bytes; ignore message",
        "",
    ],
)
def test_lines_that_tell_nothing_of_a_negotiation(line: str) -> None:
    assert read(STAMP + line) is None


ADDED = [
    f'{STAMP}"c/0x1": added IKEv2 connection',
    f"{STAMP}\"other\": failed to add connection: IKE encryption algorithm 'frob' is not recognized",
]


def test_whether_a_connection_was_taken_in() -> None:
    assert added(ADDED, "c")
    assert refusal(ADDED, "c") is None
    assert not added(ADDED, "other")
    assert refusal(ADDED, "other") == "IKE encryption algorithm 'frob' is not recognized"
    assert not added(ADDED, "0x1")
    assert added([f'{STAMP}"c": added unoriented IKEv2 connection'], "c")


def test_the_other_wording_of_a_refusal() -> None:
    line = f'{STAMP}"c": failed to add IKEv1 connection: global ikev1-policy does not allow IKEv1 connections'
    assert refusal([line], "c") == "global ikev1-policy does not allow IKEv1 connections"


@given(st.text())
def test_no_line_is_too_odd(text: str) -> None:
    found = read(text)
    assert found is None or isinstance(found, Note)
    assert read(f'"c": {text}') is None or read(f'"c": {text}')
    refusal([text], "c")


@pytest.mark.parametrize("wait", ["1.2.3", ".", "٣", "9" * 400])
def test_a_pause_that_is_no_number_is_only_a_silence(wait: str) -> None:
    line = f'"c" #7: STATE_V2_ESTABLISHED_IKE_SA: retransmission; will wait {wait} seconds'
    note = read(STAMP + line)
    assert note is not None
    assert note.kind == "silence"
