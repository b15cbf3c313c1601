from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ipsec_client.app.main import VERBS, main
from ipsec_client.app.pillar import WRITTEN
from tests.agent.sample import TEXT
from tools import package

PACKAGING = Path(__file__).parents[2] / "packaging"
UNITS = sorted((PACKAGING / "systemd").glob("*.service"))


def settings(unit: Path) -> list[tuple[str, str]]:
    lines = [line.partition("=") for line in unit.read_text().splitlines() if "=" in line]
    return [(name, value) for name, _, value in lines if not name.startswith("#")]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_has_nothing_to_say_of_a_unit(unit: Path, tmp_path: Path) -> None:
    """``systemd-analyze verify`` exits 0 whatever it finds, so its words count."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze here")
    for other in UNITS:
        text = other.read_text().replace("/usr/bin/ipsec-client", sys.executable)
        (tmp_path / other.name).write_text(text)
    name = unit.name.replace("@", "@client1")
    done = subprocess.run(
        [analyze, "verify", tmp_path / name], capture_output=True, text=True, timeout=30
    )
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_verb_that_is_there_and_tells_systemd_of_it(unit: Path) -> None:
    found = dict(settings(unit))
    program, verb, *_ = found["ExecStart"].split()
    assert program == "/usr/bin/ipsec-client"
    assert verb in VERBS
    assert found["Type"] == "notify"
    assert int(found["WatchdogSec"]) > 0
    assert (found["Restart"], found["StartLimitIntervalSec"]) == ("always", "0")


def test_a_client_is_ordered_after_the_agent_and_never_bound_to_it() -> None:
    found = settings(PACKAGING / "systemd" / "128t-ipsec@.service")
    related = {name for name, value in found if "128t-ipsec-agent" in value}
    assert related == {"After"}
    assert ("NetworkNamespacePath", "/run/netns/%i") in found


def test_packages_are_the_same_bytes_whenever_they_are_built(tmp_path: Path) -> None:
    once, again = (list(package.build("1.2.3", tmp_path / name)) for name in ("once", "again"))
    assert [path.name for path in once] == [
        "128t-ipsec_1.2.3_all.deb",
        "128t-ipsec-1.2.3.noarch.rpm",
        "128t-ipsec-client_1.2.3_all.deb",
        "128t-ipsec-client-1.2.3.noarch.rpm",
    ]
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


def test_a_package_has_the_whole_program_and_knows_its_version(tmp_path: Path) -> None:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("no dpkg-deb here")
    router, _ = package.build("1.2.3", tmp_path, ("deb",))
    root = tmp_path / "root"
    subprocess.run(["dpkg-deb", "-x", router, root], check=True)
    source = PACKAGING.parent / "src" / "ipsec_client"
    packed = root / "usr" / "lib" / "ipsec-client" / "ipsec_client"
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.suffix != ".pyc"}
    wanted = {path for path in wanted if path.name != "__pycache__"}
    assert {path.relative_to(packed) for path in packed.rglob("*")} == wanted
    program = (root / "usr/bin/ipsec-client").read_text()
    started = tmp_path / "ipsec-client"
    started.write_text(program.replace("/usr/lib/ipsec-client", f"{packed.parent}"))
    done = subprocess.run(
        ["/usr/bin/python3", "-I", started, "--version"], capture_output=True, text=True
    )
    assert done.stdout == "ipsec-client 1.2.3\n", done.stderr


MADE = (
    "var/lib/ipsec-client/node/document.json",
    "var/lib/ipsec-client/conductor/authority.db",
    "var/log/128technology/ipsec-client-agent.log",
    "var/log/128technology/ipsec-client1.log.1",
    "var/log/128technology/captures/one.pcap",
    "var/log/128technology/tech-support-info.log",
    "var/log/128technology/ipsec-client-conductor.log.2",
    "var/log/128technology/plugins/ipsec-client-config-generation.log",
    "var/log/128technology/plugins/ipsec-client-pillar-generation.log",
)
CONDUCTORS = {MADE[1], MADE[6]}


def purge(package: str, root: Path) -> set[str]:
    """What is left of MADE when the package has been purged from a machine that is a folder."""
    script = (PACKAGING / "scripts" / f"{package}-postrm").read_text()
    script = script.replace("/var/", f"{root}/var/")
    nobody = "getent() { return 2; }\n"
    done = subprocess.run(
        ["/bin/sh", "-c", nobody + script, "postrm", "purge"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    return {file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()}


def test_to_purge_one_package_leaves_the_others_state(tmp_path: Path) -> None:
    """Who purges the router's takes the conductor's off too, whose history is then to be kept."""
    for order in (("router", "conductor"), ("conductor", "router")):
        for name in MADE:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        left = purge(order[0], tmp_path)
        assert left == (CONDUCTORS if order[0] == "router" else set(MADE) - CONDUCTORS)
        assert purge(order[1], tmp_path) == set()
        assert [path.name for path in (tmp_path / "var").glob("*/*")] == []
    (tmp_path / MADE[1]).parent.mkdir(parents=True)  # systemd-tmpfiles makes it on every router
    assert purge("router", tmp_path) == set()
    assert [path.name for path in (tmp_path / "var").glob("*/*")] == []


def test_purged_the_pillars_go_and_others_stay(tmp_path: Path) -> None:
    folder = tmp_path / "var/lib/128technology/plugins/pillar/ipsec-client"
    text = f"config\n{TEXT}\nexit\n"
    (tmp_path / "dump.conf").write_text(text)
    for others in (("top.sls", "r1.sls"), ()):
        assert main(["pillar", str(tmp_path / "dump.conf"), str(folder)]) == 0
        assert {file.name for file in folder.iterdir()} == {"r1.sls", WRITTEN}
        for name in others:
            (folder / name).write_text("by: hand\n")
        purge("router", tmp_path)
        left = {file.name for file in folder.iterdir()} if folder.exists() else set()
        assert left == set(others)
        for name in others:
            (folder / name).unlink()
    assert list((tmp_path / "var/lib").iterdir()) == []
