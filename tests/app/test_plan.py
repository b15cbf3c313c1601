"""``ipsec-client plan`` as an operator calls it: a line per object, or with --impact a row per tunnel."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ipsec_client.app.main import main

DEMO = Path(__file__).parents[2] / "examples" / "demo.conf"
LINE = re.compile(r"(create|change|restart|keep|remove) [a-z-]+ \S.*: \S.*")


def plan(
    capsys: pytest.CaptureFixture[str], file: Path, *words: str, status: int = 0
) -> tuple[str, str]:
    assert main(["plan", str(file), *words]) == status
    shown = capsys.readouterr()
    return shown.out, shown.err


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The demo's configuration with another gateway for rem1 and another MTU for both."""
    text = DEMO.read_text().replace("172.16.4.3", "172.16.4.4")
    file = tmp_path / "changed.conf"
    file.write_text(text.replace("pre-shared-key", "mtu 1380\npre-shared-key"))
    return file


def test_from_nothing_every_object_is_created(capsys: pytest.CaptureFixture[str]) -> None:
    lines = plan(capsys, DEMO)[0].splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    assert {line.split()[0] for line in lines} == {"create"}
    assert "create namespace client1: not there yet" in lines


def test_against_what_runs_only_what_differs_is_more_than_kept(
    capsys: pytest.CaptureFixture[str], changed: Path
) -> None:
    lines = plan(capsys, changed, "--against", str(DEMO))[0].splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    others = [line for line in lines if not line.startswith("keep ")]
    assert "change connection ipsec-client-tunnel-secondary-rem2: mtu changes" in others
    assert (
        "restart connection ipsec-client-tunnel-primary-rem1: mtu, right, rightid change" in others
    )
    assert not [line for line in others if re.search("restart pluto| kni | namespace ", line)]


def test_a_named_gateway_has_its_connection_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "named.conf"
    file.write_text(DEMO.read_text().replace("host     172.16.4.3", "host gateway.example"))
    lines = plan(capsys, file, "--against", str(DEMO))[0].splitlines()
    assert "restart connection ipsec-client-tunnel-primary-rem1: right, rightid change" in lines
    lines = plan(capsys, file, "--against", str(file))[0].splitlines()
    assert "keep connection ipsec-client-tunnel-primary-rem1: as wanted" in lines


def test_the_impact_is_a_row_per_tunnel(capsys: pytest.CaptureFixture[str], changed: Path) -> None:
    shown, _ = plan(capsys, changed, "--against", str(DEMO), "--impact")
    assert shown == (
        "========= ======= ======== =========== ==============================\n"
        " Router    Node    Remote   Impact      Why\n"
        "========= ======= ======== =========== ==============================\n"
        " router1   node1   rem1     restarted   host, mtu change\n"
        " router1   node1   rem2     untouched   mtu changes, without a break\n"
        "1 restarted, 1 untouched\n"
    )
    rows = json.loads(plan(capsys, DEMO, "--impact", "--json")[0])
    assert [(row["remote"], row["verb"]) for row in rows] == [
        ("rem1", "created"),
        ("rem2", "created"),
    ]


def test_what_equals_the_running_one_concerns_nobody_unless_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    against = ("--against", str(DEMO), "--impact")
    assert plan(capsys, DEMO, *against)[0] == "No tunnel is concerned\n"
    assert "2 untouched" in plan(capsys, DEMO, *against, "--router", "router1")[0]


@pytest.mark.parametrize("words", [(), ("--impact",)])
def test_bad_input_prints_no_plan(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "bad.conf").write_text("config\n nonsense\nexit\n")
    for file, running in ((tmp_path / "bad.conf", DEMO), (DEMO, tmp_path / "bad.conf")):
        out, err = plan(capsys, file, "--against", str(running), *words, status=1)
        assert out == ""
        assert "bad.conf" in err
    out, err = plan(capsys, DEMO, "--router", "router9", *words, status=1)
    assert out == ""
    assert "router9" in err
