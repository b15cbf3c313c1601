"""Libreswan takes every connection that was imported from another configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_client.config.adopt import settle
from ipsec_client.config.documents import document
from ipsec_client.config.generated import generate
from ipsec_client.dialect.foreign import ipsecconf, swanctl
from ipsec_client.dialect.foreign.assemble import Names, assemble
from ipsec_client.dialect.render import conns
from ipsec_client.model.slots import slots
from ipsec_client.pluto.dryload import dry_load
from tests.oracle.libreswan import oracle

pytestmark = oracle

SAMPLES = Path(__file__).parents[1] / "app" / "foreign"
ADDRESS = {"fra4-vpn.zscaler.example": "192.0.2.1", "hub1.example.net": "192.0.2.2"}


@pytest.mark.parametrize(("name", "tunnels"), [("libreswan", 2), ("strongswan", 2), ("swanctl", 2)])
def test_imported_connections_load_dry(name: str, tunnels: int) -> None:
    text = (SAMPLES / f"{name}.conf").read_text()
    found = swanctl.read(text, "") if name == "swanctl" else ipsecconf.read(text, "")
    authority, _ = settle(assemble(found.tunnels, Names("r1", "n1", "client1", "t"))[0])
    of = document(generate(authority), "r1", "n1")
    loaded = conns(of, slots(of.node, of.node.ipsec_client[0]), ADDRESS)
    assert [dry_load(conn) for conn in loaded.values()] == [None] * tunnels
