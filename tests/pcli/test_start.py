"""What ``pcli -c`` loads: each module more is time that everyone waits, with every command."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

LOADED = {
    "__future__", "_json", "collections", "copyreg", "enum", "functools", "ipsec_client", "json", "keyword",
    "operator", "re", "reprlib", "selectors", "socket", "types",
}  # fmt: skip
"""``json`` and ``socket``, and what they need. Nothing else is worth its milliseconds."""

SHOW = """\
import sys
before = set(sys.modules)
from ipsec_client.pcli import main
sys.argv = ["pcli", "-c", "show alarms"]
status = main()
print(*sorted(set(sys.modules) - before), file=sys.stderr)
sys.exit(status)
"""


def answer_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, connection.makefile("rb") as asked:
        asked.readline()
        connection.sendall(b'{"text": "no alarms\\n", "status": 0, "data": {}}\n')


def test_one_command_loads_little_more_than_json_and_sockets(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "agent.sock"))
        server.listen()
        server.settimeout(60)
        thread = threading.Thread(target=answer_once, args=(server,))
        thread.start()
        done = subprocess.run(
            [sys.executable, "-c", SHOW],
            env=os.environ | {"IPSEC_CLIENT_RUN": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        thread.join()
    assert (done.returncode, done.stdout) == (0, "no alarms\n"), done.stderr
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    surplus = loaded - LOADED - set(sys.builtin_module_names)
    assert not surplus, "what they cost: python -X importtime -m ipsec_client.pcli -c x"
