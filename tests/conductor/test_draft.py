"""Candidates: what edits make of what runs, and where they meet with what others have committed since."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.commands.port import Clash, Committed
from ipsec_client.conductor import draft as drafts
from ipsec_client.conductor.candidate import prepare
from ipsec_client.conductor.draft import Draft
from ipsec_client.config.edit import Edit, Value, apply
from ipsec_client.config.paths import Finder
from ipsec_client.model.definition import Path
from ipsec_client.model.elements import Authority

from .sample import text

R1 = ("authority", "router", "router1")
PRIMARY = (*R1, "ipsec-profile", "primary")
C1 = (*R1, "node", "node1", "ipsec-client", "client1")
REM1, REM2, REM3 = ((*C1, "remote", name) for name in ("rem1", "rem2", "rem3"))
HISTORY = (Committed(2, 2.0, "bob", ("router1",)), Committed(1, 1.0, "ann", ("router1",)))


def running() -> Authority:
    return prepare(text("rem1", "rem2"), None).authority


def host(name: str = "172.16.9.9", remote: tuple[str, ...] = REM1) -> Edit:
    return Edit("set", remote, "host", name)


def ann(*edits: Edit) -> Draft:
    """Ann's draft, begun when commit 1 ran."""
    return drafts.edited(running(), 1, Draft(), edits)


def met(draft: Draft, *bobs: Edit) -> tuple[Clash, ...]:
    """Where a draft clashes after Bob has committed, as commit 2."""
    return drafts.clashes(apply(running(), bobs), draft, HISTORY)


def test_a_draft_holds_the_fewest_edits_there_are() -> None:
    draft = ann(host("172.16.9.9"), host("172.16.9.8"))
    assert draft.edits == (host("172.16.9.8"),)
    back = drafts.edited(running(), 1, draft, [host("172.16.4.3")])
    assert back == Draft()
    assert drafts.candidate(running(), back) == running()


def test_an_edit_that_cannot_be_leaves_the_draft_as_it_was() -> None:
    draft = ann(host())
    with pytest.raises(InputFault, match="rem9: is not configured"):
        drafts.edited(
            running(), 1, draft, [Edit("delete", REM2), Edit("delete", (*C1, "remote", "rem9"))]
        )
    assert draft.edits == (host(),)


def test_a_removed_key_is_the_one_that_is_there() -> None:
    key = Edit("set", PRIMARY, "pre-shared-key", Secret("hunter22"))
    removed = Edit("set", PRIMARY, "pre-shared-key", Secret(None))
    assert ann(removed) == Draft()
    draft = drafts.edited(running(), 1, ann(key), [removed])
    assert draft.edits == (key,)
    fresh = (*R1, "ipsec-profile", "other")
    [_, kept] = ann(Edit("set", fresh, "pre-shared-key", Secret(None))).edits
    assert kept.value == Secret(None)


def test_a_draft_is_kept_as_it_is() -> None:
    draft = ann(
        host(),
        Edit("set", PRIMARY, "pre-shared-key", Secret("hunter22")),
        Edit("delete", PRIMARY, "dpddelay"),
        Edit("delete", REM2),
    )
    assert drafts.from_json(json.loads(json.dumps(drafts.to_json(draft)))) == draft
    assert "hunter22" not in repr(draft)


def test_what_others_changed_elsewhere_is_in_the_candidate_and_clashes_with_nothing() -> None:
    draft = ann(
        host(), Edit("set", REM3, "host", "172.16.6.4"), Edit("set", REM1, "subnet", "10.1.0.0/16")
    )
    bobs = [
        host(remote=REM2),
        Edit("set", REM1, "subnet", "10.2.0.0/16"),
        Edit("set", REM1, "remote-id", "x"),
    ]
    assert met(draft, *bobs) == ()
    finder = Finder(drafts.candidate(apply(running(), bobs), draft))
    assert finder.values(REM1, "host") == ("172.16.9.9",)
    assert finder.values(REM2, "host") == ("172.16.9.9",)
    assert finder.values(REM1, "subnet") == ("10.2.0.0/16", "10.1.0.0/16")


SAME = [
    ([host()], [host()]),
    ([Edit("delete", REM2)], [Edit("delete", REM2)]),
    ([Edit("delete", PRIMARY, "dpddelay")], [Edit("delete", PRIMARY, "dpddelay")]),
    (
        [Edit("set", REM3, "host", "h")],
        [Edit("set", REM3, "host", "h"), Edit("set", REM3, "remote-id", "x")],
    ),
    ([Edit("set", REM3, "host", "h")], [Edit("set", REM3, "profile", "primary")]),
]


@pytest.mark.parametrize(("anns", "bobs"), SAME)
def test_doing_the_same_is_no_clash(anns: list[Edit], bobs: list[Edit]) -> None:
    assert met(ann(*anns), *bobs) == ()


