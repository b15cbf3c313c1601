"""Why tunnels fail, produced at the gateway: our verdict, its reason, the repair, and when traffic is back.

Each remote is the only way of a service of its own, so that a stream's longest gap is the time that its tunnel
carried nothing. The figures go to build/lab/causes.md; docs/causes.md shows a run with LAB_CAUSES=all.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from ipsec_lab import control, judge, pcap
from ipsec_lab.shapes import Remote, Service, configuration
from ipsec_lab.topology import ROUTER, UPLINK
from ipsec_lab.waiting import wait_until
from tests.lab.driver import KEPT, Lab, running
from tests.lab.test_leaks import PLUTO

REMOTES = (
    Remote("rem1", "hub.example", fields="remote-id hub.example"),
    Remote("rem2", "172.16.22.3"),
    Remote(
        "rem3",
        "172.16.23.3",
        "ike-v2 never\nike-encryption aes256\nike-digest sha2\nike-modp modp2048",
    ),
    Remote("rem4", "172.16.24.3", "dpddelay 1", probed=""),
)
"""The first one's gateway is named, the third one is IKEv1, the last one has no monitor."""

TABLE = KEPT / "causes.md"
HEAD = """\
| cause | at | verdict | repaired by | s without traffic |
|---|---|---|---|---|
"""
SERVICES = {
    remote.name: Service([f"1.1.{number}.0/24"], [remote.name])
    for number, remote in enumerate(REMOTES, 1)
}
TEXT = configuration(REMOTES, SERVICES)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """All four gateways, the second one a Libreswan."""
    with running(TEXT, "--gateway", "rem2=libreswan") as lab:
        TABLE.write_text(HEAD)
        yield lab


@dataclass(frozen=True)
class Row:
    """One decision of the router's, as `why` prints it."""

    time: str
    remote: str
    what: str
    why: str


def decisions(lab: Lab, remote: str, after: str = "") -> list[Row]:
    """What was decided for a remote after an instant, oldest first."""
    rows = [re.split(r"\s{2,}", line.strip(), maxsplit=3) for line in told(lab, remote)]
    return [row for row in (Row(*fields) for fields in rows) if row.time > after]


def told(lab: Lab, remote: str) -> list[str]:
    """The lines of `why` that tell decisions."""
    lines = lab.pcli(f"why remote {remote}").splitlines()
    return [line for line in lines if re.match(r" \d{4}-\d\d-\d\dT", line)]


def now(lab: Lab) -> str:
    """The router's time, as decisions bear it."""
    return lab.must(ROUTER, "date", "--utc", "+%Y-%m-%dT%H:%M:%S.%6NZ").strip()


@dataclass
class Course:
    """How a cause went: what was decided, and how long traffic of the remote's service had no answer."""

    rows: list[Row] = field(default_factory=list)
    gap_ms: float = 0.0

    @property
    def verdict(self) -> str:
        """The reason of the first verdict `down`."""
        return next(row.why for row in self.rows if row.what == "down")

    @property
    def repairs(self) -> list[str]:
        """What was done about it; none where pluto came to it by itself."""
        return [row.what for row in self.rows if row.what in ("initiate", "restart", "replace")]


RESTED: dict[str, float] = {}
"""When each remote was last restarted for the next cause."""


def rested(lab: Lab, remote: str) -> None:
    """Waits until a tunnel is up, and until nothing of the cause before delays its first repair: flaps and pauses
    are forgotten at an operator's restart, and a repair follows the one before after 5 s.
    """
    lab.await_up(remote)
    since = RESTED.get(remote)
    if since is not None:
        time.sleep(max(0.0, since + 6 - time.monotonic()))


@contextmanager
def course(lab: Lab, cause: str, remote: str) -> Iterator[Course]:
    """A stream through a remote's tunnel; in the body the cause happens, then the tunnel is to come back."""
    rested(lab, remote)
    begun, found = now(lab), Course()

    def is_over() -> bool:
        found.rows = decisions(lab, remote, begun)
        return "down" in [row.what for row in found.rows] and lab.up(remote)

    with lab.captured(f"cause-{cause}-{remote}", ("lan", UPLINK)) as files:
        number = control.call("send", rate=200, to=f"1.1.{remote[-1]}.1")
        time.sleep(0.5)
        yield found
        assert wait_until(is_over, deadline=60, pause=0.2), found.rows
        time.sleep(0.5)
        control.call("sent", stream=number)
        time.sleep(0.3)
    lab.pcli(f"restart ipsec remote {remote}")
    RESTED[remote] = time.monotonic()
    found.gap_ms = judge.stream_figures(pcap.packets(files["lan"]), number).longest_gap_ms
    made = "strongSwan" if remote != "rem2" else "Libreswan"
    repaired = ", ".join(found.repairs) or "by Libreswan itself"
    row = (cause, f"{remote}, {made}", found.verdict, repaired, f"{found.gap_ms / 1000:.1f}")
    with TABLE.open("a") as table:
        table.write(f"| {' | '.join(row)} |\n")


