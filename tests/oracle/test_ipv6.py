"""Two real plutos that reach each other by IPv6, one that listens to it alone and one to all it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_client.base.secret import Secret
from ipsec_client.pluto import prepare
from ipsec_client.pluto.tail import Tail
from tests.oracle.libreswan import as_root, oracle
from tests.oracle.private import conn, ip, plutos

pytestmark = [*oracle, as_root]

KEY = Secret('fd00:5::1 fd00:5::2 : PSK "a key of some length"\n')
COMMON = "\tikev1-policy=accept\n\tuniqueids=no\n\tdnssec-enable=no\n\taudit-log=no\n"


@pytest.mark.parametrize("listen", ["\tlisten=fd00:5::1\n", ""], ids=["one address", "all"])
def test_ike_is_established_by_ipv6(listen: str, tmp_path: Path) -> None:
    with plutos(tmp_path, *["a key of some length"] * 2) as pair:
        for number, pluto in enumerate(pair, 1):
            pluto.end()
            ip("-n", pluto.namespace, "addr", "add", f"fd00:5::{number}/64", "dev", "eth0", "nodad")
            setup = f"config setup\n{listen if number == 1 else ''}{COMMON}"
            prepare.give(pluto.layout, setup, KEY)
            pluto.start()
        ends = {"leftsubnet": "10.1.0.0/16", "rightsubnet": "10.2.0.0/16"}
        there = {"leftsubnet": "10.2.0.0/16", "rightsubnet": "10.1.0.0/16"}
        for pluto, given in ((pair[1], {"left": "fd00:5::2", "right": "fd00:5::1", **there}),
                             (pair[0], {"left": "fd00:5::1", "right": "fd00:5::2", **ends})):  # fmt: skip
            assert pluto.control.add(conn("c", **given)).refused is None
        tail = Tail(pair[0].layout.log)
        pair[0].control.initiate("c")
        assert pair[0].first(tail, "c", "ike")
