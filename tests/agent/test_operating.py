"""What an operator has a node do: pings and captures by the right way, the log's level kept, support without keys."""

from __future__ import annotations

import asyncio
import logging
import stat
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ipsec_client.agent import capturing, pinging, support
from ipsec_client.agent.ledger import Ledger
from ipsec_client.agent.libreswan import Libreswan
from ipsec_client.agent.operating import Operating
from ipsec_client.agent.shelf import Shelf
from ipsec_client.base import logs
from ipsec_client.base.errors import HostFault, InputFault
from ipsec_client.base.secret import Secret
from ipsec_client.commands.port import Capture, Ping
from ipsec_client.commands.view import NodeView
from ipsec_client.health import types as h
from ipsec_client.kernel import filters, packets
from ipsec_client.kernel.facts import Fact
from ipsec_client.kernel.packets import PCAP_HEADER, Packet
from ipsec_client.units.port import AGENT, Units, UnitState
from tests.agent.playing import Whack, nobody, play, pretend_pluto

from .sample import KEY, plan


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    logger = logging.getLogger()
    level = logger.level
    yield logger
    logger.setLevel(level)


# --- ping and capture -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "way"),
    [
        (Ping("8.8.8.8", remote="rem2"), ("c1", "ipsec2")),
        (Ping("8.8.8.8", device="rem1"), ("c1", "ipsec1")),
        (Ping("8.8.8.8", device="rem1-intf"), ("c1", "ipsec1")),
        (Ping("8.8.8.8", device="wanintf"), ("", "eth7")),
        (Ping("8.8.8.8", device="c1"), ("", "c1")),
        (Ping("8.8.8.8"), ("", "")),
    ],
)
def test_a_ping_goes_by_the_way_that_was_named(order: Ping, way: tuple[str, str]) -> None:
    assert pinging.way(plan(), order) == way


@pytest.mark.parametrize("order", [Ping("8.8.8.8", remote="rem9"), Ping("8.8.8.8", device="rem9")])
def test_a_ping_by_what_is_not_there_is_refused(order: Ping) -> None:
    with pytest.raises(InputFault, match=r"rem9\. There are .*rem1"):
        pinging.way(plan(), order)


def test_who_has_gone_is_pinged_for_no_more() -> None:
    said: list[str] = []

    async def say(text: str) -> bool:
        said.append(text)
        return False

    order = Ping("127.0.0.1", count=1000)
    asyncio.run(asyncio.wait_for(pinging.ping(plan(), order, say), 10))
    assert len(said) == 1


def capture(*, inside: bool = True, outside: bool = False, filter: str = "") -> Capture:  # noqa: A002
    return Capture("rem2", inside, outside, 1.0, 3, filter)


def test_inside_is_the_tunnels_device_and_outside_what_its_gateway_gets() -> None:
    known = plan(gateway_example="192.0.2.7")
    wanted = filters.program(filters.read("tcp"))
    gateway = filters.program(filters.read("host 192.0.2.7"))
    both = filters.program(filters.read("host 192.0.2.7 and udp"))
    assert list(capturing.sources(known, capture(filter="tcp"))) == [("c1", "ipsec2", wanted)]
    assert list(capturing.sources(known, capture(outside=True, filter="tcp"))) == [
        ("c1", "ipsec2", wanted),
        ("c1", "c1", gateway),
    ]
    assert list(capturing.sources(known, capture(inside=False, outside=True, filter="udp"))) == [
        ("c1", "c1", both)
    ]


def test_outside_needs_the_gateways_address() -> None:
    with pytest.raises(HostFault, match=r"the address of gateway\.example is not known yet"):
        list(capturing.sources(plan(), capture(inside=False, outside=True)))


