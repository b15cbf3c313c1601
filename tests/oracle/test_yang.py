"""yanglint and our validator agree on what the YANG module can carry, and part where docs/yang.md says they do."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from ipsec_client.config.examine import examine
from ipsec_client.config.findings import ERROR, Finding, refused
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read
from ipsec_client.config.schema import yang
from ipsec_client.config.schema.constraints import MUSTS
from ipsec_client.config.schema.form import MODULE, to_json
from ipsec_client.model import elements as e
from tests.config import variants
from tests.config.change import IN_CLIENT, IN_PRIMARY, IN_REM1, IN_REM2, MONITOR, with_field
from tests.configs import FOLDER, clean, complete
from tests.configs.cases import cases
from tests.oracle.yanglint import complaints, oracle

CONFIGURATIONS = 2_500
PYANG = Path(sys.executable).with_name("pyang")
PAGE = FOLDER.parent.parent / "docs" / "yang.md"

Changes = list[tuple[str, str]]

pytestmark = oracle


class Apart(NamedTuple):
    """A rule that YANG does not carry: what its findings say, and a change that breaks it and no other."""

    said: str
    changes: Changes


NOT_CARRIED = {
    "`plugin-network` overlaps a network of the node": Apart(
        r" plugin-network: \S+ overlaps \S+ of ",
        [with_field(IN_CLIENT.strip(), "plugin-network 172.16.1.0/24")],
    ),
    "a gateway, a monitored destination or a `subnet` is inside `plugin-network`": Apart(
        r" is in plugin-network ",
        [with_field(IN_REM1, "subnet 169.254.129.8/30")],
    ),
    "`plugin-network` is wider than a /8 and begins with an address that no host can have": Apart(
        r" plugin-network: \S+/[1-7] is ",
        [with_field(IN_CLIENT.strip(), "plugin-network 225.0.0.0/7")],
    ),
    "`tunnel-monitor-nat-network` overlaps `plugin-network`": Apart(
        r" tunnel-monitor-nat-network: \S+ overlaps plugin-network ",
        [with_field(IN_CLIENT.strip(), "tunnel-monitor-nat-network 169.254.129.0/24")],
    ),
    "probes of two remotes come from one address": Apart(
        r" would both come from ",
        [
            with_field(IN_CLIENT.strip(), "tunnel-monitor-nat-network 10.0.0.0/30"),
            with_field(IN_REM1, MONITOR.format("8.8.8.8", "")),
            with_field(IN_REM2, MONITOR.format("8.8.8.8", "")),
        ],
    ),
    "a monitored destination is outside `subnet`": Apart(
        r": is in no subnet of the remote",
        [with_field(IN_REM1, "subnet 10.0.0.0/8", MONITOR.format("8.8.8.8", ""))],
    ),
    "what probes come from is outside `local-subnet`": Apart(
        r" local-subnet: does not hold ",
        [with_field(IN_REM1, "local-subnet 172.16.1.0/24", MONITOR.format("8.8.8.8", ""))],
    ),
    "two remotes have the same identities and different keys": Apart(
        r": has the identities of remote ", [(IN_REM2, "host 172.16.4.3")]
    ),
    "a `custom-option` that Libreswan lacks, or that is not for use here": Apart(
        r" custom-option \S+: ",
        [with_field(IN_PRIMARY, "custom-option key\n value value\n exit")],
    ),
    "an algorithm that the Libreswan named by `--libreswan` lacks": Apart(
        r" ipsec-profile \S+ (ike|phase2)-(encryption|digest|modp): ",
        [with_field(IN_PRIMARY, "ike-modp modp1024")],
    ),
}
"""The rules of docs/yang.md that YANG does not carry."""


def carried(findings: Sequence[Finding]) -> list[str]:
    """The errors among the findings that YANG can tell too."""
    errors = [str(finding) for finding in findings if finding.severity == ERROR]
    patterns = [rule.said for rule in NOT_CARRIED.values()]
    return [text for text in errors if not any(re.search(it, text) for it in patterns)]


def changed(changes: Changes) -> str:
    text = clean()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_both_agree_on_generated_configurations(tmp_path: Path) -> None:
    random = Random(7950)
    trees = [*variants.each(random), *(variants.valid(random) for _ in range(300))]
    trees += [variants.broken(random) for _ in range(CONFIGURATIONS - len(trees))]
    instances = [{f"{MODULE}:authority": variants.as_json(e.Authority, tree)} for tree in trees]
    theirs = complaints(yang.module(), instances, tmp_path)
    refused = 0
    for number, tree in enumerate(trees):
        errors = carried(examine(variants.as_text(e.Authority, tree)).findings)
        assert bool(errors) == (number in theirs), (errors, theirs.get(number), tree)
        refused += bool(errors)
    assert CONFIGURATIONS // 4 < refused < CONFIGURATIONS * 3 // 4
    said = " ".join(theirs.values())
    unheard = {
        must.message for musts in MUSTS.values() for must in musts if must.message not in said
    }
    assert unheard == set(), "no configuration broke these"


def test_configurations_of_the_page_and_generated_parts_are_valid(tmp_path: Path) -> None:
    authorities = [examine(text).authority for text in (complete(), clean())]
    authorities += [generate(authority) for authority in authorities]
    instances = [to_json(e.Config(authority=authority)) for authority in authorities]
    assert complaints(yang.module(), instances, tmp_path) == {}


def test_each_rule_that_refuses_is_carried_or_listed(tmp_path: Path) -> None:
    """Each broken configuration that can be read: YANG refuses those that we do, but for rules of the list."""
    broken = {name: case.text for name, case in cases().items()}
    readings = {name: read(text) for name, text in broken.items()}
    readings = {name: it for name, it in readings.items() if not refused(it.findings)}
    instances = [to_json(reading.config) for reading in readings.values()]
    theirs = complaints(yang.module(), instances, tmp_path)
    for number, name in enumerate(readings):
        errors = carried(examine(broken[name]).findings)
        assert bool(errors) == (number in theirs), (name, errors, theirs.get(number))


def test_the_rules_of_the_list_are_refused_by_us_alone(tmp_path: Path) -> None:
    listed = PAGE.read_text().partition("does not carry")[2].partition("Text that")[0]
    assert [line[2:] for line in listed.splitlines() if line.startswith("- ")] == list(NOT_CARRIED)
    texts = [changed(rule.changes) for rule in NOT_CARRIED.values()]
    for text, rule in zip(texts, NOT_CARRIED.values(), strict=True):
        errors = [str(it) for it in examine(text, series=4).findings if it.severity == ERROR]
        assert errors
        assert all(re.search(rule.said, it) for it in errors), errors
    instances = [to_json(read(text).config) for text in texts]
    assert complaints(yang.module(), instances, tmp_path) == {}


def test_pyang_has_nothing_to_say_of_the_module(tmp_path: Path) -> None:
    (tmp_path / "ipsec-client.yang").write_text(yang.module())
    argv: list[str | Path] = [PYANG, "--lint", "--canonical", tmp_path / "ipsec-client.yang"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
