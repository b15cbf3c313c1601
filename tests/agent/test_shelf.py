"""The agent's files: whole or absent, never readable to others; a damaged one is told of and gives way."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ipsec_client.agent.shelf import Shelf
from ipsec_client.base.errors import InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.model.elements import Authority, IpsecProfile, Node, Router
from ipsec_client.wire.document import Document, to_json

KEY = "a-key-nobody-may-see"


def document(name: str) -> Document:
    profile = IpsecProfile(name="p", pre_shared_key=Secret(KEY))
    router = Router(name="r", ipsec_profile=(profile,), node=(Node(name="n"),))
    return Document(name, Authority(router=(router,)))


def damaged(name: str) -> dict[str, Callable[[bytes], bytes]]:
    """Ways in which a file can be spoilt, by what is said of it."""
    newer = json.dumps({"format": 99, "id": "9", "events": [], "entries": {"tables": {"a": 1}}})
    return {
        "is not JSON": lambda good: good[: len(good) // 2],
        "is not JSON: Expecting value": lambda good: b"",
        "is not UTF-8": lambda good: b"\x00\xff" * 40,
        "of format None": lambda good: b"[]",
        "of format 99": lambda good: newer.encode(),
        "is not": lambda good: good.replace(b"{", b"[", 2),
    } | (
        {"authority is not an object": lambda good: b'{"format": 1, "authority": 7}'}
        if name == "document"
        else {"is not of type": lambda good: b'{"format": 1, "entries": 7, "events": 7}'}
    )


def kept(folder: Path, name: str) -> Shelf:
    """A shelf with two states of the file, one after the other."""
    shelf = Shelf(folder)
    for place in (1, 2):
        if name == "document":
            shelf.keep_document(document(str(place)))
        else:
            shelf.write(name, {"entries": {"place": place}, "events": [place]})
    shelf.close()
    return Shelf(folder)


def state(shelf: Shelf, name: str) -> int | None:
    """Which of the two is read."""
    if name == "document":
        found = shelf.document(bool)
        return int(found.id) if found else None
    fields: dict[str, type] = {"entries": dict, "events": list}
    place: int | None = shelf.read(name, **fields).get("entries", {}).get("place")
    return place


FILES = ("document", "ledger", "events", "alarms", "health", "confirm")
CASES = [(name, said) for name in FILES for said in damaged(name)]


@pytest.mark.parametrize("name", FILES)
def test_the_last_state_is_there_after_a_restart(tmp_path: Path, name: str) -> None:
    shelf = kept(tmp_path, name)
    assert state(shelf, name) == 2
    assert not shelf.passed_over


@pytest.mark.parametrize(("name", "said"), CASES)
def test_a_damaged_file_is_told_of_put_aside_and_gives_way_to_the_one_before(
    tmp_path: Path, name: str, said: str
) -> None:
    shelf = kept(tmp_path, name)
    path = tmp_path / f"{name}.json"
    spoilt = damaged(name)[said](path.read_bytes())
    path.write_bytes(spoilt)
    assert state(shelf, name) == 1
    [told] = shelf.passed_over
    assert f"{name}.json" in told
    assert said in told
    assert KEY not in told
    assert (tmp_path / f"{name}.unread.json").read_bytes() == spoilt
    # The good one stays behind the next that is written.
    if name == "document":
        shelf.keep_document(document("3"))
    else:
        shelf.write(name, {"entries": {"place": 3}})
    shelf.close()
    path.write_bytes(b"")
    assert state(Shelf(tmp_path), name) == 1


@pytest.mark.parametrize("name", FILES)
def test_with_nothing_readable_it_is_an_empty_one(tmp_path: Path, name: str) -> None:
    shelf = kept(tmp_path, name)
    for path in tmp_path.iterdir():
        path.write_bytes(b"{")
    assert state(shelf, name) is None
    assert len(shelf.passed_over) == 2
    assert shelf.lost_document == (name == "document")


def test_what_is_kept_is_for_root_alone(tmp_path: Path) -> None:
    shelf = kept(tmp_path / "node", "document")
    found = shelf.document(bool)
    assert found is not None
    assert found.router.ipsec_profile[0].pre_shared_key == Secret(KEY)
    for path in (tmp_path / "node").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "node").stat().st_mode) == 0o700


def test_a_forgotten_document_is_gone_with_what_was_put_aside(tmp_path: Path) -> None:
    shelf = kept(tmp_path, "document")
    (tmp_path / "document.json").write_text("{")
    shelf.document(bool)
    shelf.forget_document()
    assert shelf.document(bool) is None
    assert list(tmp_path.iterdir()) == []


def test_a_document_that_cannot_be_planned_any_more_gives_way_too(tmp_path: Path) -> None:
    shelf = kept(tmp_path, "document")

    def check(found: Document) -> None:
        if found.id == "2":
            raise InputFault("has no room")

    found = shelf.document(check)
    assert found is not None
    assert found.id == "1"
    assert shelf.passed_over == ["document.json: has no room"]
    assert not Shelf(tmp_path / "other").lost_document


def test_a_document_that_a_newer_release_wrote_is_there_for_it_again(tmp_path: Path) -> None:
    shelf = kept(tmp_path, "document")
    newer = json.dumps({**to_json(document("3")), "requires": ["teleport"]})
    (tmp_path / "document.json").write_text(newer)
    found = shelf.document(bool)
    assert found is not None
    assert found.id == "1"
    assert "requires teleport" in shelf.passed_over[0]
    assert (tmp_path / "document.unread.json").read_text() == newer


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts: needs root")
def test_a_folder_that_cannot_be_written_is_read_and_a_commit_is_refused(tmp_path: Path) -> None:
    kept(tmp_path, "document").close()
    (tmp_path / "health.json").write_text("{")
    code = f"""
from pathlib import Path
from tests.agent.test_shelf import Shelf, document
shelf = Shelf(Path({str(tmp_path)!r}))
assert shelf.document(bool).id == "2"
assert shelf.read("health") == {{}} and shelf.passed_over
shelf.write("health", {{}}).result()
try:
    shelf.keep_document(document("3"))
except Exception as fault:
    print(fault)
shelf.close()
"""
    inside = (
        f'mount --bind {tmp_path} {tmp_path} && mount -o remount,ro,bind {tmp_path} && exec "$@"'
    )
    argv = ["unshare", "--mount", "sh", "-c", inside, "sh", sys.executable, "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout == (
        f"commit 3 cannot be kept in {tmp_path}: Read-only file system. Make room there\n"
    ), done.stderr
    assert "state cannot be kept" in done.stderr
