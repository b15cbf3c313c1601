"""The page in docs is what the recorded results say, and says all they hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ipsec_lab.matrix import page
from ipsec_lab.matrix.combinations import Hole
from ipsec_lab.matrix.rows import Extent
from tests.lab_unit.matrix.test_trial import sample_row

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def results() -> dict[str, object]:
    found: dict[str, object] = json.loads((ROOT / page.RESULTS).read_text())
    return found


def test_the_page_is_what_the_recorded_results_say(results: dict[str, object]) -> None:
    assert (ROOT / page.PAGE).read_text() == page.text(results)


def test_a_good_row_is_marked_with_its_version_and_a_bad_one_is_a_hole() -> None:
    good = page.text(page.summary([sample_row("")], Extent((), ())))
    assert "| aes128-sha1 | 2 |" in good
    assert "| IPv4/6 any | 1 | 0 |" in good
    assert "not tried yet" not in good
    extent = Extent(("IKEv2 esp null-md5",), (Hole("AH", "it is refused"),))
    bad = page.text(page.summary([sample_row("no child SA")], extent))
    assert "| aes128-sha1 | ✖2 |" in bad
    assert "| AH | it is refused |" in bad
    assert "| IKEv2 esp aes128-sha1-dh-19 | strongSwan: no child SA |" in bad
    assert "1 are not tried yet" in bad


def test_another_libreswan_is_told_by_what_differs() -> None:
    first = Extent(("IKEv2 esp null-md5",), (Hole("AH", "it is refused"),))
    results = page.summary([sample_row("")], first)
    row = sample_row("")
    same = Extent((row.name,), (Hole("AH", "it is refused"),))
    results["others"] = [page.other([row], same, Extent((row.name,), same.holes))]
    assert "1 combinations, 1 of them good, in 0 minutes" in page.text(results)
    assert "Combinations and holes are the same." in page.text(results)
    more = Extent((row.name,), (Hole("AH", "it is refused"), Hole("null", "no word")))
    results["others"] = [page.other([sample_row("no child SA")], more, first)]
    told = page.text(results)
    for line in (
        f"| {row.name} | strongSwan: no child SA |",
        f"| {row.name} | only here |",
        "| IKEv2 esp null-md5 | not here |",
        "| null | no word |",
    ):
        assert line in told
    assert "| AH | it is refused |\n| " not in told.partition("what differs")[2]
