"""Bytes through tunnels in all, whatever ends and begins anew under the counting."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.agent.shelf import Shelf
from ipsec_client.agent.totals import SAVE_PACE, Total, Totals
from ipsec_client.kernel.counters import Device


def device(index: int, inbound: int, outbound: int) -> Device:
    counts = {"in_packets": 0, "in_errors": 0, "in_discards": 0}
    counts |= {"out_packets": 0, "out_errors": 0, "out_discards": 0}
    return Device(
        "ipsec1", index, "", 1400, True, True, in_octets=inbound, out_octets=outbound, **counts
    )


def kept(folder: Path, boot: str = "one") -> Totals:
    """What an agent that is started now finds."""
    return Totals(Shelf(folder), boot)


def test_what_flows_between_a_look_and_a_view_counts(tmp_path: Path) -> None:
    totals = kept(tmp_path)
    totals.look("rem1", 7, 100, 50)
    assert totals.of("rem1", device(7, 130, 60)) == (130, 60)
    assert totals.of("rem1", None) == (100, 50)
    assert totals.of("rem2", device(8, 1, 2)) == (1, 2)


def test_a_new_device_goes_on_where_the_last_ended(tmp_path: Path) -> None:
    totals = kept(tmp_path)
    totals.look("rem1", 7, 100, 50)
    totals.look("rem1", 7, 110, 55)
    totals.gone("rem1")
    totals.look("rem1", 7, 200, 60)  # in a namespace made anew it may bear the same index
    assert totals.of("rem1", device(9, 5, 6)) == (315, 121)


def test_an_agent_that_is_killed_misses_nothing_of_a_device_that_lives_on(tmp_path: Path) -> None:
    totals = kept(tmp_path)
    totals.look("rem1", 7, 100, 50)
    totals.save()
    totals._shelf.close()
    assert kept(tmp_path).of("rem1", device(7, 1000, 500)) == (1000, 500)


def test_an_agent_that_is_killed_after_a_device_ended_has_what_went_through_it(
    tmp_path: Path,
) -> None:
    totals = kept(tmp_path)
    totals.look("rem1", 7, 100, 50)
    totals.save()
    totals.look("rem1", 7, 400, 200)
    totals.gone("rem1")
    totals._shelf.close()
    assert kept(tmp_path).of("rem1", None) == (400, 200)
    totals = kept(tmp_path)
    totals.look("rem1", 9, 10, 5)
    totals.look("rem1", 11, 3, 2)  # the end of the one before was missed
    totals._shelf.close()
    assert kept(tmp_path).of("rem1", device(11, 4, 3)) == (414, 208)


def test_a_boot_adds_to_what_was_kept_even_if_the_device_has_the_same_index(
    tmp_path: Path,
) -> None:
    totals = kept(tmp_path)
    totals.look("rem1", 7, 100, 50)
    totals.save()
    totals._shelf.close()
    assert kept(tmp_path, "two").of("rem1", device(7, 1000, 500)) == (1100, 550)


def test_they_begin_anew_with_the_remote_alone(tmp_path: Path) -> None:
    totals = kept(tmp_path)
    totals.look("rem1", 7, 100, 50)
    totals.look("rem2", 8, 10, 5)
    totals.keep({"rem2"})
    totals.keep({"rem1", "rem2"})
    assert totals.of("rem1", None) == (0, 0)
    assert totals.of("rem2", None) == (10, 5)


def test_the_disk_is_written_at_a_pace_and_only_for_news(tmp_path: Path) -> None:
    totals = kept(tmp_path)
    written = []
    totals._shelf.write = lambda *_, **__: written.append(1)  # type: ignore[method-assign, assignment]
    totals.look("rem1", 7, 1, 1)
    for now in (0.0, 1.0, SAVE_PACE - 0.1):
        totals.look("rem1", 7, 2 + int(now), 1)
        totals.save(now)
    assert len(written) == 1
    totals.save(SAVE_PACE)
    totals.save(3 * SAVE_PACE)
    assert len(written) == 2


def test_a_damaged_entry_is_told_and_the_others_stay(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    entry = [1, 2, 3, 4, 5, "one"]
    damaged = {"a": entry, "b": [1, 2], "c": [-1, 2, 3, 4, 5, "one"], "d": None, "e": "text"}
    shelf.write("totals", {"remotes": damaged})
    shelf.close()
    totals = kept(tmp_path)
    assert totals.of("a", None) == (1, 2)
    assert [totals.of(name, None) for name in "bcde"] == [(0, 0)] * 4
    assert len(totals._shelf.passed_over) == 4


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3), *[st.integers(0, 99)] * 2)))
def test_a_total_never_falls(looks: list[tuple[str, int, int, int]]) -> None:
    total = Total()
    for boot, index, inbound, outbound in looks:
        before, total = total, total.after(boot, index, inbound, outbound)
        assert total.inbound >= before.inbound
        assert total.outbound >= before.outbound
