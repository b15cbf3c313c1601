"""Libreswan's own judgement of a connection, without a pluto: whether its words can be read at all.

It sees unknown words and bad choices. Wrong algorithms and numbers pass it: dialect judges those.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from ipsec_client.base import run
from ipsec_client.dialect.render import Conn
from ipsec_client.pluto.layout import ADDCONN

_TELLTALES = (
    *("cannot load", "while loading", "ERROR", "is not valid in a conn", "is not a subnet"),
    *("keyword ignored", "ignoring duplicate"),
)
"""addconn also ends with 0 after most of what it complains of. 5.2 leaves out of a connection what it cannot read, and
says so (the last two): run like that, it would be another connection than the one that was written.
"""

_PREFIXES = ("FATAL ERROR: ", "ipsec addconn: ")
"""What 5.2 begins its complaints with."""


def dry_load(conn: Conn, addconn: str = ADDCONN) -> str | None:
    """Why Libreswan, or the one whose ``addconn`` is given, cannot read the connection; None where it can."""
    with tempfile.TemporaryDirectory(prefix="ipsec-client-") as folder:
        file = Path(folder) / "conn.conf"
        file.write_text(conn.text)
        done = run.run([addconn, "--checkconfig", "--config", str(file), conn.name])
    return complaint(done, file)


def complaint(done: run.Done, file: Path) -> str | None:
    """The first thing addconn complained of, without the file's path; None where it is content."""
    lines = [line.strip() for line in done.err.splitlines() if line.strip()]
    for line in lines:
        if any(word in line for word in _TELLTALES):
            return _shortened(line, file)
    return _shortened(lines[0], file) if done.status and lines else None


def _shortened(line: str, file: Path) -> str:
    for prefix in _PREFIXES:
        line = line.removeprefix(prefix)
    return line.replace(f"cannot load config '{file}': ", "").replace(f"{file}:", "line ").strip()
