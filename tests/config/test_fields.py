"""The documentation's tables are those of the definitions."""

from __future__ import annotations

from ipsec_client.config.fields import tables
from tests.configs import FOLDER

DOCUMENT = FOLDER.parent.parent / "docs" / "configuration.md"


def test_the_documentation_has_every_field() -> None:
    made = "\n".join(tables())
    written = DOCUMENT.read_text()
    told = "run python -m ipsec_client.config.fields and put its output at the end of the page"
    assert written.endswith(made), told
