"""`ipsec-lab demo`: tells the story, writes its report, says whether all went as told, hands over to the operator."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path

from ipsec_lab import control, report, story
from ipsec_lab.document import read
from ipsec_lab.guest.probe import inside_guest
from ipsec_lab.judge import Kind
from ipsec_lab.lab import Lab, built
from ipsec_lab.picture import picture
from ipsec_lab.progress import Progress
from ipsec_lab.report import Outcome, Scene
from ipsec_lab.router import PCLI, document
from ipsec_lab.story import Story
from ipsec_lab.verbs import Verbs

FOLDER = Path("build")
"""Gets `demo.json`, and `demo` with the captures."""


def demo() -> int:
    """The exit status: 0 only if all went as told."""
    captures = FOLDER / "demo"
    shutil.rmtree(captures, ignore_errors=True)
    captures.mkdir(parents=True)
    print("The page's complete example, adapted so that it can run as it is:\n")
    print(story.adaptation(), flush=True)
    progress = Progress()
    configuration = story.DEMO.read_text()
    site = read(document(configuration))
    with built(site, configuration, {}, progress) as lab, control.served(Verbs(lab).table()):
        print(picture(lab.site, lab.gateways) + "\n", flush=True)
        telling = Story(lab, captures, progress)
        try:
            scene = telling.tell()
        finally:
            lab.router.save_logs(captures)
        status = _conclude(lab, telling, scene, captures)
        if sys.stdin.isatty() and sys.stdout.isatty():
            _hand_over(lab)
    return status


def _conclude(lab: Lab, telling: Story, scene: Scene, captures: Path) -> int:
    outcomes = [report.outcome(captures, act, scene.remotes) for act in scene.acts]
    seen = report.account(captures, scene)
    content = report.demo_json(
        kernel="guest" if inside_guest() else "host",
        libreswan=lab.router.libreswan_version(),
        gateways=[
            {"name": name, "software": gateway.software, "version": gateway.version}
            for name, gateway in lab.gateways.items()
        ],
        seconds_to_tunnels_up=telling.seconds_to_tunnels_up,
        outcomes=outcomes,
        alarm=telling.alarm,
        seen=seen,
    )
    file = FOLDER / "demo.json"
    file.write_text(json.dumps(content, indent=2) + "\n")
    print(_summary(outcomes, seen, file))
    missing = report.shortfalls(outcomes, telling.alarm, seen)
    for line in missing:
        print(f"✖ {line}")
    if not missing:
        print("✔ all went as told")
    sys.stdout.flush()
    return 1 if missing else 0


def _summary(outcomes: list[Outcome], seen: dict[Kind, int], file: Path) -> str:
    rows = [f"{'':<18}{'sent':>8}{'lost':>8}{'longest gap':>14}"]
    for outcome in outcomes:
        figures = outcome.figures
        gap = f"{figures.longest_gap_ms:.1f} ms"
        rows.append(f"{outcome.act.what:<18}{figures.sent:>8}{figures.lost:>8}{gap:>14}")
    on_wan = f"on the provider's network: {story.counted(seen)}"
    return "\n".join(("", *rows, "", on_wan, f"report: {file}", ""))


def _hand_over(lab: Lab) -> None:
    """The router's terminal is the operator's until they leave it; its Ctrl-C is not for the lab."""
    print(
        "This is the router. `ipsec-lab break`, `heal`, `shell` and `measure` work from elsewhere."
    )
    print("Leaving the session ends the lab.", flush=True)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    lab.router.host.start([PCLI], stdin=None, start_new_session=False).wait()
    signal.signal(signal.SIGINT, before)
