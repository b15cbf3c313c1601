"""What around us keeps tunnels down is found, each with its cure, and nothing else."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipsec_client.app import surroundings
from ipsec_client.kernel.counters import Device
from ipsec_client.kernel.facts import Fact

NOW = 1_790_000_000.0
HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
DEFAULT = HEAD + "{}\t00000000\t053210AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"


def device(name: str, *, up: bool) -> dict[str, Device]:
    return {name: Device(name, 1, "", 1500, True, up, 0, 0, 0, 0, 0, 0, 0, 0)}


@pytest.mark.parametrize(
    ("fact", "bad"),
    [
        (surroundings.clock(NOW, False), None),
        (surroundings.clock(NOW, True), None),
        (surroundings.clock(1000.0, False), "1970-01-01 00:16:40 UTC is long past"),
        (surroundings.names([], needed=True), "none"),
        (surroundings.names([], needed=False), None),
        (surroundings.wan(HEAD, {}), None),
        (surroundings.wan(DEFAULT.format("wan"), device("wan", up=False)), "wan is down"),
        (surroundings.wan(DEFAULT.format("wan"), {}), "wan is down"),
        (surroundings.wan(DEFAULT.format("lo9"), device("lo9", up=True)), "lo9 has no address"),
        (surroundings.tracking(None, None), None),
        (surroundings.tracking(10, 100), None),
        (surroundings.tracking(95, 100), "95 of 100 connections"),
        (surroundings.distribution(False, held=False), None),
        (surroundings.distribution(True, held=False), "starts at boot"),
        (surroundings.distribution(True, held=True), None),
    ],
)
def test_what_is_wrong_is_found_with_its_cure(fact: Fact, bad: str | None) -> None:
    assert fact.good == (bad is None), fact
    assert fact.good or (fact.found == bad and fact.cure)


def test_an_unsteered_clock_is_mentioned() -> None:
    assert "nobody keeps it right" in surroundings.clock(NOW, True).found
    assert "kept right" in surroundings.clock(NOW, False).found


def test_room_is_looked_for_where_the_folder_will_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert surroundings.disk(tmp_path / "not" / "there").good
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(surroundings, "ROOM", 2**63)
    full = surroundings.disk(tmp_path)
    assert not full.good
    assert full.cure == f"Make room in {tmp_path}"


def test_a_state_that_cannot_be_written_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(**_: object) -> None:
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr(surroundings, "TemporaryFile", read_only)
    fact = surroundings.disk(tmp_path)
    assert (fact.good, fact.found) == (False, "Read-only file system")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket that name servers' questions come to."""
    monkeypatch.setattr(surroundings, "PATIENCE", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        monkeypatch.setattr(surroundings, "DOMAIN", bound.getsockname()[1])
        yield bound


def test_a_name_server_answers_or_not(server: socket.socket) -> None:
    assert not surroundings.names(["127.0.0.1"], needed=True).good
    assert surroundings.names(["127.0.0.1"], needed=False).good

    def answer() -> None:
        for _ in range(3):  # the first ones are still there
            data, asker = server.recvfrom(512)
            server.sendto(data[:2] + b"\x81\x80", asker)

    threading.Thread(target=answer, daemon=True).start()
    fact = surroundings.names(["127.0.0.9", "127.0.0.1"], needed=True)
    assert (fact.good, fact.found) == (True, "127.0.0.1 answers")


def test_everything_is_looked_at_here_without_a_change() -> None:
    names = [fact.name for fact in surroundings.surroundings(named=True)]
    for name in ("clock", "name servers", "way to the WAN", "connection tracking"):
        assert name in names
