"""A router that systemd runs and our packages are installed on, through what a year does to it.

One machine, one story: each test goes on where the one before it has left the machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ipsec_lab import judge, pcap
from ipsec_lab.judge import Figures
from ipsec_lab.shapes import Remote, Service, configuration
from ipsec_lab.topology import UPLINK
from tests.kernel.test_docker import RULES
from tests.system.booted import FOLDER, ROOT, Booted
from tests.system.networkd import MASK, networkd
from tools import package

AGENT, PLUTO, CONDUCTOR = "128t-ipsec-agent", "128t-ipsec@client1", "128t-ipsec-conductor"
BEFORE, NOW = "0.0.9", package.project_version()
"""The build before this one, and this one."""

REMOTES = ("named", "fixed")
TEXT = configuration(
    (
        Remote("named", "hub.example", fields="remote-id hub.example"),
        Remote("fixed", "172.16.2.3"),
    ),
    {"internet": Service(["1.1.1.0/24"], REMOTES)},
)
NO_NAME_SERVER = "192.0.2.53"

SOONER = "[Service]\nWatchdogSec=20\n"
"""For pluto, which gives a sign of life every 15 seconds; its unit waits for 60."""


@pytest.fixture(scope="module")
def machine() -> Iterator[Booted]:
    """The machine, booted, with the network around it and nothing of ours on it."""
    for version in (BEFORE, NOW):
        list(package.build(version, FOLDER / version, ("deb",)))
    booted = Booted(TEXT)
    booted.boot()
    try:
        booted.await_booted()
        # Man-db would read every page of the host anew, whose file the guest's kernel then keeps open.
        booted.must("rm", "-f", "/var/lib/man-db/auto-update")
        booted.surround()
        yield booted
    finally:
        booted.cut()


@pytest.fixture(scope="module")
def untouched(machine: Booted) -> dict[str, list[str]]:
    """Files, kernel and users before anything of ours came."""
    machine.must(
        "ipsec", "--checknss"
    )  # the distribution's service makes its database when it starts
    found: dict[str, list[str]] = machine.ask("state")
    return found


def debs(version: str) -> list[str]:
    return [str(FOLDER / version / f"{name}_{version}_all.deb") for name in package.PACKAGES]


@contextmanager
def stream(machine: Booted, name: str) -> Iterator[list[Figures]]:
    """Packets from the LAN while the body runs; what became of them afterwards."""
    path = str(FOLDER / f"{name}.pcap")
    found: list[Figures] = []
    machine.ask("capture", host="lan", device=UPLINK, path=path)
    number = machine.ask("send", rate=200)
    yield found
    machine.ask("sent", stream=number)
    machine.do("sleep", "1")  # the last answers are under way
    machine.ask("captured", path=path)
    found.append(judge.stream_figures(pcap.packets(Path(path)), number))
    print(name, found[0])


def test_plugin_1057_the_package_makes_its_folders(
    machine: Booted, untouched: dict[str, list[str]]
) -> None:
    assert untouched
    machine.must("systemctl", "start", "ipsec.service")
    machine.must("dpkg", "-i", *debs(BEFORE), deadline=120)
    assert machine.unit("ipsec")["ActiveState"] == "inactive"
    folders = ("/var/lib/ipsec-client", "/var/lib/ipsec-client/node")
    shared = ("/run/ipsec-client", "/var/log/128technology")
    conductors = "/var/lib/ipsec-client/conductor"
    shown = machine.must("stat", "--format=%n %a %U:%G", *folders, *shared, conductors)
    assert shown.splitlines() == [
        "/var/lib/ipsec-client 755 root:root",
        "/var/lib/ipsec-client/node 700 root:root",
        "/run/ipsec-client 1775 root:ipsec-client",
        "/var/log/128technology 1775 root:ipsec-client",
        "/var/lib/ipsec-client/conductor 700 ipsec-client:ipsec-client",
    ]


def test_systemd_finds_nothing_wrong_and_the_page_states_its_figures(machine: Booted) -> None:
    units = [f"{unit}.service" for unit in (AGENT, PLUTO, CONDUCTOR)]
    done = machine.do("systemd-analyze", "verify", *units)
    assert (done.status, done.out, done.err) == (0, "", "")
    page = (ROOT / "docs" / "packages.md").read_text()
    for unit in units:
        shown = machine.must("systemd-analyze", "security", "--no-pager", unit)
        found = re.search(r"exposure level for \S+: (\S+) ", shown)
        assert found
        assert f"| `{unit}` | {found[1]} |" in page


def test_plugin_1053_without_a_client_the_services_are_idle(machine: Booted) -> None:
    machine.must("pcli", text="configure\nauthority\nrouter router1\nnode node1\ncommit force\n")
    machine.await_(lambda: "in force" in machine.pcli("show events"), "no document")
    for unit in (AGENT, CONDUCTOR):
        assert machine.unit(unit)["ActiveState"] == "active"
    assert machine.must("ip", "netns") == ""
    assert machine.must("systemctl", "list-units", "--no-legend", "128t-ipsec@*") == ""


def test_what_is_committed_is_made(machine: Booted) -> None:
    machine.must("mkdir", "-p", f"/run/systemd/system/{PLUTO}.service.d")
    machine.write(f"/run/systemd/system/{PLUTO}.service.d/sooner.conf", SOONER)
    machine.must("systemctl", "daemon-reload")
    machine.write("/etc/resolv.conf", f"nameserver {machine.name_server}\n")
    machine.commit(machine.configuration)
    machine.await_up(*REMOTES)
    assert machine.reaches()
    assert machine.pids("libexec/ipsec/pluto") == []


def test_the_journal_knows_what_a_line_is_about(machine: Booted) -> None:
    remote, *_ = REMOTES
    wanted = (f"IPSEC_REMOTE={remote}", f"_SYSTEMD_UNIT={AGENT}.service")
    shown = machine.must("journalctl", "--no-pager", "--output=json", *wanted)
    lines = [json.loads(line) for line in shown.splitlines()]
    raised = next(line for line in lines if f"{remote} raised" in line["MESSAGE"])
    assert raised["PRIORITY"] == "6"
    assert raised["SYSLOG_IDENTIFIER"] == "ipsec-client-agent"
    assert raised["IPSEC_CLIENT"] == "client1"
    assert raised["IPSEC_CONNECTION"].endswith(f"-{remote}")
    assert raised["MESSAGE"].startswith("INFO ")  # the journal has the time itself


def test_plugin_1591_units_are_told_with_processor_and_memory(machine: Booted) -> None:
    told = machine.pcli("show system services")
    for unit in (AGENT, PLUTO, CONDUCTOR):
        row = rf"(?m)^ node1 +{unit}\.service +active +\d.* \d+\.\d\d s +\d+\.\d MiB$"
        assert re.search(row, told), told


def test_plugin_1046_an_upgrade_keeps_tunnels_and_state(machine: Booted) -> None:
    agent, pluto = machine.pid(AGENT), machine.pid(PLUTO)
    events = machine.pcli("show events").splitlines()
    config = machine.pcli("show config running flat").splitlines()[1:-1]
    assert machine.must("ipsec-client", "--version") == f"ipsec-client {BEFORE}\n"
    with stream(machine, "upgrade") as sent:
        machine.must("dpkg", "-i", *debs(NOW), deadline=120)
        machine.await_up(*REMOTES)
    assert machine.must("ipsec-client", "--version") == f"ipsec-client {NOW}\n"
    assert machine.pid(PLUTO) == pluto
    assert machine.pid(AGENT) not in (agent, "0")
    assert sent[0].lost == 0
    assert machine.pcli("show config running flat").splitlines()[1:-1] == config
    assert set(events[1:-1]) - set(machine.pcli("show events").splitlines()) == set()


def test_a_reload_repairs_at_once_and_drops_nothing(machine: Booted) -> None:
    agent, pluto = machine.pid(AGENT), machine.pid(PLUTO)
    with stream(machine, "reload") as sent:
        machine.must("ip", "route", "del", "unreachable", "default", "table", "128000")
        machine.must("systemctl", "reload", AGENT)
        machine.await_(
            lambda: "unreachable" in machine.do("ip", "route", "show", "table", "128000").out,
            "the route is not back",
        )
    assert (machine.pid(AGENT), machine.pid(PLUTO)) == (agent, pluto)
    assert sent[0].lost == 0


def test_killed_they_are_back(machine: Booted) -> None:
    pluto = machine.pid(PLUTO)
    with stream(machine, "agent-killed") as sent:
        machine.must("systemctl", "kill", "-s", "KILL", AGENT)
        machine.await_(lambda: machine.unit(AGENT)["NRestarts"] == "1", "the agent is not back")
        machine.await_up(*REMOTES)
    assert sent[0].lost == 0
    assert machine.pid(PLUTO) == pluto
    machine.must("systemctl", "kill", "-s", "KILL", PLUTO)
    machine.await_(lambda: machine.unit(PLUTO)["NRestarts"] == "1", "pluto is not back")
    machine.await_up(*REMOTES)


def test_hung_they_are_ended_and_back(machine: Booted) -> None:
    before = {unit: machine.pid(unit) for unit in (AGENT, PLUTO)}
    machine.must("kill", "-STOP", *before.values())
    for unit, pid in before.items():
        machine.await_(
            lambda unit=unit, pid=pid: machine.pid(unit) not in (pid, "0"), f"{unit} is not back"
        )
    journal = machine.must("journalctl", "--no-pager", "-o", "cat", "-u", AGENT, "-u", PLUTO)
    for unit in before:
        assert f"{unit}.service: Watchdog timeout" in journal
    machine.await_up(*REMOTES)


def test_plugin_1389_a_corrupt_database_is_made_anew(machine: Booted) -> None:
    folder = "/run/ipsec-client/client1/nss"
    for name in ("cert9.db", "key4.db"):
        machine.write(f"{folder}/{name}", "garbage\n" * 100)
    pid = machine.pid(PLUTO)
    machine.must("systemctl", "kill", "-s", "KILL", PLUTO)
    machine.await_(lambda: machine.pid(PLUTO) not in (pid, "0"), "pluto is not back")
    machine.await_up(*REMOTES)


def test_the_distributions_own_service_does_not_run(machine: Booted) -> None:
    machine.must("systemctl", "start", "ipsec.service")
    assert machine.unit("ipsec")["ActiveState"] == "inactive"
    assert machine.pids("libexec/ipsec/pluto") == []


def test_dockers_policy_keeps_nobody_from_the_tunnels(machine: Booted) -> None:
    machine.must("systemctl", "kill", "-s", "STOP", AGENT)
    machine.must("nft", "-f", "-", text=RULES.format(family="ip"))
    assert not machine.reaches()  # what we do about it is what lets it pass
    machine.must("systemctl", "kill", "-s", "CONT", AGENT)
    machine.must("systemctl", "reload", AGENT)
    machine.await_(machine.reaches, "Docker's firewall drops it")
    assert "may drop what is forwarded" not in machine.do("ipsec-client", "doctor").out
    machine.must("nft", "delete", "table", "ip", "filter")


def test_networkd_leaves_routes_and_rules_alone_where_our_drop_in_is(machine: Booted) -> None:
    """The agent is stopped meanwhile: nobody repairs what would go."""

    def ours() -> list[str]:
        shown = machine.must("ip", "rule") + machine.must("ip", "route", "show", "table", "all")
        return [line for line in shown.splitlines() if "157" in line]

    read = machine.must("systemd-analyze", "cat-config", "systemd/networkd.conf")
    assert "ManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n" in read
    machine.must("systemctl", "stop", AGENT)
    before = ours()
    try:
        with stream(machine, "networkd") as sent, networkd(machine) as configured:
            configured("managed1")
            assert ours() == before
        assert sent[0].lost == 0
        machine.must("mkdir", "-p", str(Path(MASK).parent))
        machine.must("ln", "-s", "/dev/null", MASK)
        with networkd(machine) as configured:
            configured("managed2")
            lost = set(before) - set(ours())
        # What keeps traffic from leaving in the clear is what goes.
        assert lost == {line for line in before if "lookup" in line or "unreachable" in line}
    finally:
        machine.must("rm", "-f", MASK)
        machine.must("systemctl", "start", AGENT)
    machine.await_(lambda: ours() == before, "it is not repaired")
    machine.await_up(*REMOTES)


def test_a_stopped_client_leaves_its_services_unreachable_and_nothing_else(
    machine: Booted,
) -> None:
    client = "configure authority router router1 node node1 ipsec-client client1"
    machine.must("pcli", text=f"{client}\nenabled false\ncommit force\n")
    machine.await_(lambda: machine.must("ip", "netns") == "", "the namespace is still there")
    assert machine.unit(PLUTO)["ActiveState"] == "inactive"
    assert machine.do("ls", "/run/ipsec-client/client1").status != 0
    shown = machine.must("ip", "-brief", "link")
    assert [name for name in (*REMOTES, "client1") if name in shown] == []
    assert machine.must("ip", "route", "show", "table", "128000").split() == [
        "unreachable", "default", "proto", "157", "metric", "4294967295",
    ]  # fmt: skip
    machine.must("pcli", text=f"{client}\ndelete enabled\ncommit force\n")
    machine.await_up(*REMOTES)


def test_it_boots_before_its_network_and_its_names_are_there(machine: Booted) -> None:
    assert "hub.example" in machine.pcli("show config running flat")
    events = machine.pcli("show events").splitlines()[1:-1]
    machine.write("/etc/resolv.conf", f"nameserver {NO_NAME_SERVER}\n")
    machine.off()
    machine.boot()
    machine.await_booted()
    assert "lan" not in machine.must("ip", "-brief", "link")
    assert "unreachable" in machine.must("ip", "route", "show", "table", "128000")
    assert set(events) <= set(machine.pcli("show events").splitlines())
    machine.surround(late=True)
    machine.await_(
        lambda: (
            "not there" not in machine.pcli("show device-interface")
            and machine.unit(PLUTO)["ActiveState"] == "active"
        ),
        "pluto waits for the address",
    )
    assert not machine.reaches()
    machine.ask("arrive")
    machine.await_up(*REMOTES)
    assert machine.reaches()


def test_plugin_1807_what_monitors_know_outlives_a_power_cut(machine: Booted) -> None:
    file = "/var/lib/ipsec-client/node/health.json"
    machine.must("systemctl", "stop", AGENT)
    kept = json.loads(machine.must("cat", file))
    for tunnel in kept["tunnels"].values():
        tunnel["flaps"] = [20.0, 10.0]  # seconds ago
    machine.write(file, json.dumps(kept))
    machine.must("sync")
    machine.cut()
    machine.boot()
    machine.await_booted()
    known = json.loads(machine.must("cat", file))
    assert known["saved"] > kept["saved"]
    for tunnel in known["tunnels"].values():
        assert [age > was for age, was in zip(tunnel["flaps"], (20.0, 10.0), strict=False)] == [
            True,
            True,
        ], known
    machine.surround()
    machine.await_up(*REMOTES)


def test_removed_nothing_works_on_and_purged_nothing_is_left(
    machine: Booted, untouched: dict[str, list[str]]
) -> None:
    generators = "/usr/lib/ipsec-client/generators"
    for name in ("generate_configuration", "generate_pillar"):
        machine.must(f"{generators}/{name}", "-", text=machine.configuration)
    machine.must("ls", "/var/lib/128technology/plugins/pillar/ipsec-client/router1.sls")
    machine.must("dpkg", "--remove", *package.PACKAGES, deadline=120)
    removed = machine.ask("state")
    kept = "/var/lib/ipsec-client/node/document.json -rw------- 0"
    assert kept in removed["files"]
    for what, before in untouched.items():
        if what not in ("files", "getent passwd", "getent group"):
            assert (what, difference(before, removed[what])) == (what, [])
    machine.must("dpkg", "--purge", *package.PACKAGES, deadline=120)
    purged = machine.ask("state")
    for what, before in untouched.items():
        assert (what, difference(before, purged[what])) == (what, [])
    machine.must("systemctl", "start", "ipsec.service")
    assert machine.unit("ipsec")["ActiveState"] == "active"


NUMBERED = re.compile(
    r"@if\d+|valid_lft.*|\b\d+(?:sec|s)\b|link-netnsid \d+|link/ether.*|fe80::[0-9a-f:/]+|^\d+: "
)
"""What is counted, or numbered anew at each boot."""


def difference(before: list[str], after: list[str]) -> list[str]:
    """Lines that came or went, but for what is numbered."""
    was, now = ({NUMBERED.sub("", line) for line in lines} for lines in (before, after))
    return [f"- {line}" for line in was - now] + [f"+ {line}" for line in now - was]
