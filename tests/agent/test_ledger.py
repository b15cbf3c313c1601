"""The agent's files: whole or absent, never readable to others, and a broken one is an empty one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ipsec_client.agent.ledger import Ledger, Shelf
from ipsec_client.base.secret import Secret
from ipsec_client.model.elements import Authority, IpsecProfile, Node, Router
from ipsec_client.wire.document import Document

KEY = "a-key-nobody-may-see"


def document(name: str) -> Document:
    profile = IpsecProfile(name="p", pre_shared_key=Secret(KEY))
    router = Router(name="r", ipsec_profile=(profile,), node=(Node(name="n"),))
    return Document(name, Authority(router=(router,)))


def test_the_ledger_is_there_again_after_a_restart(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "node")
    ledger = Ledger(shelf)
    ledger.put("tables", {"a": 128000})
    ledger.put("gone", 1)
    ledger.put("gone", None)
    shelf.close()
    again = Ledger(Shelf(tmp_path / "node"))
    assert again.get("tables") == {"a": 128000}
    assert again.get("gone") is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": 99, "entries": {"a": 1}}', "\x00\xff"]
)
def test_a_damaged_state_file_is_an_empty_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "node").mkdir()
    (tmp_path / "node" / "ledger.json").write_text(text, encoding="latin-1")
    assert Ledger(Shelf(tmp_path / "node")).get("a") is None


def test_the_document_in_force_is_kept_with_its_key_for_root_alone(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "node")
    shelf.keep_document(document("one"))
    found = shelf.document()
    assert found is not None
    assert found.router.ipsec_profile[0].pre_shared_key == Secret(KEY)
    for path in (tmp_path / "node").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "node").stat().st_mode) == 0o700


def test_a_damaged_document_gives_way_to_the_one_before(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "node")
    shelf.keep_document(document("one"))
    shelf.keep_document(document("two"))
    (tmp_path / "node" / "document.json").write_text('{"format": 1, "id": "tw')
    found = shelf.document()
    assert found is not None
    assert found.id == "one"


def test_a_forgotten_document_is_gone(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "node")
    shelf.keep_document(document("one"))
    shelf.keep_document(document("two"))
    shelf.forget_document()
    assert shelf.document() is None
