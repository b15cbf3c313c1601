"""Whatever is written, the worst that happens is a finding; whatever is accepted can be made."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ipsec_client.base.errors import Fault
from ipsec_client.config import flat, printer
from ipsec_client.config.examine import examine
from ipsec_client.config.findings import refused
from ipsec_client.config.reader import read
from ipsec_client.config.rules import check
from ipsec_client.model.elements import Authority, Config
from ipsec_client.wire.document import Document, from_json, to_json
from tests.configs import clean
from tests.configs.cases import base, cases
from tests.configs.everything import of_authority, of_document
from tests.configs.strategies import changed, elements

hasty = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def authority(text: str) -> Authority:
    found = read(text).config.authority
    assert found
    return found


CLEAN = authority(clean())
FORMS: dict[str, Callable[..., str]] = {"blocks": printer.write, "flat": flat.write}
WORDS = sorted(
    {word for line in base() for word in line.split()} | {'"', "#", "\\", "\t", "\u2028"}
)


@pytest.mark.parametrize("form", FORMS)
@hasty
@given(data=st.data())
def test_a_text_with_lines_damaged_gives_findings_and_nothing_worse(
    form: str, data: st.DataObject
) -> None:
    lines = FORMS[form](Config(authority=CLEAN), secrets=True).split("\n")
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(lines) - 1))
        words = lines[place].split(" ")
        words.insert(
            data.draw(st.integers(0, len(words))), data.draw(st.sampled_from(WORDS) | st.text())
        )
        lines[place : place + data.draw(st.integers(0, 2))] = [" ".join(words)]
    examined = examine("\n".join(lines))
    assert all(finding.line for finding in examined.findings)
    event(f"refused: {examined.refused}")
    if not examined.refused:
        of_authority(examined.authority)


@settings(hasty, max_examples=100)
@given(changed(CLEAN))
def test_whatever_is_accepted_can_be_made(altered: Authority) -> None:
    accepted = not refused(check(altered))
    event(f"accepted: {accepted}")
    if accepted:
        of_authority(altered)


@hasty
@given(elements(Authority))
def test_any_configuration_can_be_judged(anything: Authority) -> None:
    if not refused(check(anything)):
        of_authority(anything)


@pytest.mark.parametrize("name", cases())
def test_a_broken_configuration_that_is_accepted_can_be_made(name: str) -> None:
    examined = cases()[name].examined()
    if not examined.refused:
        of_authority(examined.authority)


@settings(hasty, max_examples=100)
@given(changed(CLEAN))
def test_a_document_that_was_never_judged_is_made_or_refused(altered: Authority) -> None:
    document = Document("1", altered)
    try:
        of_document(from_json(json.loads(json.dumps(to_json(document, secrets=True)))))
    except Fault as fault:
        event(f"refused: {type(fault).__name__}")