DIFFERENT = [
    ([host("a")], [host("b")], ("host", "a", "b")),
    ([host("a")], [Edit("delete", REM1)], ("host", "a", None)),
    (
        [Edit("set", REM1, "subnet", "10.0.0.0/8")],
        [Edit("delete", REM1)],
        ("subnet", "10.0.0.0/8", None),
    ),
    ([Edit("delete", REM1)], [host("b")], ("", None, "changed")),
    ([Edit("set", REM3, "host", "a")], [Edit("set", REM3, "host", "b")], ("host", "a", "b")),
    (
        [Edit("delete", PRIMARY, "dpddelay")],
        [Edit("set", PRIMARY, "dpddelay", "9")],
        ("dpddelay", None, "9"),
    ),
    (
        [Edit("set", PRIMARY, "pre-shared-key", Secret("hunter22"))],
        [Edit("set", PRIMARY, "pre-shared-key", Secret("hunter33"))],
        ("pre-shared-key", "(removed)", "(removed)"),
    ),
]


@pytest.mark.parametrize(("anns", "bobs", "told"), DIFFERENT)
def test_undoing_what_another_did_is_a_clash_until_it_is_edited_again(
    anns: list[Edit], bobs: list[Edit], told: tuple[str, str | None, str | None]
) -> None:
    draft = ann(*anns)
    [clash] = met(draft, *bobs)
    assert (clash.leaf, clash.mine, clash.theirs) == told
    assert (clash.user, clash.version) == ("bob", 2)
    assert "hunter" not in repr(clash)
    after = apply(running(), bobs)
    other = drafts.edited(after, 2, draft, [Edit("set", ("authority",), "name", "x")])
    assert drafts.clashes(after, other, HISTORY) == (clash,)
    again = drafts.edited(after, 2, other, anns)
    assert drafts.clashes(after, again, HISTORY) == ()
    assert drafts.candidate(after, again) == drafts.candidate(after, other)


@pytest.mark.parametrize("gone", [C1, R1])
def test_what_another_removed_does_not_come_back_unsaid_around_what_is_added(gone: Path) -> None:
    anns = [Edit("set", REM3, "host", "172.16.6.4")]
    draft = ann(*anns)
    [clash] = met(draft, Edit("delete", gone))
    assert clash == Clash(gone, "", "changed", None, "bob", 2)
    after = apply(running(), [Edit("delete", gone)])
    other = drafts.edited(after, 2, draft, [Edit("set", ("authority",), "name", "x")])
    assert drafts.clashes(after, other, HISTORY) == (clash,)
    kept = drafts.from_json(json.loads(json.dumps(drafts.to_json(other))))
    assert drafts.clashes(after, kept, HISTORY) == (clash,)
    again = drafts.edited(after, 2, other, anns)
    assert drafts.clashes(after, again, HISTORY) == ()
    dropped = drafts.edited(after, 2, other, [Edit("delete", gone)])
    assert drafts.candidate(after, dropped) == apply(after, [Edit("set", R1[:1], "name", "x")])


def test_taking_what_the_other_did_is_no_clash_either() -> None:
    after = apply(running(), [host("b")])
    draft = drafts.edited(after, 2, ann(host("a")), [host("b")])
    assert draft == Draft()


def test_a_draft_that_replaces_all_leads_to_what_is_wanted() -> None:
    wanted = prepare(text("rem2", "rem5", key="hunter22"), None).authority
    draft = drafts.replaced(running(), 1, wanted)
    assert drafts.candidate(running(), draft) == wanted
    assert draft.named == {"router1"}
    gone = drafts.replaced(running(), 1, Authority())
    assert gone.named == frozenset()
    assert drafts.from_json(json.loads(json.dumps(drafts.to_json(gone)))) == gone


PLACES = [(REM1, "profile"), (REM2, "profile"), (REM1, "remote-id"), (PRIMARY, "dpddelay")]
_edits = st.builds(
    lambda place, value: Edit("set", place[0], place[1], value),
    st.sampled_from(PLACES),
    st.sampled_from(("1", "2", "3")),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(("ann", "bob")), _edits), max_size=10))
def test_nothing_that_bob_did_is_undone_unless_ann_has_seen_it(
    steps: list[tuple[str, Edit]],
) -> None:
    """Ann edits; Bob commits each edit at once. What Ann may undo is what ran when she last edited that place."""
    runs, draft = running(), Draft()
    history: tuple[Committed, ...] = HISTORY[1:]
    wanted: dict[tuple[Path, str], tuple[Value, tuple[Value, ...] | None]] = {}
    for who, edit in steps:
        place = edit.path, edit.leaf
        finder = Finder(runs)
        if who == "ann":
            draft = drafts.edited(runs, history[0].version, draft, [edit])
            wanted[place] = edit.value, finder.values(*place)
            wanted = {at: want for at, want in wanted.items() if finder.values(*at) != (want[0],)}
        else:
            runs = apply(runs, [edit])
            version = history[0].version + 1
            history = (Committed(version, 0.0, "bob", ("router1",)), *history)
    finder = Finder(runs)
    candidate = Finder(drafts.candidate(runs, draft))
    met = {(clash.path, clash.leaf) for clash in drafts.clashes(runs, draft, history)}
    for place in PLACES:
        value, seen = wanted.get(place, (None, None))
        now = finder.values(*place)
        assert candidate.values(*place) == (now if value is None else (value,))
        assert (place in met) == (value is not None and now not in (seen, (value,)))
