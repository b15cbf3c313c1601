"""The running configuration on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_client.conductor.candidate import prepare
from ipsec_client.conductor.store import Commit, Store, state_folder

from .sample import text


def commit(version: int, *remotes: str) -> Commit:
    return Commit(version, prepare(text(*remotes), None).authority)


def test_a_commit_comes_back_with_its_keys(tmp_path: Path) -> None:
    store = Store(tmp_path / "conductor")
    assert store.latest() is None
    store.keep(commit(7, "rem1"))
    assert Store(tmp_path / "conductor").latest() == commit(7, "rem1")
    for path in (tmp_path / "conductor").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "conductor").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "damage",
    [b"", b"# commit 8\n", b"\xff\xfe", b"# commit 8\nconfig\nauthority\nrouter r1\n", None],
)
def test_a_damaged_commit_is_passed_over_for_the_one_before(
    tmp_path: Path, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(tmp_path)
    store.keep(commit(7, "rem1"))
    store.keep(commit(8, "rem1", "rem2"))
    running = tmp_path / "running.conf"
    whole = running.read_bytes()
    running.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert store.latest() == commit(7, "rem1")
    assert "somekey1" not in caplog.text


def test_with_both_damaged_there_is_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep(commit(7))
    store.keep(commit(8))
    for path in tmp_path.iterdir():
        path.write_text("gold")
    assert store.latest() is None


def test_the_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_STATE", str(tmp_path))
    assert state_folder() == tmp_path / "conductor"
