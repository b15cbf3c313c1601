"""What releases before the datastore left is taken over once, whatever ends that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ipsec_client.base import files
from ipsec_client.commands.port import Committed
from ipsec_client.conductor.datastore.store import Datastore
from ipsec_client.config.printer import write
from ipsec_client.model.elements import Authority, Config

from .test_datastore import configuration, restarted, running


def _before(folder: Path, name: str, version: int, authority: Authority) -> None:
    body = write(Config(authority=authority), secrets=True)
    files.replace(folder / name, f"# commit {version}\n{body}")


def test_what_ran_before_the_datastore_is_taken_over_once(tmp_path: Path) -> None:
    one, two = configuration("rem1"), configuration("rem2")
    _before(tmp_path, "running.previous.conf", 7, one)
    _before(tmp_path, "running.conf", 8, two)
    store = Datastore(tmp_path)
    assert store.running() == two
    assert [commit.version for commit in store.history] == [8, 7]
    assert sorted(path.name for path in tmp_path.glob("*.conf*")) == [
        "running.conf.taken-over",
        "running.previous.conf.taken-over",
    ]
    assert restarted(store, tmp_path).running() == two


def test_killed_while_it_takes_them_over_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = configuration("rem1"), configuration("rem2")
    keep = Datastore.keep
    for number in (7, 8):
        folder = tmp_path / str(number)
        folder.mkdir()
        _before(folder, "running.previous.conf", 7, one)
        _before(folder, "running.conf", 8, two)

        def dies(store: Datastore, commit: Committed, *others: Any, last: int = number) -> None:
            if commit.version == last:
                store.keep_setting("here", "router1 node1")  # the file is made, and has no commit
                raise KeyboardInterrupt
            keep(store, commit, *others)

        with monkeypatch.context() as patched:
            patched.setattr(Datastore, "keep", dies)
            with pytest.raises(KeyboardInterrupt):
                Datastore(folder)
        store = Datastore(folder)
        assert store.running() == two
        assert [commit.version for commit in store.history] == [8, 7]
        store.close()


@pytest.mark.parametrize("damage", [b"", b"# commit 8\n", b"\xff\xfe", b"# commit 8\nconfig\n"])
def test_a_damaged_one_is_passed_over_for_the_one_before(tmp_path: Path, damage: bytes) -> None:
    _before(tmp_path, "running.previous.conf", 7, configuration("rem1"))
    (tmp_path / "running.conf").write_bytes(damage)
    assert running(tmp_path) == configuration("rem1")
