"""JSON form, JSON Schema, YANG module and page of fields: all cover every field, and what is shipped is fresh."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from ipsec_client.config import fields
from ipsec_client.config.examine import examine
from ipsec_client.config.reader import read
from ipsec_client.config.schema import json_schema, words, yang
from ipsec_client.config.schema.constraints import LIMITS, MUSTS, PATTERNS, REFERENCES
from ipsec_client.config.schema.form import MODULE, to_json
from ipsec_client.config.schema.statement import Statement
from ipsec_client.model import elements as e
from ipsec_client.model.definition import Element, Leaf, definition
from tests.config import variants
from tests.config.json_schema import admits
from tests.configs import FOLDER, complete

ROOT = FOLDER.parent.parent
SHIPPED = {
    "docs/fields.md": (fields.page, "python -m ipsec_client.config.fields > docs/fields.md"),
    "packaging/yang/ipsec-client.yang": (
        yang.module,
        "ipsec-client schema --yang > packaging/yang/ipsec-client.yang",
    ),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_is_what_the_definitions_give(name: str) -> None:
    make, command = SHIPPED[name]
    assert (ROOT / name).read_text() == make(), f"in .venv/bin: {command}"


def leaves(kind: type[Element] = e.Config, path: str = "") -> Iterator[tuple[str, Leaf]]:
    known = definition(kind)
    yield from ((f"{path}/{leaf.name}", leaf) for leaf in known.leaves)
    for nested in known.nested:
        yield from leaves(nested.element, f"{path}/{nested.name}")


LEAVES = dict(leaves())


def test_the_yang_module_has_each_field_where_it_is() -> None:
    found = set()
    path: list[str] = []
    for line in yang.module().splitlines():
        words = line.split()
        depth = (len(line) - len(line.lstrip())) // 2
        if words[0] in ("container", "list", "leaf", "leaf-list"):
            path[depth - 1 :] = [words[1]]
            if words[0].startswith("leaf"):
                found.add("/" + "/".join(path))
    assert found == LEAVES.keys()


def test_the_json_schema_has_each_field_where_it_is() -> None:
    def names(schema: dict[str, Any], path: str) -> Iterator[str]:
        for name, below in schema["properties"].items():
            at = f"{path}/{name.removeprefix(f'{MODULE}:')}"
            entry = below["items"] if "properties" in below.get("items", ()) else below
            yield from names(entry, at) if "properties" in entry else [at]

    assert set(names(json_schema.schema(), "")) == LEAVES.keys()


def test_the_page_has_each_field_where_it_is() -> None:
    path, found = "", set()
    for line in fields.page().splitlines():
        if line.startswith("## "):
            path = "/" + line.removeprefix("## ").replace(" > ", "/")
        elif line.startswith("| `"):
            found.add(f"{path}/{line.split('`')[1]}")
    assert found == LEAVES.keys()


@pytest.mark.parametrize("path", LEAVES)
def test_each_word_that_a_field_may_be_has_a_meaning(path: str) -> None:
    leaf = LEAVES[path]
    assert [word for word in leaf.type.choices if not words.meaning(leaf.name, word)] == []


def test_what_binds_fields_names_ones_that_there_are() -> None:
    for kind, name in (*MUSTS, *PATTERNS, *REFERENCES, *LIMITS):
        assert not name or name in definition(kind).by_name


def test_keys_are_no_part_of_the_json_form() -> None:
    made = to_json(read(complete()).config)
    assert "somekey" not in json.dumps(made)
    (router,) = made[f"{MODULE}:authority"]["router"]
    assert [it["pre-shared-key"] for it in router["ipsec-profile"]] == ["(removed)"] * 2
    assert admits(json_schema.schema(), made)


def test_a_valid_configuration_has_the_form_that_the_schema_tells() -> None:
    random = Random(2020)
    schema = json_schema.schema()
    for _ in range(40):
        tree = variants.valid(random)
        made = {f"{MODULE}:authority": variants.as_json(e.Authority, tree)}
        examined = examine(variants.as_text(e.Authority, tree))
        assert [str(it) for it in examined.findings if it.severity == "error"] == []
        assert to_json(e.Config(authority=examined.authority)) == made
        assert admits(schema, made)


def test_the_json_schema_refuses_what_cannot_be_read_and_nothing_that_is_right() -> None:
    random = Random(12)
    schema = json_schema.schema()
    verdicts = set()
    for _ in range(250):
        tree = variants.broken(random)
        text = variants.as_text(e.Authority, tree)
        unread = any(it.severity == "error" for it in read(text).findings)
        right = not examine(text).refused
        admitted = admits(schema, {f"{MODULE}:authority": variants.as_json(e.Authority, tree)})
        assert not (unread and admitted), text
        assert not (right and not admitted), text
        verdicts.add((unread, right))
    assert len(verdicts) == 3


def test_a_statement_breaks_prose_and_keeps_every_blank_of_the_rest() -> None:
    long = "name = 'two  blanks' and " * 6 + "true()"
    made = str(
        Statement("leaf", "a", (Statement("must", long), Statement("description", "x " * 60)))
    )
    lines = made.splitlines()
    assert all(len(line) <= 72 for line in lines)
    pieces = [line.strip(" +;") for line in lines if "blanks" in line or "true()" in line]
    assert "".join(piece.strip('"') for piece in pieces) == long
    assert str(Statement("pattern", r"a\.'\"")) == 'pattern "a\\\\.\'\\\\\\"";\n'
    assert str(Statement("pattern", r"a\.b")) == "pattern 'a\\.b';\n"
