"""What Control makes of exit statuses and words, with a pluto that says what it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from ipsec_client.base import run
from ipsec_client.base.errors import HostFault
from ipsec_client.base.secret import Secret
from ipsec_client.dialect.render import Conn
from ipsec_client.pluto import prepare
from ipsec_client.pluto.control import AT_ONCE, Absent, Control
from ipsec_client.pluto.layout import ADDCONN, WHACK, Layout

CONN = Conn("c", (("left", "1.2.3.4"), ("right", "2.3.4.5")))
Play = Callable[..., run.Done]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "client1", tmp_path / "log")
    prepare.give(made, "config setup\n", Secret("keys"))
    made.conns.mkdir()
    return made


def playing(monkeypatch: pytest.MonkeyPatch, play: Play) -> None:
    monkeypatch.setattr(run, "run", play)


def test_no_pluto_is_told_apart_from_a_refusal(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    playing(monkeypatch, lambda *_, **__: run.Done(33, "", "whack: Pluto is not running\n"))
    control = Control(layout)
    for call in (control.traffic, control.states, control.status, control.shutdown):
        with pytest.raises(Absent, match=str(layout.socket)):
            call()
    with pytest.raises(Absent):
        control.initiate("c")
    assert not control.answers()


def test_a_pluto_that_hangs_does_not_answer(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: object, **__: object) -> run.Done:
        raise HostFault("whack did not end within 10 s")

    playing(monkeypatch, hang)
    assert not Control(layout).answers()
    with pytest.raises(HostFault, match="did not end"):
        Control(layout).traffic()


def test_a_fatal_end_gives_the_last_line_as_its_reason(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = (
        '002 "c" #1: initiating\n036 "c" #1: encountered fatal error in state STATE_V2_PARENT_I2\n'
    )
    playing(monkeypatch, lambda *_, **__: run.Done(36, said, ""))
    answer = Control(layout).initiate("c")
    assert answer.lines == tuple(said.splitlines())
    assert answer.refused == said.splitlines()[1]


def test_a_connection_counts_as_loaded_only_when_the_log_says_so(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []
    logged = ""

    def play(argv: Sequence[str], **_: object) -> run.Done:
        ran.append(list(argv))
        if argv[0] == ADDCONN:
            assert (layout.conns / "c.conf").read_text() == CONN.text
            with layout.log.open("a") as log:
                log.write(logged)
        return run.Done(0, "", "")

    playing(monkeypatch, play)
    control = Control(layout)
    logged = 'Nov 1 00:00:00: "c": added IKEv2 connection\n'
    assert control.add(CONN).refused is None
    assert [each[0] for each in ran] == [ADDCONN]

    logged = ""
    ran.clear()
    assert control.add(CONN).refused == "pluto did not take it in (addconn ended with 0)"
    assert [each[-2:] for each in ran if each[0] == WHACK][-1] == ["--name", "c"]
    assert not (layout.conns / "c.conf").exists()

    logged = 'Nov 1 00:00:00: "c/0x1": added IKEv2 connection\nx: "c/0x2": failed to add connection: no\n'
    ran.clear()
    assert control.add(CONN).refused == "no"
    assert "--delete" in ran[-1]


def test_commands_of_several_threads_wait_for_each_other(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, most = 0, 0
    count = threading.Lock()
    together = threading.Barrier(2, timeout=0.05)

    def play(*_: object, **__: object) -> run.Done:
        nonlocal inside, most
        with count:
            inside += 1
            most = max(most, inside)
        with suppress(threading.BrokenBarrierError):
            together.wait()
        with count:
            inside -= 1
        return run.Done(0, "", "")

    playing(monkeypatch, play)
    control = Control(layout)
    threads = [threading.Thread(target=control.traffic) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_keys_are_readable_to_root_only_and_stay_out_of_every_command(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def play(argv: Sequence[str], **_: object) -> run.Done:
        ran.extend(argv)
        return run.Done(0, "", "")

    playing(monkeypatch, play)
    Control(layout).reread_secrets(Secret('a b : PSK "some key"\n'))
    assert layout.secrets.read_text() == 'a b : PSK "some key"\n'
    assert layout.secrets.stat().st_mode & 0o777 == 0o600
    assert "some key" not in " ".join(ran)


def test_a_client_has_its_own_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IPSEC_CLIENT_RUN", raising=False)
    monkeypatch.delenv("IPSEC_CLIENT_LOG", raising=False)
    of = Layout.of("client1")
    assert str(of.socket) == "/run/ipsec-client/client1/pluto.ctl"
    assert str(of.log) == "/var/log/128technology/ipsec-client1.log"
    assert of.argv[:4] == (
        "/usr/libexec/ipsec/pluto",
        "--config",
        "/run/ipsec-client/client1/ipsec.conf",
        "--nofork",
    )


def test_nothing_is_prepared_before_the_agent_has_spoken(tmp_path: Path) -> None:
    with pytest.raises(HostFault, match="the agent has not said yet"):
        prepare.prepare(Layout(tmp_path / "client1", tmp_path / "log"))


@pytest.mark.parametrize(
    ("ikev2", "pairs", "begun"),
    [
        ("no", 4, ["c/1x1", "c/1x2", "c/1x3"]),
        ("no", 3, ["c"]),
        ("no", 0, ["c"]),
        ("insist", 4, ["c"]),
    ],
)
def test_of_many_pairs_of_subnets_in_ikev1_a_few_are_begun_together(
    ikev2: str, pairs: int, begun: list[str], layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = told_of_pairs(pairs, monkeypatch)
    answer = Control(layout).begin(Conn("c", (("ikev2", ikev2),)))
    assert (told, answer.left) == (begun, 1 if len(begun) == AT_ONCE else 0)


def test_a_log_on_a_full_disk_costs_no_connection(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def play(argv: Sequence[str], **_: object) -> run.Done:
        ran.extend(argv)
        there = '000 "c": 1.2.3.4...2.3.4.5; unrouted; eroute owner: #0\n'
        return run.Done(0, there if "--status" in argv else "", "")

    playing(monkeypatch, play)
    assert Control(layout).add(CONN).refused is None
    assert "--delete" not in ran
    playing(monkeypatch, lambda *_, **__: run.Done(0, "", ""))
    assert "did not take it in" in str(Control(layout).add(CONN).refused)


def test_a_child_sa_whose_spis_cannot_be_read_is_not_taken_for_none(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = '000 #7: "c":4500 STATE_V2_ESTABLISHED_CHILD_SA (established Child SA); newest; idle;\n'
    playing(monkeypatch, lambda *_, **__: run.Done(0, said + '000 #7: "c" spi=1 spi=2\n', ""))
    with pytest.raises(HostFault, match="#7 cannot be read"):
        Control(layout).children()
    playing(monkeypatch, lambda *_, **__: run.Done(0, said + '000 #7: "c" esp.1@a esp.2@b\n', ""))
    assert [child.serial for child in Control(layout).children()] == [7]


def test_pairs_that_a_gateway_refuses_do_not_bar_the_others(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, control = told_of_pairs(7, monkeypatch), Control(layout)
    conn = Conn("c", (("ikev2", "no"),))
    assert [control.complete(conn).left for _ in range(2)] == [4, 4]
    assert told == [f"c/1x{number}" for number in range(1, 7)]


def told_of_pairs(pairs: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a pluto is told to initiate to which no pair comes."""
    told: list[str] = []
    status = "".join(
        f'000 "c/1x{number}":   newest ISAKMP SA: #0; newest IPsec SA: #0; conn serial: $5;\n'
        for number in range(1, pairs + 1)
    )

    def play(argv: Sequence[str], **_: object) -> run.Done:
        if "--initiate" in argv:
            told.append(argv[-1])
        return run.Done(0, status if "--status" in argv else "", "")

    playing(monkeypatch, play)
    return told
