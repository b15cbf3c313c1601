"""What breaking and healing does to the lab, as the commands that its machines get."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ipsec_lab.causes import Causes
from ipsec_lab.document import Remote, read
from ipsec_lab.errors import LabError
from ipsec_lab.gateways.base import Association
from ipsec_lab.host import Host
from ipsec_lab.nameserver import NameServer

SITE = read(Path(__file__).with_name("document.json").read_text())


class Told(Host):
    """A machine that only remembers what it is told."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def nft(self, rules: str) -> None:
        self.words.append(rules)

    def ip(self, *lines: str) -> None:
        self.words += lines

    def must(self, argv: Sequence[str], **_: object) -> str:
        self.words.append(" ".join(argv))
        return ""


class Doing:
    """A gateway that only remembers what it was to do."""

    software, version = "none", "0"

    def __init__(self) -> None:
        self.done: list[str] = []

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def load(self, remote: Remote) -> None: ...

    def associations(self) -> list[Association]:
        return []

    def rekey_child(self) -> None: ...

    def log(self) -> str:
        return ""

    def drop(self) -> None:
        self.done.append("drop")

    def drop_child(self) -> None:
        self.done.append("drop_child")

    def forget(self) -> None:
        self.done.append("forget")

    def lose_outbound(self) -> None:
        self.done.append("lose_outbound")

    def crash(self) -> None:
        self.done.append("crash")

    def restart(self) -> None:
        self.done.append("restart")


class Bench:
    """Causes over machines that remember."""

    def __init__(self) -> None:
        self.provider, self.client = Told(), Told()
        self.gateways = {remote.name: Told() for remote in SITE.remotes}
        self.doing = {remote.name: Doing() for remote in SITE.remotes}
        known = {
            remote.name: (remote, self.gateways[remote.name], self.doing[remote.name])
            for remote in SITE.remotes
        }
        self.causes = Causes(
            self.provider, known, lambda: self.client, NameServer(self.provider, SITE)
        )
        self.provider.words.clear()


def test_silence_is_one_change_of_one_set() -> None:
    bench = Bench()
    bench.causes.break_("gateway-silent", "rem1")
    bench.causes.break_("gateway-silent", "rem2")
    bench.causes.heal("rem1")
    one = (
        "flush set inet lab silent\nadd element inet lab silent { %s }\n"
        "flush set inet lab silent_six\n"
    )
    assert bench.provider.words == [
        one % "172.16.4.3",
        one % "172.16.4.3, 172.16.5.4",
        one % "172.16.5.4",
    ]


def test_healing_all_undoes_everything_and_nothing_twice() -> None:
    bench = Bench()
    bench.causes.break_("gateway-silent", "rem1")
    bench.causes.break_("kni-forced-down", "rem2")
    bench.causes.heal()
    bench.causes.heal()
    assert bench.provider.words[1:] == [
        "flush set inet lab silent\nflush set inet lab silent_six\n"
    ]
    assert bench.client.words == ["link set rem2 down", "link set rem2 up"]


def test_loss_and_delay_join_and_work_both_ways() -> None:
    bench = Bench()
    bench.causes.break_("loss", "rem1", "5%")
    bench.causes.break_("delay", "rem1", "20")
    both = "root netem loss 5% delay 20ms"
    assert bench.provider.words[-1] == f"tc qdisc replace dev to-rem1 {both}"
    assert bench.gateways["rem1"].words[-1] == f"tc qdisc replace dev uplink {both}"


@pytest.mark.parametrize(
    ("cause", "done"),
    [
        ("peer-deletes", "drop"),
        ("child-deleted", "drop_child"),
        ("sa-missing", "lose_outbound"),
        ("peer-forgets", "forget"),
        ("peer-reboots", "crash"),
        ("peer-restarts", "restart"),
    ],
)
def test_a_gateway_does_once_what_it_is_told(cause: str, done: str) -> None:
    bench = Bench()
    bench.causes.break_(cause, "rem2")
    bench.causes.heal("rem2")
    found = {name: gateway.done for name, gateway in bench.doing.items()}
    assert found == {"rem1": [], "rem2": [done]}
    assert bench.provider.words == []


def test_esp_is_dropped_by_a_set_of_its_own() -> None:
    bench = Bench()
    bench.causes.break_("esp-dropped", "rem1")
    bench.causes.heal()
    flushed, six = (f"flush set inet lab without_esp{more}\n" for more in ("", "_six"))
    assert bench.provider.words == [
        f"{flushed}add element inet lab without_esp {{ 172.16.4.3 }}\n{six}",
        flushed + six,
    ]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("flood", "rem1"), "no cause flood"),
        (("loss", "rem9"), "no remote rem9"),
        (("dns-silent", "rem1"), "gateway of rem1 has no name"),
        (("loss", "rem1", "much"), "much is not an amount in %"),
        (("delay", "rem1", "5%"), "5% is not an amount in ms"),
    ],
)
def test_what_is_not_understood_changes_nothing(words: tuple[str, ...], complaint: str) -> None:
    bench = Bench()
    with pytest.raises(LabError, match=complaint):
        bench.causes.break_(*words)
    assert bench.provider.words == []
