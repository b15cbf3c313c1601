"""Which custom options may be tried, and what keeps the others out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.dialect import options


def test_an_unknown_option_is_told_in_exactly_these_words() -> None:
    assert options.refuse("key", "value", 4) == "no such Libreswan option"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("leftupdown", "program"),
        ("LeftUpDown", "program"),
        ("updown", "program"),
        ("pam-authorize", "program"),
        ("include", "file"),
        ("also", "file"),
        ("auto", "ours to set"),
        ("mark", "ours to set"),
        ("ipsec-interface", "ours to set"),
        ("authby", "ours to set"),
        ("right", "end of the tunnel"),
        ("leftsubnet", "end of the tunnel"),
        ("negotiationshunt", "without a tunnel"),
        ("type", "ours to set"),
        ("ike", "ike-encryption"),
        ("dpddelay", "field"),
        ("plutodebug", "all connections"),
        ("vti-routing", "outside this connection"),
    ],
)
def test_options_that_reach_too_far_are_refused_with_their_reason(name: str, word: str) -> None:
    assert word in (options.refuse(name, "yes", 4) or "")


def test_what_a_series_does_not_know_yet_is_no_option_of_it() -> None:
    assert options.refuse("intermediate", "yes", 3) == "no such Libreswan option"
    assert options.refuse("intermediate", "yes", 4) is None
    assert options.refuse("intermediate", "yes", 5) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fragmentation", "force"),
        ("FRAGMENTATION", "no"),
        ("replay-window", "64"),
        ("rekeyfuzz", "50%"),
        ("retransmit-timeout", "30s"),
        ("retransmit-timeout", "30"),
        ("priority", "1000"),
    ],
)
def test_options_of_the_connection_itself_may_be_tried(name: str, value: str) -> None:
    assert options.refuse(name, value, 4) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("replay-window", "abc"),
        ("replay-window", '"64"'),
        ("ipsec-max-bytes", "1G"),
        ("rekeyfuzz", "half"),
        ("retransmit-timeout", "soon"),
        ("fragmentation", ""),
        ("fragmentation", "yes # no"),
    ],
)
def test_values_that_libreswan_would_misread_in_silence_are_refused(name: str, value: str) -> None:
    assert "value" in (options.refuse(name, value, 4) or "")


@given(
    st.sampled_from(sorted(options.OPTIONS[4])),
    st.text(st.sampled_from("ab1 \n\r\t\"'\\=#{}%$\u2028"), max_size=12),
)
def test_no_value_that_passes_can_end_its_line(name: str, value: str) -> None:
    if options.refuse(name, value, 4) is None:
        assert value
        assert not set(value) & set(" \n\r\t\"'\\=#{}\u2028")
