"""Builds the packages of router and conductor, .deb and .rpm, with nfpm: ``make package``.

The same commit gives the same bytes: times are those of SOURCE_DATE_EPOCH, or of the last commit.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from pathlib import Path
from tempfile import TemporaryDirectory

from ipsec_client.app.main import VERBS

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "packages"
NFPM = Path(sys.executable).with_name("nfpm")
PACKAGES = ("128t-ipsec", "128t-ipsec-client")
FORMATS = ("deb", "rpm")
CHANGELOG = """\
{} ({}) stable; urgency=medium

  * Built of this version's sources, whose history tells what has changed.

 -- ipsec-client <ipsec-client@localhost>  {}
"""
"""In the form that Debian asks for (deb-changelog(5))."""


def build(version: str, folder: Path, formats: tuple[str, ...] = FORMATS) -> Iterator[Path]:
    """Builds the packages with a version into a folder; raises SystemExit with nfpm's words when it cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    moment = _moment()
    with TemporaryDirectory() as stage:
        fill(Path(stage), version, int(moment))
        given = {"VERSION": version, "STAGE": stage, "SOURCE_DATE_EPOCH": moment}
        for package in PACKAGES:
            for kind in formats:
                ending = f"_{version}_all.deb" if kind == "deb" else f"-{version}.noarch.rpm"
                yield _packed(package, kind, folder / f"{package}{ending}", given)


def _packed(package: str, kind: str, target: Path, given: Mapping[str, str]) -> Path:
    config = ROOT / "packaging" / "nfpm" / f"{package}.yaml"
    argv = [str(NFPM), "package", "-f", str(config), "-p", kind, "-t", str(target)]
    done = subprocess.run(argv, cwd=ROOT, env=os.environ | given, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"nfpm cannot build {target.name}: {done.stderr or done.stdout}")
    return target


def project_version() -> str:
    """The version that pyproject.toml gives."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def _moment() -> str:
    """Seconds since 1970 that all files are dated with."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return given
    log = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    done = subprocess.run(log, capture_output=True, text=True)
    return done.stdout.strip() or "0"


def fill(stage: Path, version: str, moment: int) -> None:
    """Puts what nfpm takes whole folders of into ``stage``."""
    python, doc = stage / "python", stage / "doc"
    shutil.copytree(
        ROOT / "src" / "ipsec_client",
        python / "ipsec_client",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    about = python / f"ipsec_client-{version}.dist-info"
    about.mkdir()
    told = f"Metadata-Version: 2.1\nName: ipsec-client\nVersion: {version}\n"
    (about / "METADATA").write_text(told)
    shutil.copytree(ROOT / "docs", doc / "docs")
    shutil.copytree(ROOT / "examples", doc / "examples")
    shutil.copy(ROOT / "README.md", doc)
    for page in (ROOT / "packaging" / "man").iterdir():
        _compress(stage / "man" / f"man{page.suffix[1:]}" / page.name, _page(page, version))
    for package in PACKAGES:
        _compress(
            stage / "changelog" / package, CHANGELOG.format(package, version, formatdate(moment))
        )
    for path in stage.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (moment, moment))


def _page(file: Path, version: str) -> str:
    """A manual page, with all verbs of the program where it lists them."""
    verbs = "\n".join(f".TP\n.B {verb}\n{told}" for verb, told in VERBS.items())
    return file.read_text().replace("@VERSION@", version).replace("@VERBS@", verbs)


def _compress(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def main() -> int:
    """Builds them all into build/packages, and says where they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", default=project_version(), help="instead of pyproject.toml's")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where they are put")
    args = parser.parse_args()
    for package in build(args.version, args.folder):
        print(package)
    return 0


if __name__ == "__main__":
    sys.exit(main())
