"""A conductor that is killed while it commits: afterwards the old commit runs or the new one, and never less."""

from __future__ import annotations

import os
import random
import resource
import select
import shutil
import signal
import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from ipsec_client.base.errors import Fault
from ipsec_client.commands.port import Committed
from ipsec_client.conductor.candidate import prepare
from ipsec_client.conductor.datastore import file
from ipsec_client.conductor.datastore.store import Datastore
from ipsec_client.conductor.datastore.texts import different_routers
from ipsec_client.model.elements import Authority

from .sample import text

KEPT = 4
"""Commits in the history, so that the oldest are forgotten, too."""


@cache
def configuration(version: int) -> Authority:
    """What the commit of a version makes the running configuration."""
    return prepare(text(*(f"rem{number}" for number in range(1, version % 4 + 2))), None).authority


def commit_next(store: Datastore) -> int:
    before = store.running()
    version = store.history[0].version + 1 if store.history else 1
    after = configuration(version)
    routers = different_routers(before or Authority(), after)
    store.keep(Committed(version, 0.0, "ann", routers), before, after, candidate_of="ann")
    return version


def _commit_on_and_on(store: Datastore) -> None:
    while True:
        commit_next(store)


def killed(work: Callable[[], None]) -> bool:
    """Whether a child that does the work was killed at it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 — nothing of the child may go on in the parent's code
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def dying_at(number: int) -> Callable[[str], None]:
    """What SIGKILLs this process when it is called for the ``number``-th time."""
    left = iter(range(number - 1, -1, -1))
    return lambda _: None if next(left) else os.kill(os.getpid(), signal.SIGKILL)


def check(folder: Path, allowed: set[int], candidate_with: int | None = None) -> int:
    """What a conductor that starts now finds is whole: the version that runs, one of those allowed."""
    store = Datastore(folder, history=KEPT)
    version = store.history[0].version if store.history else 0
    assert version in allowed
    for commit in store.history:
        assert store.authority(commit.version) == configuration(commit.version)
    assert [commit.version for commit in store.history] == list(
        range(version, max(0, version - KEPT), -1)
    )
    assert store.running() == (configuration(version) if version else None)
    assert ("ann" in store.candidates()) == (version == candidate_with)
    store.close()
    return version


def reached_by(folder: Path, before: int, work: Callable[[Path, int], None]) -> set[int]:
    """The versions found after a child was killed at its first statement, at its second, and so on to its end."""
    reached = set()
    for number in range(1, 100):
        copy = folder / str(number)
        if before:
            shutil.copytree(folder / "before", copy)
        dead = killed(lambda copy=copy, number=number: work(copy, number))  # type: ignore[misc]
        reached.add(check(copy, {before, before + 1}, candidate_with=before or None))
        if not dead:
            break
    assert number > 10
    return reached


def test_killed_at_any_statement_of_the_first_commit(tmp_path: Path) -> None:
    def work(folder: Path, number: int) -> None:
        connected, die = file._connected, dying_at(number)

        def watched(path: Path) -> sqlite3.Connection:
            connection = connected(path)
            connection.set_trace_callback(die)
            return connection

        file._connected = watched
        commit_next(Datastore(folder, history=KEPT))

    assert reached_by(tmp_path, 0, work) == {0, 1}


def test_killed_at_any_statement_of_a_commit_that_forgets_the_oldest(tmp_path: Path) -> None:
    store = Datastore(tmp_path / "before", history=KEPT)
    for _ in range(7):
        commit_next(store)
    store.keep_candidate("ann", [])
    store.close()

    def work(folder: Path, number: int) -> None:
        store, die = Datastore(folder, history=KEPT), dying_at(number)
        for half in (store._file, store._copy):
            assert half is not None
            half._connection.set_trace_callback(die)
        commit_next(store)

    assert reached_by(tmp_path, 7, work) == {7, 8}


@pytest.mark.parametrize("room", [0, 40_000])
def test_a_disk_that_is_full_refuses_the_commit_and_loses_nothing(
    tmp_path: Path, room: int
) -> None:
    """As SQLite meets it: no file grows beyond ``room`` octets any more, the first or the second one written."""
    store = Datastore(tmp_path, history=KEPT)
    commit_next(store)
    store.close()

    def work() -> None:
        store = Datastore(tmp_path, history=KEPT)
        commit_next(store)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        with pytest.raises(Fault, match="cannot be used"):
            _commit_on_and_on(store)
        assert store.running() == configuration(store.history[0].version)
        store.close()

    assert not killed(work)
    check(tmp_path, {2} if room == 0 else set(range(2, 9)))


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment(tmp_path: Path, seed: int) -> None:
    """Again and again, on the same files."""
    chosen = random.Random(seed)
    version = 0
    for _ in range(4):
        heard, told = os.pipe()
        child = os.fork()
        if child == 0:
            store = Datastore(tmp_path, history=KEPT)
            while True:
                os.write(told, bytes([commit_next(store)]))
        os.close(told)
        delay = chosen.uniform(0.0, 0.05)
        select.select([heard], [], [], 10)
        select.select([], [], [], delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(heard, "rb") as pipe:
            acknowledged = pipe.read()
        last = acknowledged[-1] if acknowledged else version
        version = check(tmp_path, {last, last + 1})
