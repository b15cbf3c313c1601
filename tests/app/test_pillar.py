"""The generators of a Session Smart Router's plugins: text in, text or a file for each router out, keys kept safe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ipsec_client.app import pillar
from ipsec_client.app.main import main
from ipsec_client.app.pillar import WRITTEN
from ipsec_client.base import files
from ipsec_client.wire.document import from_json
from tests.agent.sample import KEY, TEXT

ROOT = Path(__file__).parents[2]
CONFIG = f"config\n{TEXT}\nexit\n"
OTHER = CONFIG.replace("router r1", "router r2")
NOBODY = "config\nauthority\nrouter r3\nnode n1\nexit\nexit\nexit\nexit\n"


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    file = tmp_path / "dump.conf"
    file.write_text(CONFIG)
    return file


def generator(name: str, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LOG": str(folder / "log"),
    }
    script = ROOT / "packaging" / "generators" / name
    return subprocess.run([script, *words], env=environment, capture_output=True, text=True)


def test_each_router_has_a_file_that_only_its_owner_reads(dump: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pillar"
    assert main(["pillar", str(dump), str(folder)]) == 0
    file = folder / "r1.sls"
    assert {file, folder / WRITTEN} == set(folder.iterdir())
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    data = json.loads(file.read_text())["ipsec-client"]["n1"]
    document = from_json(data)
    assert document.router.ipsec_profile[0].pre_shared_key is not None
    assert KEY in file.read_text()
    before = file.stat()
    assert main(["pillar", str(dump), str(folder)]) == 0
    assert file.stat().st_ino == before.st_ino  # who watches it sees no change


def test_a_router_without_a_client_has_none_and_what_is_wrong_changes_nothing(
    dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pillar"
    main(["pillar", str(dump), str(folder)])
    before = (folder / "r1.sls").read_text()
    dump.write_text(CONFIG.replace(" profile p\n", " profile nobody\n"))
    assert main(["pillar", str(dump), str(folder)]) == 1
    assert (folder / "r1.sls").read_text() == before
    capsys.readouterr()
    dump.write_text(OTHER)
    assert main(["pillar", str(dump), str(folder)]) == 0
    assert {file.name for file in folder.iterdir()} == {"r2.sls", WRITTEN}


def test_what_it_has_not_written_itself_stays(dump: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pillar"
    main(["pillar", str(dump), str(folder)])
    shutil.copy(folder / "r1.sls", folder / "copy.sls")
    (folder / "top.sls").write_text("base: {}\n")
    (folder / "r1.sls").write_text("edited: by hand\n")
    others = {file.name: file.read_text() for file in folder.glob("*.sls")}
    dump.write_text(OTHER)
    assert main(["pillar", str(dump), str(folder)]) == 0
    assert {file.name for file in folder.glob("*.sls")} == others.keys() | {"r2.sls"}
    assert {name: (folder / name).read_text() for name in others} == others


@pytest.mark.parametrize("after", [1, 2, 3])
def test_cut_short_its_files_are_still_known(
    dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Power is lost after so many files: keys of a router that is gone must not stay for good."""
    folder = tmp_path / "pillar"
    main(["pillar", str(dump), str(folder)])
    dump.write_text(OTHER)
    written: list[Path] = []

    def replace(path: Path, content: str) -> None:
        if len(written) == after - 1:
            raise OSError(5, "power is lost", str(path))
        written.append(path)
        files.replace(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(pillar, "files", SimpleNamespace(replace=replace))
        assert main(["pillar", str(dump), str(folder)]) == 1
    dump.write_text(NOBODY)
    assert main(["pillar", str(dump), str(folder)]) == 0
    assert list(folder.glob("*.sls")) == []


def test_generated_configuration_is_text_and_nothing_where_there_are_errors(
    dump: Path, tmp_path: Path
) -> None:
    done = generator("generate_configuration", str(dump), folder=tmp_path)
    assert done.returncode == 0
    assert "device-interface rem1" in " ".join(done.stdout.split())
    assert KEY not in done.stdout + (tmp_path / "log").read_text()
    dump.write_text(CONFIG.replace(" profile p\n", " profile nobody\n"))
    failed = generator("generate_configuration", str(dump), folder=tmp_path)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "nobody" in (tmp_path / "log").read_text()


def test_a_document_for_nobody_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_RUN", str(tmp_path))
    pillar = tmp_path / "r1.sls"
    pillar.write_text(json.dumps({"ipsec-client": {"n1": {}, "n2": {}}}))
    assert main(["apply", str(pillar)]) == 1
    assert "Name one with --node: n1, n2" in capsys.readouterr().err
    pillar.write_text("no JSON")
    assert main(["apply", str(pillar)]) == 1
    assert "holds no node document" in capsys.readouterr().err