SILENCE = "no answer from 8.8.8.8"
NO_IKE = "the gateway answers neither IKE nor ESP"
ENDED = "no (outbound )?security association"


def happens(lab: Lab, cause: str, remote: str, verdict: str) -> None:
    """The cause, our verdict and the tunnel's return."""
    with course(lab, cause, remote) as found:
        lab.break_(cause, remote)
    assert re.fullmatch(verdict, found.verdict)


DOUBLED = ("rem1", "rem3")
STRANGER = (
    "ip xfrm state add src 172.16.23.3 dst 169.254.129.2 proto esp spi 0x999 mode tunnel if_id 3 "
    f"aead rfc4106(gcm(aes)) 0x{'00' * 20} 128"
)
"""An SA of rem3 that no Libreswan has made."""


@pytest.fixture(scope="module")
def doubled(lab: Lab) -> str:
    """When two tunnels got a second child SA; nobody touches them until the test that wants to see those go.

    strongSwan makes none beside one that there is, and Libreswan only answers here: so another hand has our side do it.
    """
    lab.await_up()
    when = now(lab)
    whack = ("/usr/libexec/ipsec/whack", "--rundir", "/run/ipsec-client/client1", "--initiate")
    for name in DOUBLED:
        lab.must(ROUTER, *whack, "--name", f"ipsec-client-tunnel-p-{name}-{name}")
        assert children(lab, name) == 2
    lab.must("client1", *STRANGER.split())
    assert children(lab, "rem3") == 3
    return when


def children(lab: Lab, remote: str) -> int:
    """The child SAs of a tunnel that the client's kernel has, by its inbound halves."""
    shown = lab.must("client1", "ip", "xfrm", "state")
    states = re.split(r"^src ", shown, flags=re.MULTILINE)
    return sum(
        f"if_id 0x{remote[-1]}" in state and "dst 169.254.129.2" in state for state in states
    )


EVERY = os.environ.get("LAB_CAUSES") == "all"
"""Whether each cause is tried at every make and version, or where it matters most."""


@pytest.mark.usefixtures("doubled")
@pytest.mark.parametrize(
    ("cause", "remote", "verdict"),
    [
        ("peer-reboots", "rem2", SILENCE),
        ("peer-reboots", "rem4", NO_IKE),
        ("child-deleted", "rem2", ENDED),
        *([("child-deleted", "rem4", ENDED)] if EVERY else []),
        ("sa-missing", "rem2", SILENCE),
        *([("peer-forgets", "rem4", NO_IKE)] if EVERY else []),
    ],
)
def test_a_cause_at_a_gateway(lab: Lab, cause: str, remote: str, verdict: str) -> None:
    happens(lab, cause, remote, verdict)


def test_a_second_child_sa_is_ended_and_its_neighbour_goes_on(lab: Lab, doubled: str) -> None:
    with lab.captured("cause-child-doubled", ("lan", UPLINK)) as files:
        numbers = [control.call("send", rate=200, to=f"1.1.{name[-1]}.1") for name in DOUBLED]
        assert wait_until(
            lambda: [children(lab, name) for name in DOUBLED] == [1, 1], deadline=60, pause=0.3
        )
        time.sleep(1)
        for number in numbers:
            control.call("sent", stream=number)
        time.sleep(0.5)
    seen = list(pcap.packets(files["lan"]))
    assert [judge.stream_figures(seen, number).lost for number in numbers] == [0, 0]
    for name in DOUBLED:
        rows = decisions(lab, name, doubled)
        assert {row.what for row in rows} == {"cleaned"}
        assert re.fullmatch(r"child SA #\d+ is ended: #\d+ carries", rows[0].why)
    assert rows[1].why == "SA 0x999 is ended: Libreswan does not know it"