class Taps:
    """In place of the kernel's: so many packets at once."""

    def __init__(self, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = number
        self.closed = 0
        monkeypatch.setattr(capturing, "Tap", self.tap)

    def tap(self, _: str, device: str, __: bytes, put: object) -> Taps:
        for number in range(self.number):
            put(Packet(b"\x45" + bytes(19), number, device, outgoing=True))  # type: ignore[operator]
        return self

    def close(self) -> int:
        self.closed += 1
        return 5


async def silent(_: str) -> None:
    """Nobody reads it."""


def test_a_capture_ends_with_its_packets_in_a_file_for_root_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    said: list[str] = []

    async def say(text: str) -> None:
        said.append(text)

    taps = Taps(9, monkeypatch)
    for _ in range(capturing.KEPT + 2):
        asyncio.run(capturing.capture(plan(), capture(), say))
    assert taps.closed == capturing.KEPT + 2
    kept = sorted((tmp_path / "captures").glob("*-rem2-inside.pcap"))
    assert len(kept) == capturing.KEPT
    assert said[-1] == f"3 packets, 5 more came too fast in {kept[-1]}\n"
    assert stat.S_IMODE(kept[-1].stat().st_mode) == 0o600
    assert stat.S_IMODE(kept[-1].parent.stat().st_mode) == 0o700
    assert kept[-1].read_bytes().startswith(PCAP_HEADER)
    assert kept[-1].stat().st_size == len(PCAP_HEADER) + 3 * (16 + 20)


def test_what_a_capture_shows_is_made_a_text_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    tellers: list[int] = []

    async def say(text: str) -> None:
        said.append(text)

    def told(packet: Packet) -> str:
        tellers.append(threading.get_ident())
        return f"packet {packet.at}"

    monkeypatch.setattr(packets, "told", told)
    Taps(9, monkeypatch)
    order = replace(capture(), packets=100, seconds=0.01, shown=True)
    asyncio.run(capturing.capture(plan(), order, say))
    assert said[0] == "".join(f"packet {number}\n" for number in range(9))
    assert len(tellers) == 9
    assert threading.get_ident() not in tellers


def test_a_capture_that_finds_no_room_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log").touch()
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path / "log"))
    Taps(9, monkeypatch)
    with pytest.raises(HostFault, match="Not a directory"):
        asyncio.run(capturing.capture(plan(), capture(), silent))


def test_a_capture_is_bounded_in_bytes_and_ends_when_nobody_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    monkeypatch.setattr(capturing, "LARGEST", 40)
    monkeypatch.setattr(capturing, "PACE", 0.01)
    Taps(9, monkeypatch)
    order = Capture("rem2", True, False, 3600.0, 100_000)
    asyncio.run(asyncio.wait_for(capturing.capture(plan(), order, silent), 10))
    Taps(0, monkeypatch)

    async def gone(_: str) -> bool:
        return False

    asyncio.run(asyncio.wait_for(capturing.capture(plan(), order, gone), 10))
    sizes = [
        path.stat().st_size - len(PCAP_HEADER) for path in sorted((tmp_path / "captures").iterdir())
    ]
    assert sizes == [2 * 36, 0]


def _nothing(_: bool) -> list[Fact]:
    return []


# --- the log ----------------------------------------------------------------------------------------


def test_plugin_1810_the_level_is_kept_and_every_pluto_is_given_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: logging.Logger
) -> None:
    play(tmp_path, monkeypatch)
    pretend_pluto(tmp_path / "run" / "c1")

    async def run() -> None:
        shelf = Shelf(tmp_path / "state")
        ledger = Ledger(shelf)
        states: asyncio.Queue[h.Event] = asyncio.Queue()
        pluto = Libreswan("c1", nobody(), ledger, states.put_nowait, lambda *_: None)
        operating = Operating(ledger, nobody, _nothing)
        await states.get()
        Whack.latest.since()
        client = type("Client", (), {"pluto": pluto, "name": "c1"})()
        await operating.set_log_level("trace", client)
        assert Whack.latest.since()[-1] == "debug trace"
        assert root.level == logs.TRACE
        await pluto.close()
        root.setLevel(logging.INFO)
        shelf.close()
        operating = Operating(Ledger(Shelf(tmp_path / "state")), nobody, _nothing)
        operating.begin()
        assert root.level == logs.TRACE
        again = Libreswan("c1", nobody(), ledger, states.put_nowait, lambda *_: None)
        await operating.greet(type("Client", (), {"pluto": again})())
        async with asyncio.timeout(10):
            while "debug trace" not in Whack.latest.told:
                await asyncio.sleep(0)
        await operating.set_log_level("info", None)
        assert root.level == logging.INFO
        await again.close()

    asyncio.run(run())


# --- parts of the view ------------------------------------------------------------------------------

VIEW = NodeView("r1", "n1", 0.0)


class Kept:
    """Units that are in these states; None: nobody keeps them."""

    def __init__(self, states: dict[str, UnitState] | None) -> None:
        self._states = states

    def __call__(self) -> Units:
        if self._states is None:
            raise HostFault("nobody")
        return self  # type: ignore[return-value]

    def states(self) -> dict[str, UnitState]:
        return self._states or {}


def operating(folder: Path, units: Kept) -> Operating:
    return Operating(
        Ledger(Shelf(folder)), units, lambda named: [Fact("kernel", False, f"named {named}", "new")]
    )


