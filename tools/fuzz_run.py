"""``python -m tools.fuzz_run TARGET FOLDER... [-option=value...]``: libFuzzer on one target; ``tools.fuzz`` calls it.

Runs in the environment that fuzzing has of its own, where atheris is.
"""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["ipsec_client"]):
    from tools.fuzz_targets import TARGETS

program, target, *arguments = sys.argv
atheris.Setup([program, *arguments], TARGETS[target])
atheris.Fuzz()
