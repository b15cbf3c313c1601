"""The side door with a real agent, real KNIs and the packaged scripts, called as a Session Smart Router calls them.

The router's part of a KNI is a device of the test's that the agent never sees as its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ipsec_client.kernel import namespaces
from tests.agent.sample import KEY, TEXT
from tests.kernel.support import ip, needs_root, own_namespace

pytestmark = needs_root

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "packaging" / "network-scripts"
BIN = Path(sys.executable).parent
DEADLINE = 30.0
GIVEN = {
    "c1": ("169.254.129.1", "169.254.129.2"),
    "rem1": ("169.254.129.5", "169.254.129.6"),
    "rem2": ("169.254.129.9", "169.254.129.10"),
}


class Router:
    """A Session Smart Router with the agent beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = f"k{os.getpid()}"[-12:]
        self.environment = os.environ | {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "IPSEC_CLIENT_RUN": str(folder / "run"),
            "IPSEC_CLIENT_STATE": str(folder / "state"),
            "IPSEC_CLIENT_LOG": str(folder / "log"),
            "IPSEC_CLIENT_NETWORK_SCRIPTS": str(folder / "scripts"),
        }
        self.agent: subprocess.Popen[bytes] | None = None

    def name(self, kni: str) -> str:
        return self.client if kni == "c1" else kni

    def begin(self) -> None:
        with (self.folder / "agent.err").open("ab") as errors:
            self.agent = subprocess.Popen(
                [BIN / "ipsec-client", "agent", "--side-door"],
                env=self.environment, stdout=subprocess.DEVNULL, stderr=errors,
            )  # fmt: skip
        self.wait((self.folder / "run" / "agent.sock").exists)

    def kill(self) -> None:
        assert self.agent is not None
        self.agent.kill()
        self.agent.wait()
        (self.folder / "run" / "agent.sock").unlink(missing_ok=True)

    def make(self, kni: str) -> None:
        """A KNI appears, as the router makes it at its start."""
        ip("link", "add", self.name(kni), "type", "veth", "peer", "name", f"ssr-{kni}")
        ip("link", "set", f"ssr-{kni}", "up")

    def call(self, hook: str, kni: str) -> tuple[int, str]:
        outer, inner = GIVEN[kni]
        done = subprocess.run(
            [
                SCRIPTS / hook, f"--kni-interface={self.name(kni)}", f"--kni-ip={outer}",
                "--kni-prefix=30", f"--kni-gateway={inner}", f"--namespace={self.client}:1073741829",
            ],
            env=self.environment, capture_output=True, text=True,
        )  # fmt: skip
        return done.returncode, done.stdout

    def program(self, *argv: str, text: str = "") -> str:
        done = subprocess.run(
            argv, env=self.environment, input=text, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def wait(self, seen: object) -> None:
        end = time.monotonic() + DEADLINE
        while not seen():  # type: ignore[operator]
            assert time.monotonic() < end, (self.folder / "agent.err").read_text()[-3000:]
            time.sleep(0.05)

    def inside(self, kni: str) -> bool:
        return (
            namespaces.exists(self.client)
            and f" {self.name(kni)}@" in f" {ip('link', netns=self.client)}"
        )


@pytest.fixture
def router(tmp_path: Path) -> Iterator[Router]:
    (tmp_path / "log").mkdir()
    with own_namespace():
        made = Router(tmp_path)
        try:
            made.begin()
            yield made
        finally:
            if made.agent:
                made.agent.kill()
                made.agent.wait()
            namespaces.delete(made.client)


def test_hooks_in_any_order_twice_at_once_and_while_the_agent_is_away(router: Router) -> None:
    text = TEXT.replace("ipsec-client c1", f"ipsec-client {router.client}")
    pillar = router.folder / "pillar"
    generate = str(ROOT / "packaging" / "generators" / "generate_pillar")
    router.environment["LOG"] = str(router.folder / "pillar.log")
    router.program(generate, "-", str(pillar), text=f"config\n{text}\nexit\n")
    assert (pillar / "r1.sls").stat().st_mode & 0o777 == 0o600
    assert KEY in (pillar / "r1.sls").read_text()

    assert router.call("init", "c1") == (1, "")  # no document yet
    router.program(str(BIN / "ipsec-client"), "apply", str(pillar / "r1.sls"))
    assert router.call("monitoring", "rem1") == (0, "down\n")
    status, _ = router.call("init", "rem1")
    assert status == 1  # there is no KNI
    for kni in GIVEN:
        router.make(kni)
    assert router.call("init", "rem1")[0] == 0  # before startup, and before the egress KNI
    assert router.inside("rem1")
    with ThreadPoolExecutor(8) as pool:
        calls = [(hook, kni) for kni in GIVEN for hook in ("startup", "init", "reinit", "init")]
        done = list(pool.map(lambda call: router.call(*call)[0], calls))
    assert done == [0] * len(calls)
    for kni, (_, inner) in GIVEN.items():
        assert router.inside(kni)
        assert f"inet {inner}/30" in ip("addr", "show", router.name(kni), netns=router.client)
    assert "table inet" not in router.program("nft", "list", "ruleset")  # the router's own side

    assert json.loads(router.call("state", "rem1")[1]) == {"IPSec": {"Tunnel Status": "Down"}}
    assert "Libreswan" in json.loads(router.call("info", "rem1")[1])["IPSec"]
    linked = router.folder / "scripts" / router.client
    assert sorted(link.name for link in linked.iterdir()) == sorted(
        file.name for file in SCRIPTS.iterdir()
    )

    router.kill()
    assert router.call("monitoring", "rem1") == (0, "down\n")
    assert router.call("state", "rem1") == (1, "{}\n")
    assert router.call("reinit", "rem1") == (1, "")
    assert router.inside("rem1")
    router.begin()
    assert router.call("reinit", "rem1")[0] == 0

    ip("link", "del", "ssr-rem1")  # the router was restarted: its KNIs are others
    assert not router.inside("rem1")
    router.make("rem1")
    assert router.call("startup", "rem1")[0] == router.call("init", "rem1")[0] == 0
    assert router.inside("rem1")

    for _ in range(2):
        assert router.call("shutdown", "rem1")[0] == 0
    assert not router.inside("rem1")
    assert "rem1@" in ip("link")
    assert router.call("shutdown", "c1")[0] == 0
    assert not namespaces.exists(router.client)
    assert "rem2@" in ip("link")  # what was not shut down yet is given back, not lost
    assert router.call("init", "c1")[0] == 0
    assert router.call("init", "rem2")[0] == 0
    assert router.inside("rem2")
    assert not router.inside("rem1")
