"""Programs that cannot be started are told of as what they are, whatever keeps them from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_client.base.errors import HostFault
from ipsec_client.base.run import run, spawn


@pytest.mark.parametrize("start", [run, spawn])
def test_a_program_that_cannot_be_started_is_a_fault(start: object, tmp_path: Path) -> None:
    assert callable(start)
    with pytest.raises(HostFault, match="is not installed"):
        start([str(tmp_path / "absent")])
    with pytest.raises(HostFault, match="cannot be started: Permission denied"):
        start([str(tmp_path)])
