from __future__ import annotations

from pathlib import Path

import pytest

from bench.authority import REMOTES, authority
from bench.change import with_change
from bench.run import CHANGED, PROBES, PROMISED, SHOW, SIZES, Cost, Row, table
from ipsec_client.app.main import main
from ipsec_client.config.examine import changed_routers, examine
from ipsec_client.config.generated import generate


def test_what_is_measured_is_a_configuration_without_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "authority.conf"
    file.write_text(authority(2))
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out == ""
    assert main(["generate", str(file), "--only-generated"]) == 0
    assert capsys.readouterr().out.count("network-namespace") == 2 * (1 + REMOTES)


def test_a_figure_stands_beside_its_reference_and_its_promise() -> None:
    cost, reference = Cost(0.2, 0.1, 0.05, 40.4), Cost(0.03, 0.02, 0.01)
    row = Row("check 1", cost, "its lines split", reference, 1.0)
    assert list(table([row]))[1].split() == [
        *("check", "1", "200", "100", "50.0", "1000", "40", "its", "lines", "split,", "10.0")
    ]


def test_the_change_that_is_measured_is_one_routers_and_can_be_committed() -> None:
    running = generate(examine(authority(3)).authority)
    candidate = with_change(running, 2)
    assert not candidate.refused
    assert changed_routers(running, candidate.authority) == {"router2"}


def test_every_promise_is_about_something_that_is_measured() -> None:
    measured = {f"{verb} {size}" for verb in ("check", "generate") for size in SIZES}
    assert PROMISED.keys() <= measured | PROBES.keys() | {CHANGED, SHOW}
