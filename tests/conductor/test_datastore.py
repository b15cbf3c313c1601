"""The datastore: what is kept comes back, whole, whatever happens to process and disk."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.commands.port import Committed, Exported
from ipsec_client.conductor.candidate import prepare
from ipsec_client.conductor.datastore.file import FORMATS
from ipsec_client.conductor.datastore.store import Datastore, state_folder
from ipsec_client.conductor.datastore.texts import changed_parts, different_routers, joined
from ipsec_client.model.elements import Authority, Router, ServiceRoute, Tenant
from tests.configs.strategies import elements

from .sample import text


def configuration(*remotes: str, key: str = "somekey1") -> Authority:
    return prepare(text(*remotes, key=key), None).authority


def routers(*names: str, key: str = "somekey1") -> Authority:
    """Several routers that differ in their names only."""
    one = configuration("rem1", key=key)
    return replace(one, router=tuple(replace(one.router[0], name=name) for name in names))


def kept(folder: Path, *authorities: Authority, history: int = 100) -> Datastore:
    """A datastore with these as commits 1, 2, …"""
    store = Datastore(folder, history=history)
    before = store.running()
    for version, after in enumerate(authorities, len(store.history) + 1):
        commit = Committed(
            version, version + 0.5, "ann", different_routers(before or Authority(), after)
        )
        store.keep(commit, before, after)
        before = after
    return store


def running(folder: Path) -> Authority | None:
    """What a conductor that starts now would find."""
    store = Datastore(folder)
    found = store.running()
    store.close()
    return found


def restarted(store: Datastore, folder: Path) -> Datastore:
    store.close()
    return Datastore(folder)


# --- what is kept


def test_commits_come_back_with_their_keys_and_their_history(tmp_path: Path) -> None:
    one, two = routers("a", "b"), replace(routers("b", "c"), tenant=(Tenant(name="t"),))
    store = restarted(kept(tmp_path, one, two), tmp_path)
    assert store.running() == two
    assert store.authority(1) == one
    assert [(commit.version, commit.at, commit.user) for commit in store.history] == [
        (2, 2.5, "ann"),
        (1, 1.5, "ann"),
    ]
    assert store.history[0].routers == ("c", "a")
    assert store.authority(2, ("c",)).router == two.router[1:]
    with pytest.raises(InputFault, match="no commit 3"):
        store.authority(3)


def test_nothing_is_made_before_there_is_something_to_keep(tmp_path: Path) -> None:
    store = Datastore(tmp_path / "conductor")
    assert store.running() is None
    assert store.candidates() == {}
    assert not (tmp_path / "conductor").exists()


def test_all_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "conductor"
    kept(folder, configuration("rem1"))
    assert folder.stat().st_mode & 0o777 == 0o700
    names = {path.name for path in folder.iterdir()}
    assert {"datastore.db", "datastore.db-wal", "datastore.copy.db"} <= names
    assert {path.stat().st_mode & 0o777 for path in folder.glob("datastore*")} == {0o600}


def test_a_commit_is_on_the_disk_when_it_is_said_to_be(tmp_path: Path) -> None:
    """What a power cut needs beyond a kill: SQLite syncs at each commit."""
    store = kept(tmp_path, configuration("rem1"))
    for half in (store._file, store._copy):
        assert half is not None
        assert half.rows("PRAGMA synchronous") == [(2,)]
        assert half.rows("PRAGMA journal_mode") == [("wal",)]


def test_a_commit_stores_only_what_it_changes(tmp_path: Path) -> None:
    one = routers("a", "b", "c")
    two = replace(
        one, router=(one.router[0], replace(one.router[1], ipsec_profile=()), one.router[2])
    )
    kept(tmp_path, one, two)
    rows = sqlite3.connect(tmp_path / "datastore.db").execute(
        "SELECT kind, name FROM parts WHERE version = 2"
    )
    assert rows.fetchall() == [("router", "b")]


def test_history_is_bounded_and_texts_that_nobody_needs_go_with_it(tmp_path: Path) -> None:
    several = [
        routers("a", "b", key="key1"),
        routers("a", "b", key="key2"),
        routers("a", key="key2"),
        routers("a", key="key3"),
        routers("a", "c", key="key3"),
    ]
    store = kept(tmp_path, *several, history=2)
    assert [commit.version for commit in store.history] == [5, 4]
    assert store.authority(4) == several[3]
    assert store.authority(5) == several[4]
    rows = sqlite3.connect(tmp_path / "datastore.db").execute("SELECT DISTINCT name FROM parts")
    assert {name for (name,) in rows} == {"", "a", "c"}
    assert b"key2" not in (tmp_path / "datastore.db").read_bytes()


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(elements(Router, 1), max_size=2, unique_by=lambda item: item.key), elements(Tenant))
def test_any_configuration_is_the_sum_of_its_parts(found: list[Router], tenant: Tenant) -> None:
    authority = Authority(tenant=(tenant,), router=tuple(found))
    parts = list(changed_parts(None, authority))
    texts = {part.name: part.text or "" for part in parts if part.kind == "router"}
    shared, order = (part.text or "" for part in parts if part.kind != "router")
    assert joined(shared, order, texts) == authority


_small = st.lists(
    st.builds(
        Router,
        name=st.sampled_from("abc"),
        service_route=st.just(()) | st.just((ServiceRoute(name="r"),)),
    ),
    max_size=3,
    unique_by=lambda router: router.key,
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_small, min_size=1, max_size=8))
def test_whatever_comes_and_goes_each_commit_kept_is_what_it_was(found: list[list[Router]]) -> None:
    authorities = [Authority(router=tuple(several)) for several in found]
    with TemporaryDirectory() as name:
        store = restarted(kept(Path(name), *authorities, history=3), Path(name))
        versions = [commit.version for commit in store.history]
        assert versions == list(range(len(found), 0, -1))[:3]
        for version in versions:
            assert store.authority(version) == authorities[version - 1]
        store.close()


def test_candidates_exports_and_settings_come_back(tmp_path: Path) -> None:
    store = kept(tmp_path, configuration("rem1"))
    store.keep_candidate("ann", [{"verb": "set"}])
    store.keep_candidate("bob", [])
    store.keep_export(Exported("before.1", 7.0, True), b"\x00sealed")
    store.keep_setting("run", "one")
    store = restarted(store, tmp_path)
    assert store.candidates() == {"ann": [{"verb": "set"}], "bob": []}
    assert store.exports == (Exported("before.1", 7.0, True),)
    assert store.exported("before.1") == b"\x00sealed"
    assert store.setting("run") == "one"
    assert store.setting("other") is None
    store.keep_candidate("ann", None)
    with pytest.raises(InputFault, match="is an export"):
        store.keep_export(Exported("before.1", 8.0, False), b"")
    store.delete_export("before.1")
    with pytest.raises(InputFault, match="no export"):
        store.delete_export("before.1")
    after = configuration("rem2")
    store.keep(Committed(2, 2.0, "bob", ()), store.running(), after, candidate_of="bob")
    store = restarted(store, tmp_path)
    assert store.candidates() == {}
    assert store.exports == ()


def test_only_the_latest_commit_awaits_confirmation(tmp_path: Path) -> None:
    store = kept(tmp_path, configuration("rem1"))
    for version in (2, 3):
        commit = Committed(version, 0.0, "ann", (), confirmed_until=60.0)
        store.keep(commit, store.running(), configuration(f"rem{version}"))
    store = restarted(store, tmp_path)
    assert [commit.confirmed_until for commit in store.history] == [60.0, None, None]
    store.confirm(3)
    assert restarted(store, tmp_path).history[0].confirmed_until is None


# --- formats


def test_a_newer_format_is_refused_by_name_and_left_as_it_is(tmp_path: Path) -> None:
    kept(tmp_path, configuration("rem1")).close()
    with sqlite3.connect(tmp_path / "datastore.db") as newer:
        newer.execute("PRAGMA user_version = 9")
    newer.close()
    before = (tmp_path / "datastore.db").read_bytes()
    with pytest.raises(Fault, match=r"datastore\.db is of format 9.*knows formats up to 1"):
        Datastore(tmp_path)
    assert (tmp_path / "datastore.db").read_bytes() == before


def test_an_older_format_is_brought_forward_after_a_copy(tmp_path: Path) -> None:
    one = configuration("rem1")
    kept(tmp_path, one).close()
    newer = (*FORMATS, "ALTER TABLE commits ADD COLUMN note TEXT;")
    store = Datastore(tmp_path, formats=newer)
    assert store.running() == one
    store.close()
    with sqlite3.connect(tmp_path / "datastore.db") as brought:
        assert brought.execute("PRAGMA user_version").fetchall() == [(2,)]
    with sqlite3.connect(tmp_path / "datastore.db.format-1") as aside:
        assert aside.execute("PRAGMA user_version").fetchall() == [(1,)]
        assert aside.execute("SELECT version FROM commits").fetchall() == [(1,)]


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    one = configuration("rem1")
    kept(tmp_path, one).close()
    newer = (*FORMATS, "CREATE TABLE notes (text); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(Fault, match="could not be brought to format 2"):
        Datastore(tmp_path, formats=newer)
    assert running(tmp_path) == one


# --- damage


def _spoiled(folder: Path) -> Iterator[str]:
    """Ways to damage the database, each done to it."""
    path = folder / "datastore.db"
    whole = path.read_bytes()
    for content in (
        b"",
        b"not a database at all" * 100,
        whole[: len(whole) // 2],
        b"\0" * len(whole),
    ):
        path.write_bytes(content)
        yield f"{len(content)} octets of another kind"
    for seed in range(6):
        octets = bytearray(whole)
        chosen = random.Random(seed)
        for _ in range(400):
            octets[chosen.randrange(len(octets))] ^= 0xFF
        path.write_bytes(octets)
        yield f"octets flipped, {seed}"
    for what, old, new in (
        ("one key", b"somekey2", b"somekey9"),
        ("one candidate", b'["edits"]', b'["edits"}'),
    ):
        assert old in whole
        path.write_bytes(whole.replace(old, new))
        yield what
    path.unlink()
    yield "no file"


def test_from_damage_the_copy_is_taken_and_the_damaged_file_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = configuration("rem1"), configuration("rem1", "rem2", key="somekey2")
    store = kept(tmp_path, one, two)
    store.keep_candidate("ann", ["edits"])
    store.close()
    for what in _spoiled(tmp_path):
        caplog.clear()
        damaged = (tmp_path / "datastore.db").exists()
        store = Datastore(tmp_path)
        assert store.running() == two, what
        assert store.authority(1) == one
        assert store.candidates() == {"ann": ["edits"]}
        store.close()
        assert "copy is taken, with commit 2" in caplog.text, what
        assert "somekey" not in caplog.text
        aside = list(tmp_path.glob("datastore.db.damaged-?"))
        assert bool(aside) == damaged
        for path in aside:
            path.unlink()


def test_a_copy_that_is_behind_or_damaged_is_made_anew(tmp_path: Path) -> None:
    one, two = configuration("rem1"), configuration("rem2")
    kept(tmp_path, one).close()
    behind = (tmp_path / "datastore.copy.db").read_bytes()
    kept(tmp_path, two).close()
    for content in (behind, b"", b"nothing of ours"):
        (tmp_path / "datastore.copy.db").write_bytes(content)
        assert running(tmp_path) == two
        (tmp_path / "datastore.db").unlink()
        assert running(tmp_path) == two


def test_a_copy_that_lacks_an_export_or_a_candidate_is_made_anew(tmp_path: Path) -> None:
    kept(tmp_path, configuration("rem1")).close()
    behind = (tmp_path / "datastore.copy.db").read_bytes()
    store = Datastore(tmp_path)
    store.keep_candidate("ann", ["edits"])
    store.keep_export(Exported("before", 7.0, False), b"text")
    store.close()
    (tmp_path / "datastore.copy.db").write_bytes(behind)
    Datastore(tmp_path).close()
    (tmp_path / "datastore.db").unlink()
    store = Datastore(tmp_path)
    assert store.candidates() == {"ann": ["edits"]}
    assert store.exported("before") == b"text"


def test_a_disk_that_takes_no_folder_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Datastore(tmp_path / "file" / "conductor")
    with pytest.raises(Fault, match="cannot be used: Not a directory"):
        store.keep_candidate("ann", [])


def test_commits_lost_with_the_write_ahead_log_are_in_the_copy(tmp_path: Path) -> None:
    one, two = configuration("rem1"), configuration("rem2")
    kept(tmp_path, one).close()
    older = (tmp_path / "datastore.db").read_bytes()
    kept(tmp_path, two).close()
    (tmp_path / "datastore.db").write_bytes(older)
    assert running(tmp_path) == two


def test_with_both_damaged_nothing_runs_and_both_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept(tmp_path, configuration("rem1")).close()
    for name in ("datastore.db", "datastore.copy.db"):
        (tmp_path / name).write_bytes(b"gold" * 2000)
    store = Datastore(tmp_path)
    assert store.running() is None
    assert "no commit is left" in caplog.text
    store.close()
    again = kept(tmp_path, configuration("rem2"))
    assert restarted(again, tmp_path).running() == configuration("rem2")
    assert len(list(tmp_path.glob("*.damaged-1"))) == 2


def test_the_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_STATE", str(tmp_path))
    assert state_folder() == tmp_path / "conductor"
