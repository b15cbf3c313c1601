"""Debian 13's Libreswan 5.2 judges what is written for series 5, as the programs of this machine judge series 4."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_client.dialect import algorithms as a
from ipsec_client.dialect import options
from ipsec_client.dialect.render import Conn, conns, render
from ipsec_client.dialect.series import DEFAULT, NEW
from ipsec_client.model.elements import IpsecProfile
from ipsec_client.model.slots import slots
from ipsec_client.pluto.dryload import dry_load
from ipsec_lab import trixie
from tests.dialect.sample import configurations, single_choices
from tests.oracle.libreswan import run
from tests.oracle.test_algorithms import lacked
from tests.oracle.test_files import ENDS

ADDCONN, ALGPARSE = (str(trixie.place() / name) for name in ("addconn", "algparse"))

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(
        not Path(ADDCONN).exists(),
        reason="Libreswan 5.2 is not here: ipsec-lab run --libreswan 5 fetches it",
    ),
]

LIVENESS = ("liveness", "dpd settings", "dpdtimeout")
"""Hints on IKEv2, where one of the two fields of dead peer detection has no effect."""


@pytest.mark.parametrize("name", configurations())
def test_every_file_is_read_without_a_word(name: str, tmp_path: Path) -> None:
    for file in render(configurations()[name], {}, NEW):
        path = tmp_path / "conf"
        path.write_text(file.text)
        done = run(ADDCONN, "--checkconfig", "--config", str(path))
        spoken = [
            line for line in done.stdout.splitlines() if not any(hint in line for hint in LIVENESS)
        ]
        assert (done.returncode, spoken) == (0, [])


@pytest.mark.parametrize("name", configurations())
def test_every_connection_loads_dry(name: str) -> None:
    document = configurations()[name]
    client = document.node.ipsec_client[0]
    for conn in conns(document, slots(document.node, client), {}, NEW).values():
        assert dry_load(conn, ADDCONN) is None


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (("frob", "yes"), "line 4: unrecognized keyword 'frob'"),
        (("narrowing", "maybe"), "invalid, keyword ignored: narrowing=maybe"),
        (("fragmentation", "perhaps"), "invalid, keyword ignored: fragmentation=perhaps"),
        (("nat-keepalive", "maybe"), "invalid boolean, keyword ignored: nat-keepalive=maybe"),
        (("left", "1.1.1.1"), "ignoring duplicate conn keyword: left=1.1.1.1"),
        (("listen", "1.2.3.4"), "invalid conn keyword ignored: listen=1.2.3.4"),
        (("mtu", "abc"), "keyword ignored: mtu=abc"),
    ],
)
def test_what_it_would_leave_out_of_a_connection_is_a_reason(
    option: tuple[str, str], reason: str
) -> None:
    """It only warns of these, and would run another connection than the one written."""
    assert reason in (dry_load(Conn("c", (*ENDS, option)), ADDCONN) or "")


GOOD = {
    **dict.fromkeys(("ipsec-max-bytes", "ipsec-max-packets", "priority", "tfc"), "100"),
    **dict.fromkeys(("replay-window", "iptfs-max-queue-size", "iptfs-packet-size"), "64"),
    **dict.fromkeys(("iptfs-drop-time", "iptfs-init-delay", "rekeymargin"), "1s"),
    "iptfs-reorder-window": "3",
    "nat-ikev1-method": "rfc",
    "rekeyfuzz": "50%",
    "retransmit-timeout": "60s",
}
"""Values for those options to which ``yes`` is none."""

SET = [name for name, reason in options.OPTIONS[NEW].items() if not reason]


@pytest.mark.parametrize("name", SET)
def test_each_option_that_may_be_set_is_one_that_it_reads(name: str) -> None:
    value = GOOD.get(name, "yes")
    assert options.refuse(name, value, NEW) is None
    assert dry_load(Conn("c", (*ENDS, (name, value))), ADDCONN) is None


def known(tmp_path: Path, text: str) -> bool:
    path = tmp_path / "conf"
    path.write_text(text)
    return "unrecognized keyword" not in run(ADDCONN, "--checkconfig", "--config", str(path)).stdout


def test_it_knows_each_option_of_the_table_and_only_those(tmp_path: Path) -> None:
    for name in set(options.OPTIONS[NEW]) - {"include"}:
        assert known(tmp_path, f"conn c\n\t{name}=yes\n"), name
    for name in (
        "key",
        "frob",
        "leftfrob",
        *(options.OPTIONS[DEFAULT].keys() - options.OPTIONS[NEW]),
    ):
        assert not known(tmp_path, f"conn c\n\t{name}=yes\n"), name
        assert options.refuse(name, "yes", NEW) == options.UNKNOWN


def accepted(version: int, kind: str, proposals: str, *, pfs: bool = False) -> bool:
    more = ["-pfs"] if pfs else []
    return run(ALGPARSE, f"-v{version}", *more, f"{kind}={proposals}").returncode == 0


def agreed(of: IpsecProfile) -> bool:
    """Whether its algparse takes all that the profile proposes."""
    version, ike = a.ike_version(of), a.ike_proposals(of, NEW)
    child = "ah" if of.authentication_protocol == "ah" else "esp"
    pfs = bool(of.perfect_forward_secrecy)
    return bool(ike) and (
        accepted(version, "ike", ike)
        and accepted(version, child, a.esp_proposals(of, NEW), pfs=pfs)
    )


def told(of: IpsecProfile) -> str:
    return f"{of.ike_v2} {a.ike_proposals(of, NEW)} {a.esp_proposals(of, NEW)}"


@pytest.mark.parametrize("of", single_choices(), ids=told)
def test_every_value_of_the_model_in_its_place(of: IpsecProfile) -> None:
    assert agreed(of) == (not lacked(of, NEW))
