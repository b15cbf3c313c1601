"""The targets of ``make fuzz`` take what they begin with, and what once broke them."""

from __future__ import annotations

import pytest

from tools.fuzz import counted
from tools.fuzz_targets import TARGETS, seeds, words

BROKE = {
    "a format that is an object": ("request", b'{"format": {"a": 1}}'),
    "a document's format that is a list": ("document", b'{"format": [1]}'),
    "a serial number of 5000 digits": (
        "pluto",
        b'000 #' + b"9" * 5000 + b': "c":500 STATE_V2_PARENT_I1 (sent IKE_SA_INIT request)',
    ),
}  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_takes_what_it_begins_with(target: str) -> None:
    given = list(seeds(target))
    assert len(given) > 1
    for seed in given:
        TARGETS[target](seed)
        TARGETS[target](seed[: len(seed) // 2])
    TARGETS[target](b"")


@pytest.mark.parametrize("what", BROKE)
def test_what_once_broke_a_target_does_no_more(what: str) -> None:
    target, given = BROKE[what]
    TARGETS[target](given)


def test_words_are_those_of_the_model() -> None:
    assert {"ipsec-profile", "pre-shared-key", "aes_gcm256", "exit"} <= set(words())


def test_runs_are_counted_at_the_end_and_at_a_crash() -> None:
    assert counted("#2\tINITED cov: 1\n#40\tNEW\nDone\nstat::number_of_executed_units: 99\n") == 99
    assert counted("#2\tINITED cov: 1\n#4096\tpulse  cov: 2\n== ERROR: libFuzzer: deadly\n") == 4096
    assert counted("ModuleNotFoundError") == 0
