"""An upgrade forgets nothing: the files of the release before, as its own agent wrote them, are understood whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.ring import Ring
from ipsec_client.agent.shelf import Shelf
from ipsec_client.alarms import book
from ipsec_client.base.clock import Now
from ipsec_client.health import memory
from ipsec_client.plan.build import Facts, build
from ipsec_client.plan.diff import diff
from ipsec_client.plan.objects import Connection, Pluto

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "wire" / "document-of-the-release-before.json"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    for file in (HERE / "release-before").iterdir():
        shutil.copy(file, tmp_path / file.name)
    shutil.copy(DOCUMENT, tmp_path / "document.json")
    (tmp_path / "document.json").chmod(0o600)
    return Shelf(tmp_path)


def test_every_entry_of_the_ledger_is_there(shelf: Shelf) -> None:
    written = json.loads((HERE / "release-before" / "ledger.json").read_text())["entries"]
    ledger = Ledger(shelf)
    assert {key: ledger.get(key) for key in written} == written
    assert not shelf.passed_over


def test_the_tunnels_that_run_stay_as_they_are(shelf: Shelf) -> None:
    """What pluto was given by the release before is, in all that counts, what this one would give it."""
    document = shelf.document(bool)
    assert document is not None
    ledger = Ledger(shelf)
    given = [
        Connection(name, "c1", remote, tuple((key, value) for key, value in options))
        for remote, (name, options) in ledger.get("pluto c1")["connections"].items()
    ]
    plan = build(document, Facts(tables=ledger.get("tables")), ledger.get("names"))
    wanted = [item for item in plan.objects if isinstance(item, Connection)]
    steps = diff(given, wanted)
    assert len(steps) == 2
    assert {step.verb for step in steps} <= {"keep", "change"}, [step.line() for step in steps]
    [setup] = [item.setup for item in plan.objects if isinstance(item, Pluto)]
    assert setup == ledger.get("pluto c1")["setup"]
    assert dict(plan.tables) == ledger.get("tables")


def test_events_alarms_and_health_go_on(shelf: Shelf) -> None:
    ring = Ring(shelf.read("events"))
    assert [event.number for event in ring.events] == [1, 2]
    assert len(ring.decisions) == 1
    kept = book.from_memory(shelf.read("alarms"))
    assert [alarm.alarm.message for alarm in kept.standing] == ["Intf rem1 (4) operationally down"]
    assert kept.ports.numbers == {"lan": 1, "c1": 2, "rem1": 4}
    [tunnel] = memory.from_memory(shelf.read("health"), Now(100.0, 1_606_291_200.0)).tunnels
    assert tunnel.past.flaps == (95.0, 98.0)
    assert tunnel.mending.repairs == 2
    assert not shelf.passed_over
