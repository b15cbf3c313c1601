"""The demo, as an operator starts it: it ends well, its figures can be taken again, and a spoilt one is noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from ipsec_lab import report
from ipsec_lab.judge import Kind
from ipsec_lab.report import FAILBACK, Scene

SECONDS = 280


def demo(folder: Path, **surroundings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ipsec_lab", "--here", "demo"],
        cwd=folder,
        env=os.environ | surroundings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def test_all_goes_as_told_and_the_figures_are_those_of_the_captures(tmp_path: Path) -> None:
    done = demo(tmp_path)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    told = json.loads((tmp_path / "build" / "demo.json").read_text())
    captures = tmp_path / "build" / "demo"
    scene = Scene.load(captures)
    outcomes = {
        act.what: report.outcome(captures, act, scene.remotes).figures for act in scene.acts
    }
    failback = asdict(outcomes.pop(FAILBACK))
    failback.pop("sent")
    assert told["failback"] == failback
    assert told["failover"] == [
        {"cause": cause, **asdict(outcomes[cause])} for cause in report.LIMITS_MS
    ]
    seen = report.account(captures, scene)
    assert told["clear_text_packets_on_wan"] == seen[Kind.CLEAR] == 0
    assert told["esp_packets_on_wan"] == seen[Kind.ESP] > 0
    assert told["ike_packets_on_wan"] == seen[Kind.IKE] > 0


def test_an_agent_that_never_lowers_a_kni_is_noticed(tmp_path: Path) -> None:
    done = demo(tmp_path, PYTHONPATH=str(Path(__file__).with_name("spoilt")))
    assert done.returncode == 1
    assert "gateway-silent: traffic never was on rem2" in done.stdout
