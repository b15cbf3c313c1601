"""``ipsec-client pillar FILE FOLDER``: a file for each router with the documents of its nodes, keys included.

Each is JSON, which is YAML as well, below the key ``ipsec-client`` by node; only its owner may read it. All are made
before the first is written, and each appears whole: what is wrong with a configuration takes nobody's tunnels.
A list beside them says which were written, so that only those are ever removed, and only while they are unchanged.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from contextlib import suppress
from pathlib import Path

from ipsec_client.app.findings import load
from ipsec_client.base import files
from ipsec_client.config.documents import document
from ipsec_client.config.generated import generate
from ipsec_client.wire.document import to_json

WRITTEN = ".written"
"""The list, as sha256sum prints it: a file's SHA-256, two blanks, its name. Purging the package reads it too."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("file", metavar="FILE", help="configuration; - is standard input")
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        nargs="?",
        default="/var/lib/128technology/plugins/pillar/ipsec-client",
        help="where a file ROUTER.sls of each router is written; unset: %(default)s",
    )


def main(args: argparse.Namespace) -> int:
    """Writes the files, and removes its own of routers that have no client any more; nothing if there are errors."""
    authority = load(args.file)
    if authority is None:
        return 1
    authority = generate(authority)
    made = {
        f"{router.name}.sls": json.dumps(
            {
                "ipsec-client": {
                    node.name: to_json(document(authority, router.name, node.name), secrets=True)
                    for node in router.node
                    if node.ipsec_client
                }
            },
            indent=2,
            sort_keys=True,
        )
        for router in authority.router
        if any(node.ipsec_client for node in router.node)
    }
    _put({name: f"{content}\n" for name, content in made.items()}, Path(args.folder))
    return 0


def _put(made: dict[str, str], folder: Path) -> None:
    """Writes what differs and removes what was written before. Whenever it is cut short, all of it is on the list."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = _list(folder)
    now = {f"{_sum(content.encode())}  {name}" for name, content in made.items()}
    _note(folder, before, before | now)
    for name, content in made.items():
        if not _holds(folder / name, content):
            files.replace(folder / name, content)
    for line in before - now:
        known, _, name = line.partition("  ")
        with suppress(FileNotFoundError):
            if name not in made and _sum((folder / name).read_bytes()) == known:
                (folder / name).unlink()
    _note(folder, before | now, now)


def _list(folder: Path) -> set[str]:
    try:
        return set((folder / WRITTEN).read_text().splitlines())
    except FileNotFoundError:
        return set()


def _note(folder: Path, before: set[str], now: set[str]) -> None:
    if now != before:
        files.replace(folder / WRITTEN, "".join(f"{line}\n" for line in sorted(now)))


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _holds(file: Path, content: str) -> bool:
    try:
        return file.read_text() == content and file.stat().st_mode & 0o777 == 0o600
    except (OSError, UnicodeDecodeError):
        return False
