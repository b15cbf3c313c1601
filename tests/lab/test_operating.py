"""What an operator does on a node that carries traffic: he pings through a tunnel, captures it, counts, has it logged
in full and takes it all with him. No key is in any of it, and no packet is lost for it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ipsec_lab.router import LOGS, PCLI
from ipsec_lab.topology import ROUTER
from ipsec_lab.waiting import wait_until
from tests.lab.driver import Lab
from tests.lab.test_without_keys import KEYS

pytestmark = pytest.mark.patient

BEHIND = "8.8.8.8"
BUNDLE = f"{LOGS}/lab-tech-support-info.tar.gz"
AGENT_LOG, PLUTO_LOG = f"{LOGS}/ipsec-client-agent.log", f"{LOGS}/ipsec-client1.log"


@contextmanager
def beside(lab: Lab, command: str) -> Iterator[list[str]]:
    """A command of the terminal that is under way while the body runs; what it printed, afterwards."""
    told: list[str] = []
    thread = threading.Thread(target=lambda: told.append(lab.pcli(command)))
    thread.start()
    try:
        yield told
    finally:
        thread.join()


def kernel_keys(lab: Lab) -> list[str]:
    """The keys of the SAs that are in force, as the kernel has them and as a program might print them."""
    shown = lab.must(ROUTER, "ip", "netns", "exec", "client1", "ip", "xfrm", "state")
    return re.findall(r"0x([0-9a-f]{32,})", shown)


def counted(lab: Lab, metric: str, remote: str) -> int:
    [value] = re.findall(
        rf"(?m)^ {metric} +node1 +{remote} +(\d+)$", lab.pcli("show stats ipsec-client")
    )
    return int(value)


def test_ping_through_a_tunnel_by_each_name_of_it(lab: Lab) -> None:
    for words in ("remote rem2", "egress-interface rem2", "egress-interface rem2-intf"):
        told = lab.pcli(f"ping {words} count 2 {BEHIND}")
        line = rf"Ping from {BEHIND} \({BEHIND}\): icmp_seq=%d ttl=\d+ time=\d+\.\d\dms"
        assert re.match(rf"{line % 0}\n{line % 1}\n\n2 sent, 2 answered", told), told
    refused = lab.pcli(f"ping remote rem2 count 1 size 1600 set-df-bit {BEHIND}")
    assert f"% Error: cannot send to {BEHIND}: Message too long" in refused
    assert "did not answer" in lab.pcli("ping remote rem2 count 1 203.0.113.77")


def test_a_ping_ends_when_its_terminal_is_interrupted(lab: Lab) -> None:
    told = lab.do(
        ROUTER, "timeout", "-s", "INT", "2", PCLI, "-c", "ping remote rem2 count 1000 1.1.1.1"
    )
    assert "Ping from 1.1.1.1" in told.out
    lab.pcli("ping remote rem2 count 2 8.8.8.8")  # time for the node to hear that nobody listens
    after = lab.pcli('capture remote rem2 seconds 3 packets 1 filter "host 1.1.1.1"')
    assert "0 packets" in after


def test_stats_count_what_passes(lab: Lab) -> None:
    before = counted(lab, "egress-packets", "rem2")
    lab.pcli(f"ping remote rem2 count 2 {BEHIND}")
    assert counted(lab, "egress-packets", "rem2") >= before + 2


def test_a_capture_has_one_tunnel_inside_and_outside(lab: Lab) -> None:
    with beside(lab, "capture remote rem2 both packets 12 seconds 20 screen") as shown:
        lab.pcli(f"ping remote rem2 count 2 {BEHIND}")
    [told] = shown
    rem2 = str(next(remote.host for remote in lab.site.remotes if remote.name == "rem2"))
    outside = [line for line in told.splitlines() if " client1 " in line]
    assert re.search(rf"ipsec\d out \S+ > {BEHIND} icmp", told), told
    assert re.search(rf"ipsec\d in {BEHIND} > \S+ icmp", told), told
    assert outside
    assert all(rem2 in line and ("udp 4500" in line or "esp" in line) for line in outside), told
    told = lab.pcli(f'capture remote rem2 packets 2 seconds 20 filter "icmp and host {BEHIND}"')
    assert "WARNING" in told
    path = re.findall(r"2 packets in (\S+-rem2-inside\.pcap)", told)[0]
    assert lab.must(ROUTER, "stat", "--format=%a %A", path, path.rpartition("/")[0]) == (
        "600 -rw-------\n700 drwx------\n"
    )
    assert lab.must(ROUTER, "od", "-An", "-tx4", "-N4", path).strip() == "a1b23c4d"


def test_plugin_1591_services_are_told_with_processor_and_memory(lab: Lab) -> None:
    told = lab.pcli("show system services")
    rows = re.findall(
        r"(?m)^ node1 +(128t-ipsec\S+)\.service +active +\d+[smh]\S*(?: \d+s)? +\d+ +(?:--|\S+ ?\d*) +"
        r"\d+\.\d\d s +\d+\.\d [KMG]iB$",
        told,
    )
    assert rows == ["128t-ipsec-agent", "128t-ipsec-conductor", "128t-ipsec@client1"], told


def test_plugin_1554_tech_support_has_all_but_keys(lab: Lab) -> None:
    told = lab.pcli("save tech-support-info lab-")
    assert told == f"Retrieving Tech Support Info...\n{BUNDLE}\n"
    assert lab.must(ROUTER, "stat", "--format=%a", BUNDLE) == "600\n"
    names = set(lab.must(ROUTER, "tar", "-tzf", BUNDLE).splitlines())
    for name in (
        *("commands/show-device-interface.txt", "commands/why.txt", "commands/doctor.txt"),
        *("commands/show-system-services.txt", "configuration.txt", "document.json"),
        *("logs/ipsec-client1.log", "logs/ipsec-client-agent.log", "state/ledger.json"),
        *("pluto/status.txt", "pluto/ipsec.conf", "router/nftables.txt", "client1/policies.txt"),
        *("client1/associations.txt", "proc/meminfo", "proc/disks"),
    ):
        assert f"tech-support-info/{name}" in names, sorted(names)
    text = lab.must(ROUTER, "tar", "-xzOf", BUNDLE)
    for word in ("STATE_V2_ESTABLISHED_IKE_SA", "if_id 1 spi", "table inet ipsec_client", "rem2"):
        assert word in text
    assert "cannot be told" not in text, re.findall(r".*cannot be told.*", text)
    assert "(removed)" in text
    assert not re.search(KEYS, text)
    keys = kernel_keys(lab)
    assert len(keys) >= 4, "looked for in the wrong place"
    assert not [key for key in keys if key in text.replace(" ", "").lower()]


def test_plugin_1810_trace_is_translated_and_touches_no_tunnel(lab: Lab) -> None:
    with lab.stream("log-level") as sent:
        assert "The log level is trace" in lab.pcli("set log level trace")
        lab.pcli("restart ipsec remote rem2")
        lab.await_up()
        keys = kernel_keys(lab)
        assert wait_until(
            lambda: " TRACE " in lab.do(ROUTER, "tail", "-n", "50", AGENT_LOG).out, deadline=20
        )
        assert lab.do(ROUTER, "grep", "-c", ": | ", PLUTO_LOG).out.strip() not in ("", "0")
        assert "The log level is info" in lab.pcli("set log level info")
    assert sent.figures.lost == 0
    text = lab.must(ROUTER, "cat", AGENT_LOG, PLUTO_LOG)
    assert not re.search(KEYS, text)
    spread = re.sub(r"[^0-9a-f]", "", text.lower())
    assert len(keys) >= 4
    assert not [key for key in keys if key in spread]
    seen = lab.do(ROUTER, "grep", "-c", ": | ", PLUTO_LOG).out
    lab.pcli("restart ipsec remote rem2")
    lab.await_up()
    assert lab.do(ROUTER, "grep", "-c", ": | ", PLUTO_LOG).out == seen


@pytest.mark.parametrize("command", ["show network-interface", "show service-path", "show fib"])
def test_what_is_shown_is_as_the_kernel_has_it(lab: Lab, command: str) -> None:
    told = lab.pcli(command)
    expected = {
        "show network-interface": r"rem1 +rem1-intf +true +0 +host +external +disabled +169\.254\.",
        "show service-path": r"cleartext +rem1 .*Up\(Up\)\*\n +rem2 .*Up\(Up\)\n",
        "show fib": r"1\.1\.1\.0/24 +any +any +lan +cleartext +169\.254\.129\.6 intf rem1-intf",
    }[command]
    assert re.search(expected, told), told
