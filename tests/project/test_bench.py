from __future__ import annotations

from pathlib import Path

import pytest

from bench.authority import REMOTES, authority
from bench.run import Cost, Row, table
from ipsec_client.app.main import main


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
    row = Row("check 1", Cost(0.2, 0.1, 0.05), "its lines split", Cost(0.03, 0.02, 0.01), 1.0)
    assert list(table([row]))[1].split() == [
        *("check", "1", "200", "100", "50", "1000", "its", "lines", "split,", "30")
    ]