def test_plugin_1591_services_are_those_that_units_tell_of(tmp_path: Path) -> None:
    states = {
        AGENT: UnitState(True, 7, 5.0, 1, "SIGKILL", 2.5, 4096),
        "128t-ipsec@c1": UnitState(last_exit="status 1"),
    }

    async def run(units: Kept) -> NodeView:
        return await operating(tmp_path, units).look("services", VIEW, None, None)

    agent, pluto = asyncio.run(run(Kept(states))).services
    assert (agent.name, agent.state, agent.pid) == ("128t-ipsec-agent.service", "active", 7)
    assert (agent.cpu_seconds, agent.memory, agent.restarts) == (2.5, 4096, 1)
    assert (pluto.state, pluto.last_exit, pluto.memory) == ("inactive", "status 1", None)
    [alone] = asyncio.run(run(Kept(None))).services
    assert alone.state == "active"
    assert alone.memory


def test_each_part_is_filled_and_no_other(tmp_path: Path) -> None:
    async def run() -> None:
        asked = operating(tmp_path, Kept({}))
        [finding] = (await asked.look("findings", VIEW, None, None)).findings
        assert (finding.name, finding.good, finding.cure) == ("kernel", False, "new")
        assert finding.found == "named False"
        [finding] = (await asked.look("findings", VIEW, plan(), None)).findings
        assert finding.found == "named True"
        for part in ("networks", "paths", "fib"):
            assert await asked.look(part, VIEW, None, None) == VIEW
            found = await asked.look(part, VIEW, plan(), None)
            assert getattr(found, part)
        assert await asked.look("statistics", VIEW, plan(), None) == VIEW

    asyncio.run(run())


# --- tech support -----------------------------------------------------------------------------------


def unpacked(path: Path) -> dict[str, str]:
    with tarfile.open(path) as archive:
        return {
            name: archive.extractfile(name).read().decode()  # type: ignore[union-attr]
            for name in archive.getnames()
        }


def test_plugin_1554_support_has_everything_but_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOG", "RUN", "STATE"):
        monkeypatch.setenv(f"IPSEC_CLIENT_{name}", str(tmp_path / name))
    log, conns = tmp_path / "LOG" / "ipsec-c1.log", tmp_path / "RUN" / "c1" / "conns"
    conns.mkdir(parents=True)
    log.parent.mkdir()
    log.write_text(f"a line with {KEY} in it\n")
    log.chmod(0o600)
    (conns / "rem1.conf").write_text("conn rem1\n")
    secrets = conns.parent / "ipsec.secrets"
    secrets.touch(0o600)
    secrets.write_text(KEY)
    state = tmp_path / "STATE" / "node"
    state.mkdir(parents=True)
    for name in ("document.json", "document.previous.json"):
        (state / name).touch(0o600)
        (state / name).write_text(KEY)
    (state / "health.json").write_text("{}")
    given = plan()

    async def run() -> str:
        asked = operating(state, Kept({}))
        return await asked.tech_support("case-", VIEW, given, None)

    path = Path(asyncio.run(run()))
    assert path == log.parent / "case-tech-support-info.tar.gz"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    texts = unpacked(path)
    assert texts["tech-support-info/logs/ipsec-c1.log"] == "a line with (removed) in it\n"
    assert "pre-shared-key  (removed)" in texts["tech-support-info/configuration.txt"]
    assert texts["tech-support-info/state/health.json"] == "{}"
    assert not [name for name, text in texts.items() if KEY in text or "secrets" in name]
    assert not [name for name in texts if "document" in name.partition("state/")[2]]
    shown = (log.parent / "case-tech-support-info.log").read_text()
    assert "configuration.txt: " in shown
    assert [path.name for path in log.parent.iterdir() if path.name.startswith(".")] == []


def test_support_is_bounded_and_what_fails_is_told_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))
    monkeypatch.setattr(support, "LONGEST", 10)
    monkeypatch.setattr(support, "LARGEST", 25)

    def broken() -> str:
        raise HostFault("no ip here")

    texts = [("long", lambda: "0123456789abcdef"), ("broken", broken), ("third", lambda: "x" * 10),
             ("fourth", lambda: "y")]  # fmt: skip
    found = unpacked(support.save("", texts, [Secret("abcdef")]))
    assert found["tech-support-info/long"] == "9(removed)"
    assert len("".join(found.values())) <= 25
    assert "fourth: no room" in (tmp_path / "tech-support-info.log").read_text()


def test_without_room_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_LOG", str(tmp_path))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(support, "_add", full)
    with pytest.raises(HostFault, match="No space left on device"):
        support.save("", [("a", lambda: "a")], [])
    assert list(tmp_path.iterdir()) == []
