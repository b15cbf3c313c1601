"""Two people who add, change and remove whole elements: neither undoes unsaid what the other did since he looked."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ipsec_client.base.errors import InputFault
from ipsec_client.commands.port import Clash, Committed
from ipsec_client.conductor import draft as drafts
from ipsec_client.conductor.draft import Draft
from ipsec_client.config.edit import Edit, apply
from ipsec_client.config.paths import Finder
from ipsec_client.model.definition import Path
from ipsec_client.model.elements import Authority

from .test_draft import C1, HISTORY, PRIMARY, R1, REM1, REM2, REM3, running

MONITOR = (*REM1, "tunnel-monitor")
ELEMENTS = (
    R1,
    (*R1[:2], "router2"),
    (*R1, "node", "node1"),
    C1,
    REM1,
    REM2,
    REM3,
    MONITOR,
    PRIMARY,
)
FIELDS = [*((path, "host") for path in (REM1, REM2, REM3)), (C1, "tenant"), (PRIMARY, "dpddelay")]
SUBNETS = ("10.1.0.0/16", "10.2.0.0/16")
Place = tuple[Path, str, str | None]
PLACES: list[Place] = [
    *((path, "", None) for path in ELEMENTS),
    *((path, leaf, None) for path, leaf in FIELDS),
    *((path, "subnet", value) for path in (REM1, REM2) for value in SUBNETS),
]
_verbs = st.sampled_from(("set", "delete"))
_edits = st.one_of(
    st.builds(Edit, _verbs, st.sampled_from(ELEMENTS)),
    st.builds(
        lambda field, value: Edit("set" if value else "delete", field[0], field[1], value),
        st.sampled_from(FIELDS),
        st.sampled_from((None, "1", "2")),
    ),
    st.builds(
        Edit, _verbs, st.sampled_from((REM1, REM2)), st.just("subnet"), st.sampled_from(SUBNETS)
    ),
)


def stands(authority: Authority) -> dict[Place, object]:
    """What is at each place."""
    finder = Finder(authority)

    def at(path: Path, leaf: str, value: str | None) -> object:
        if not leaf:
            return finder.element(path) is not None
        values = finder.values(path, leaf) or ()
        return values if value is None else value in values

    return {place: at(*place) for place in PLACES}


def meet(one: Path, other: Path) -> bool:
    """Whether one is within the other."""
    return all(a == b for a, b in zip(one, other, strict=False))


def settled(clash: Clash, draft: Draft) -> list[Edit]:
    """The edits of somebody who was told of a clash, and wants what his candidate has."""
    if clash.mine is None:
        return [Edit("delete", clash.path, clash.leaf)]
    if not clash.leaf:
        return [Edit("set", clash.path)]
    return [edit for edit in draft.edits if edit.path == clash.path and edit.leaf == clash.leaf]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.booleans(), _edits), max_size=8))
@example([(True, Edit("set", REM3, "host", "1")), (False, Edit("delete", C1))])
@example(
    [
        (True, Edit("delete", C1)),
        (False, Edit("set", REM2, "subnet", SUBNETS[0])),
        (True, Edit("set", REM1, "host", "1")),
    ]
)
@example(
    [
        (False, Edit("delete", C1[:3])),
        (True, Edit("set", C1, "tenant", "1")),
        (False, Edit("set", REM1, "subnet", SUBNETS[0])),
        (True, Edit("set", C1[:3])),
        (False, Edit("delete", C1[:3])),
    ]
)
def test_what_bob_did_is_kept_or_told_and_what_is_told_can_be_settled(
    steps: list[tuple[bool, Edit]],
) -> None:
    runs, draft = running(), Draft()
    history: tuple[Committed, ...] = HISTORY[1:]
    seen: dict[Place, object] = {}
    for is_anns, edit in steps:
        with suppress(InputFault):
            if is_anns:
                draft = drafts.edited(runs, history[0].version, draft, [edit])
                now = stands(runs)
                seen |= {at: now[at] for at in PLACES if at not in seen or meet(at[0], edit.path)}
            else:
                runs = apply(runs, [edit])
                history = (Committed(history[0].version + 1, 0.0, "bob", ("router1",)), *history)
    now, wanted = stands(runs), stands(drafts.candidate(runs, draft))
    clashes = drafts.clashes(runs, draft, history)
    for place, was in seen.items():
        if wanted[place] != now[place] != was:
            assert any(meet(clash.path, place[0]) for clash in clashes), place
    before = drafts.candidate(runs, draft)
    for _ in range(5):
        again = [edit for clash in clashes for edit in settled(clash, draft)]
        draft = drafts.edited(runs, history[0].version, draft, again)
        clashes = drafts.clashes(runs, draft, history)
    assert clashes == ()
    assert drafts.candidate(runs, draft) == before
