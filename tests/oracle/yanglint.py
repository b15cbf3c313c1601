"""``yanglint`` of libyang, asked for its verdict on many files at once, and what to do where it is not installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

PROGRAM = shutil.which("yanglint")
oracle = [
    pytest.mark.oracle,
    pytest.mark.skipif(PROGRAM is None, reason="libyang2-tools is not installed"),
]
_REFUSED = re.compile(r'YANGLINT\[E\]: Failed to parse input data file "(\d+)\.json"\.')


def complaints(module: str, instances: Sequence[dict[str, Any]], folder: Path) -> dict[int, str]:
    """What yanglint says of each instance that it refuses, by its number; one process for all.

    ``folder`` is for its files, and its home: it writes one of its own there.
    """
    (folder / "ipsec-client.yang").write_text(module)
    commands = ["add ipsec-client.yang"]
    for number, instance in enumerate(instances):
        # libyang 2 does not read pairs of surrogates, which JSON would have for some characters
        (folder / f"{number}.json").write_text(json.dumps(instance, ensure_ascii=False))
        commands.append(f"data -t config -f json {number}.json")
    assert PROGRAM
    done = subprocess.run(
        [PROGRAM],
        input="\n".join([*commands, ""]),
        cwd=folder,
        env={"HOME": str(folder), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: dict[int, str] = {}
    said: list[str] = []
    for line in done.stderr.splitlines():
        if refused := _REFUSED.fullmatch(line):
            found[int(refused[1])] = " ".join(said)
            said = []
        else:
            said.append(line)
    accepted = done.stdout.count('"ipsec-client:authority"')
    assert accepted == len(instances) - len(found), done.stderr
    return found
