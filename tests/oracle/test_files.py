"""Libreswan's addconn reads every rendered file, and knows the options that we say it knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_client.dialect import options
from ipsec_client.dialect.render import Conn, conns, render
from ipsec_client.model.slots import slots
from ipsec_client.pluto.dryload import dry_load
from ipsec_client.pluto.layout import ADDCONN
from tests.dialect.sample import configurations
from tests.oracle.libreswan import oracle, run

pytestmark = oracle


@pytest.mark.parametrize("name", configurations())
def test_every_file_is_read_without_a_word(name: str, tmp_path: Path) -> None:
    document = configurations()[name]
    files = render(document, {})
    assert len(files) == 1 + len(document.node.ipsec_client[0].remote)
    for file in (*files, None):
        # Last, all of them in one, as ``ipsec-client render`` prints them.
        path = tmp_path / "conf"
        path.write_text(
            file.text if file else "".join(f"# file: {f.name}\n{f.text}" for f in files)
        )
        done = run(ADDCONN, "--checkconfig", "--config", str(path))
        spoken = [line for line in done.stdout.splitlines() if "liveness" not in line]
        assert (done.returncode, [line for line in spoken if "dpd settings" not in line]) == (0, [])


@pytest.mark.parametrize("name", configurations())
def test_every_connection_loads_dry(name: str) -> None:
    document = configurations()[name]
    client = document.node.ipsec_client[0]
    for conn in conns(document, slots(document.node, client), {}).values():
        assert dry_load(conn) is None


ENDS = (("left", "1.2.3.4"), ("right", "2.3.4.5"))


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (("frob", "yes"), "syntax error [frob]"),
        (("narrowing", "maybe"), "syntax error"),
        (("fragmentation", "perhaps"), "keyword fragmentation, invalid value: perhaps"),
        (("left", "1.1.1.1"), "duplicate key 'left'"),
        (("rightsubnet", "10.1.2.3"), "bad subnet rightsubnet=10.1.2.3"),
        (("listen", "1.2.3.4"), "is not valid in a conn"),
    ],
)
def test_dry_load_gives_the_reason(option: tuple[str, str], reason: str) -> None:
    assert reason in (dry_load(Conn("c", (*ENDS, option))) or "")


def known(tmp_path: Path, text: str) -> bool:
    path = tmp_path / "conf"
    path.write_text(text)
    return "syntax error" not in run(ADDCONN, "--checkconfig", "--config", str(path)).stdout


def test_libreswan_knows_each_option_of_the_table_and_only_those_in_a_connection(
    tmp_path: Path,
) -> None:
    for name in set(options.OPTIONS[4]) - {"include"}:
        conn = f"conn c\n\t{name}=yes\n"
        assert known(tmp_path, conn) or known(tmp_path, f"config setup\n\t{name}=yes\n"), name
    for name in ("key", "frob", "leftfrob", "dpd", "psk"):
        assert not known(tmp_path, f"conn c\n\t{name}=yes\n")
        assert options.refuse(name, "yes", 4) == options.UNKNOWN
