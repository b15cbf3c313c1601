from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ipsec_client.base.errors import HostFault
from ipsec_client.units import here
from ipsec_client.units.keeper import Child
from ipsec_client.units.port import CLIENT, UnitState
from ipsec_client.units.supervisor import Supervisor
from ipsec_client.units.systemd import Systemd


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with neither systemd nor a supervisor."""
    monkeypatch.setenv("IPSEC_CLIENT_RUN", str(tmp_path))
    monkeypatch.setattr(here, "SYSTEMD", tmp_path / "systemd")


def test_with_nobody_to_ask_nothing_runs_and_a_start_says_why() -> None:
    units = here.units()
    assert units.state("c1") == UnitState()
    assert units.states() == {}
    with pytest.raises(HostFault, match="neither systemd nor a supervisor"):
        units.start("c1")


def test_a_supervisor_that_comes_later_is_asked_from_then_on() -> None:
    units = here.units()

    async def main() -> None:
        sleeper = ("/bin/sleep", "1000")
        supervisor = Supervisor([], lambda name: Child(CLIENT + name, sleeper), lambda _: None)
        async with supervisor.serving():
            await asyncio.to_thread(units.start, "c1")
            assert (await asyncio.to_thread(units.state, "c1")).running
            await supervisor.end()

    asyncio.run(main())


def test_systemd_is_asked_where_it_is_and_no_supervisor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "systemd").mkdir()
    asked: list[str] = []
    monkeypatch.setattr(Systemd, "start", lambda _, client: asked.append(client))
    here.units().start("c1")
    assert asked == ["c1"]
