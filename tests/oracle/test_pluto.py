"""A real pluto, started, spoken to, listened to and ended by the pluto room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ipsec_client.base.errors import HostFault
from ipsec_client.base.secret import Secret
from ipsec_client.dialect.render import Conn, conns
from ipsec_client.model.slots import slots
from ipsec_client.pluto import prepare
from ipsec_client.pluto.control import Absent
from ipsec_client.pluto.tail import Tail
from tests.dialect.sample import configurations
from tests.oracle.libreswan import as_root, oracle
from tests.oracle.private import Pluto, conn, plutos

pytestmark = [*oracle, as_root]


@pytest.fixture(scope="module")
def pluto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pluto]:
    with plutos(tmp_path_factory.mktemp("one"), "a key of some length") as (only,):
        yield only


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Pluto]]:
    with plutos(tmp_path_factory.mktemp("two"), *["a key of some length"] * 2) as both:
        yield both


@pytest.mark.parametrize("name", configurations())
def test_pluto_takes_in_what_is_rendered(name: str, pluto: Pluto) -> None:
    document = configurations()[name]
    client = document.node.ipsec_client[0]
    for each in conns(document, slots(document.node, client), {}).values():
        # The device is pluto's to make, which needs a kernel with XFRM interfaces.
        plain = Conn(each.name, tuple(o for o in each.options if o[0] != "ipsec-interface"))
        assert pluto.control.add(plain).refused is None
        assert each.name in pluto.control.loaded()
        pluto.control.delete(each.name)
        assert each.name not in pluto.control.loaded()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"ike": "frob"}, "IKE encryption algorithm 'frob' is not recognized"),
        ({"ike": "aes256-sha1-modp1024"}, "IKE DH algorithm 'modp1024' is not supported"),
        ({"frob": "yes"}, "syntax error [frob]"),
        ({"dpdaction": "none"}, "keyword dpdaction, invalid value: none"),
        ({"rightsubnet": "10.1.2.3"}, "bad subnet rightsubnet=10.1.2.3"),
        ({"rightsubnet": "fd00::/8"}, "client address family IPv4 from leftsubnet"),
        ({"leftsubnet": "::/0", "rightsubnet": "::/0", "leftsubnets": '"::/0"'}, "leftsubnet"),
    ],
)
def test_what_is_refused_is_not_loaded_and_says_why(
    options: dict[str, str], reason: str, pluto: Pluto
) -> None:
    refused = pluto.control.add(conn("bad", **options)).refused
    assert reason in (refused or "")
    assert "bad" not in pluto.control.loaded()
    assert not (pluto.layout.conns / "bad.conf").exists()


def test_replacing_leaves_nothing_of_the_old_and_spares_it_where_the_new_cannot_be_read(
    pluto: Pluto,
) -> None:
    def networks() -> set[str]:
        lines = pluto.control.status().lines
        return {
            line.split("===")[-1].split(";")[0] for line in lines if '"c' in line and "===" in line
        }

    two = conn("c")
    listed = replace(
        two,
        options=(
            *(o for o in two.options if o[0] != "rightsubnet"),
            ("rightsubnets", '"10.2.0.0/16,10.3.0.0/16"'),
        ),
    )
    assert pluto.control.add(listed).refused is None
    assert networks() == {"10.2.0.0/16", "10.3.0.0/16"}
    assert pluto.control.loaded() == {"c"}
    assert "syntax error" in (pluto.control.add(conn("c", frob="yes")).refused or "")
    assert networks() == {"10.2.0.0/16", "10.3.0.0/16"}
    assert pluto.control.add(two).refused is None
    assert networks() == {"10.2.0.0/16"}
    pluto.control.delete("c")


def test_a_negotiation_with_nobody_is_tried_and_can_be_ended(pluto: Pluto) -> None:
    tail = Tail(pluto.layout.log)
    pluto.control.add(conn("lonely"))
    begun = pluto.control.initiate("lonely")
    assert begun.refused is None
    assert "initiating IKEv2 connection" in begun.lines[0]
    assert pluto.first(tail, "lonely", "trying").blocker is None
    assert pluto.first(tail, "lonely", "silence", "unreachable").blocker is None
    (state,) = pluto.control.states()
    assert (state.conn, state.name, state.ike, state.child) == (
        "lonely",
        "STATE_V2_PARENT_I1",
        False,
        False,
    )
    assert pluto.control.traffic() == []
    assert "terminating SAs" in pluto.control.terminate("lonely").lines[0]
    assert pluto.control.states() == []
    pluto.control.delete("lonely")


def test_an_unknown_connection_is_refused_though_whack_is_content(pluto: Pluto) -> None:
    assert pluto.control.initiate("nobody").refused == 'no connection named "nobody"'
    assert pluto.control.terminate("nobody").refused is None
    assert pluto.control.delete("nobody").refused is None


def test_an_ike_sa_without_a_child_sa_is_told_apart(pair: list[Pluto]) -> None:
    ours, theirs = pair
    theirs.control.add(conn("g", 2, 1, phase2alg="3des-sha1"))
    ours.control.add(conn("g"))
    tail = Tail(ours.layout.log)
    ours.control.initiate("g")
    assert ours.first(tail, "g", "blocked").blocker == "child"
    (state,) = ours.control.states()
    assert (state.ike, state.child) == (True, False)
    ours.control.delete("g")


@pytest.mark.parametrize(
    ("of_peer", "kind", "detail", "blocker"),
    [
        ({"ike": "aes256-sha1-modp1536"}, "notify", "NO_PROPOSAL_CHOSEN", "proposal"),
        ({"phase2alg": "3des-sha1"}, "blocked", "NO_PROPOSAL_CHOSEN", "child"),
        ({"leftsubnet": "10.9.0.0/16"}, "blocked", "TS_UNACCEPTABLE", "subnet"),
        ({"rightid": "@other"}, "blocked", "AUTHENTICATION_FAILED", "key"),
    ],
)
def test_why_a_gateway_says_no(
    of_peer: dict[str, str], kind: str, detail: str, blocker: str, pair: list[Pluto]
) -> None:
    ours, theirs = pair
    theirs.control.add(conn("g", 2, 1, **of_peer))
    ours.control.add(conn("g"))
    tail = Tail(ours.layout.log)
    ours.control.initiate("g")
    note = ours.first(tail, "g", "notify", "blocked")
    assert (note.kind, note.detail, note.blocker) == (kind, detail, blocker)
    ours.control.delete("g")


def test_a_wrong_key_is_told_and_a_new_one_is_taken_without_a_restart(pair: list[Pluto]) -> None:
    ours, theirs = pair
    theirs.control.add(conn("g", 2, 1))
    ours.control.add(conn("g"))
    right, wrong = (
        Secret(f'10.0.0.1 10.0.0.2 : PSK "{k} of some length"\n') for k in ("a key", "no key")
    )
    tail = Tail(ours.layout.log)
    assert ours.control.reread_secrets(wrong).refused is None
    ours.control.initiate("g")
    assert ours.first(tail, "g", "blocked", "ike").blocker == "key"
    ours.control.terminate("g")
    ours.control.reread_secrets(right)
    tail = Tail(ours.layout.log)
    ours.control.initiate("g")
    assert ours.first(tail, "g", "blocked", "ike").kind == "ike"
    ours.control.delete("g")


def test_start_after_a_kill_over_what_was_left_and_damaged(tmp_path: Path) -> None:
    with plutos(tmp_path, "a key of some length") as (pluto,):
        assert pluto.layout.secrets.stat().st_mode & 0o777 == 0o600
        assert pluto.layout.run.stat().st_mode & 0o777 == 0o700
        with pytest.raises(HostFault, match="runs already"):
            prepare.prepare(pluto.layout)
        pluto.control.add(conn("c"))
        pluto.end()
        assert pluto.layout.socket.exists()
        with pytest.raises(Absent, match="no pluto answers"):
            pluto.control.traffic()
        with pytest.raises(Absent):
            pluto.control.add(conn("c"))
        assert not pluto.control.answers()
        (pluto.layout.nss / "key4.db").write_bytes(b"rubbish")
        pluto.start()
        assert pluto.control.loaded() == set()
        assert list(pluto.layout.conns.iterdir()) == []
        assert pluto.control.add(conn("c")).refused is None
        assert pluto.control.shutdown().refused is None
        assert pluto.process is not None
        assert pluto.process.wait() == 0
        assert not pluto.control.answers()
