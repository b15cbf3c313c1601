"""The agent knows which Libreswan its machine has, at once from the ledger, and hears when it becomes another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.release import Release
from ipsec_client.agent.shelf import Shelf
from ipsec_client.pluto import version


def program(folder: Path, says: str) -> Path:
    """A pluto that tells its version and does nothing else."""
    path = folder / "pluto"
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_a_release_is_learned_kept_and_learned_again_when_pluto_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version, "PLUTO", str(program(tmp_path, "Libreswan 4.10 IKEv2 IKEv1")))

    async def tell() -> None:
        shelf = Shelf(tmp_path / "state")
        release = Release(Ledger(shelf))
        assert (release.version, release.series) == ("", 4)
        assert await release.learn()
        assert (release.version, release.series) == ("4.10", 4)
        assert not await release.learn()
        shelf.close()
        program(tmp_path, "Libreswan 5.2 IKEv2 IKEv1")
        shelf = Shelf(tmp_path / "state")
        after = Release(Ledger(shelf))
        assert after.version == "4.10"  # as it was known, until it is looked at
        assert await after.learn()
        assert (after.version, after.series) == ("5.2", 5)
        program(tmp_path, "Libreswan 5.2 IKEv2 IKEv1 and more")
        assert not await after.learn()  # the same release built anew
        (tmp_path / "pluto").unlink()
        assert await after.learn()
        assert (after.version, after.series) == ("", 4)
        shelf.close()

    asyncio.run(tell())


@pytest.mark.parametrize("broken", ["exit 127", "exec /nowhere"])
def test_a_pluto_that_is_just_being_replaced_is_no_other_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    pluto = program(tmp_path, "Libreswan 4.10 IKEv2 IKEv1")
    monkeypatch.setattr(version, "PLUTO", str(pluto))

    async def tell() -> None:
        shelf = Shelf(tmp_path / "state")
        release = Release(Ledger(shelf))
        await release.learn()
        pluto.write_text(f"#!/bin/sh\n{broken}\n")  # its libraries are not there yet
        assert not await release.learn()
        pluto.chmod(0o644)
        assert not await release.learn()
        assert release.version == "4.10"
        program(tmp_path, "Libreswan 5.2 IKEv2 IKEv1")
        assert await release.learn()
        assert release.version == "5.2"
        shelf.close()

    asyncio.run(tell())


def test_libraries_that_come_after_pluto_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pluto = program(tmp_path, "Libreswan 4.10 IKEv2 IKEv1")
    pluto.write_text(f"#!/bin/sh\n. {tmp_path}/library\n")
    monkeypatch.setattr(version, "PLUTO", str(pluto))

    async def tell() -> None:
        shelf = Shelf(tmp_path / "state")
        release = Release(Ledger(shelf))
        assert not await release.learn()
        (tmp_path / "library").write_text("echo Libreswan 5.2\n")
        assert await release.learn()
        shelf.close()

    asyncio.run(tell())
