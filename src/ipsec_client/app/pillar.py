"""``ipsec-client pillar FILE FOLDER``: a file for each router with the documents of its nodes, keys included.

Each is JSON, which is YAML as well, below the key ``ipsec-client`` by node; only its owner may read it. All are made
before the first is written, and each appears whole: what is wrong with a configuration takes nobody's tunnels.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ipsec_client.app.findings import load
from ipsec_client.base import files
from ipsec_client.config.documents import document
from ipsec_client.config.generated import generate
from ipsec_client.wire.document import to_json


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
    """Writes the files, and removes those of routers that have no client any more; nothing if there are errors."""
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
    folder = Path(args.folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in made.items():
        if not _holds(folder / name, f"{content}\n"):
            files.replace(folder / name, f"{content}\n")
    for old in folder.glob("*.sls"):
        if old.name not in made:
            old.unlink()
    return 0


def _holds(file: Path, content: str) -> bool:
    try:
        return file.read_text() == content and file.stat().st_mode & 0o777 == 0o600
    except (OSError, UnicodeDecodeError):
        return False
