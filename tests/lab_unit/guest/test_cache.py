"""A thing in the cache is whole or absent, whatever happens to its builders."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ipsec_lab import cache


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IPSEC_CLIENT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_where_the_cache_is() -> None:
    both = {"IPSEC_CLIENT_CACHE": "/own", "XDG_CACHE_HOME": "/shared"}
    assert cache.root(both) == Path("/own")
    assert cache.root({"XDG_CACHE_HOME": "/shared"}) == Path("/shared/ipsec-client")
    home = Path("~/.cache/ipsec-client").expanduser()
    assert cache.root({}) == home
    assert cache.root({"XDG_CACHE_HOME": "relative"}) == home


def test_what_is_there_is_not_built_again() -> None:
    builds = []

    def build(folder: Path) -> None:
        builds.append(folder)
        (folder / "file").write_text("whole")

    first, second = cache.obtain("thing", build, print), cache.obtain("thing", build, print)
    assert first == second
    assert (first / "file").read_text() == "whole"
    assert len(builds) == 1


def test_a_builder_that_fails_leaves_nothing_but_its_lock(folder: Path) -> None:
    def build(place: Path) -> None:
        (place / "half").write_text("")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.obtain("thing", build, print)
    assert [path.name for path in folder.iterdir()] == [".thing.lock"]


def test_what_a_killed_builder_left_is_cleared_away(folder: Path) -> None:
    abandoned = folder / ".thing.new-1234"
    abandoned.mkdir(parents=True)
    place = cache.obtain("thing", lambda place: None, print)
    assert place.is_dir()
    assert not abandoned.exists()


BUILDER = """
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from ipsec_lab import cache

def build(place):
    print("building", flush=True)
    sys.stdin.readline()
    (place / "by").write_text(sys.argv[1])

def tell(line):
    print(line, flush=True)

print((cache.obtain("thing", build, tell) / "by").read_text(), flush=True)
"""


@contextmanager
def _builder(name: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", BUILDER, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


WAITING = "thing: another process is at it, waiting for that one\n"


@pytest.mark.timeout(20)
def test_the_second_builder_waits_for_the_first_and_takes_what_it_made() -> None:
    with _builder("first") as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "building\n"
        with _builder("second") as second:
            assert second.stdout is not None
            assert second.stdout.readline() == WAITING
            out, _ = first.communicate("go\n")
            assert out == "first\n"
            assert second.communicate()[0] == "first\n"


@pytest.mark.timeout(20)
def test_a_builder_that_was_killed_is_replaced_by_the_next() -> None:
    with _builder("first") as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "building\n"
        with _builder("second") as second:
            assert second.stdout is not None
            assert second.stdout.readline() == WAITING
            first.kill()
            assert second.communicate("go\n")[0] == "building\nsecond\n"