@pytest.mark.parametrize(
    ("cause", "remote", "verdict"),
    [
        ("child-deleted", "rem1", ENDED),
        ("peer-restarts", "rem3", ENDED),
        ("peer-forgets", "rem1", SILENCE),
        *(
            [
                ("child-deleted", "rem3", ENDED),
                ("peer-restarts", "rem1", ENDED),
                ("peer-reboots", "rem3", SILENCE),
                ("sa-missing", "rem1", SILENCE),
                ("peer-reboots", "rem1", SILENCE),
            ]
            if EVERY
            else []
        ),
    ],
)
def test_a_cause_at_a_gateway_of_another_make_or_version(
    lab: Lab, cause: str, remote: str, verdict: str
) -> None:
    happens(lab, cause, remote, verdict)


def test_esp_that_is_dropped_while_ike_answers_is_told_so_and_noticed_when_it_passes_again(
    lab: Lab,
) -> None:
    with course(lab, "esp-dropped", "rem3") as found:
        begun = now(lab)
        lab.break_("esp-dropped", "rem3")
        assert wait_until(lambda: HINT in downs(lab, "rem3", begun)[-1:], deadline=60)
        lab.heal()
    assert found.verdict == SILENCE
    assert found.repairs


HINT = (
    f"{SILENCE}; nothing has come in since IKE made these SAs: "
    "ESP does not pass, or nobody behind the gateway answers"
)


def downs(lab: Lab, remote: str, after: str) -> list[str]:
    """The reasons of the verdicts `down`."""
    return [row.why for row in decisions(lab, remote, after) if row.what == "down"]


def test_a_gateway_that_moves_is_followed_though_its_old_address_is_gone(lab: Lab) -> None:
    first, other = map(str, lab.site.remote("rem1").hosts)
    with course(lab, "gateway-moves", "rem1") as found:
        lab.break_("gateway-moves", "rem1")
        lab.must("rem1", "ip", "address", "delete", f"{first}/32", "dev", UPLINK)
    assert found.verdict == SILENCE
    assert f"dst {other}\n" in lab.must("client1", "ip", "xfrm", "state")


def test_plugin_1389_a_damaged_nss_database_keeps_no_tunnel_down(lab: Lab) -> None:
    """The vendor's plugin kept it, and every tunnel stayed down until somebody removed it by hand."""
    before = through(lab, "rem2")
    with course(lab, "nss-damaged", "rem2") as found:
        damage = "for file in /run/ipsec-client/client1/nss/*; do echo damaged > $file; done"
        lab.must(ROUTER, "sh", "-c", damage)
        lab.signal("KILL", PLUTO)
    assert found.verdict == "pluto is dead"
    lab.await_up()
    after = through(lab, "rem2")  # the tunnel device is another one
    assert all(now > then > 0 for now, then in zip(after, before, strict=True))
    lab.must(ROUTER, "kill", "-KILL", lab.agent())
    lab.await_up()
    assert all(now >= then for now, then in zip(through(lab, "rem2"), after, strict=True))


def through(lab: Lab, remote: str) -> tuple[int, int]:
    """The totals of a remote: bytes in and out."""
    shown = lab.pcli("show device-interface").partition(f":{remote}\n")[2]
    [inbound, outbound] = (
        int(re.findall(rf"{way} Total \(bytes\): *(\d+)", shown)[0])
        for way in ("Ingress", "Egress")
    )
    return inbound, outbound


def test_one_connection_edited_among_four_costs_the_others_no_packet(lab: Lab) -> None:
    lab.await_up()
    others = [remote.name for remote in lab.site.remotes if remote.name != "rem3"]
    old = "pre-shared-key key-of-rem3\n"
    begun = now(lab)
    edited = TEXT.replace(old, f"{old}ike-lifetime 2h\n")
    with course(lab, "edited", "rem3") as found:
        numbers = {name: control.call("send", rate=200, to=f"1.1.{name[-1]}.1") for name in others}
        lab.commit(edited)
        assert wait_until(lambda: bool(downs(lab, "rem3", begun)), deadline=30)
        lab.await_up()
        for number in numbers.values():
            control.call("sent", stream=number)
    assert found.verdict == "being restarted"
    captured = list(pcap.packets(KEPT / "cause-edited-rem3" / "lan.pcap"))
    lost = {name: judge.stream_figures(captured, number) for name, number in numbers.items()}
    assert {name: figures.lost for name, figures in lost.items()} == dict.fromkeys(others, 0)
    assert all(figures.sent for figures in lost.values())
