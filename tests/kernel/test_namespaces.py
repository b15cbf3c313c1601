"""Namespaces as iproute2 makes them, each marked before it has its name."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ipsec_client.base.errors import HostFault
from ipsec_client.base.run import run
from ipsec_client.kernel import namespaces

from .support import ip, needs_root

pytestmark = needs_root

OWN = Path("/proc/self/ns/net")


def nothing() -> None:
    """No mark."""


def test_iproute2_sees_what_we_make_and_the_other_way_round(client: str) -> None:
    namespaces.create(client, nothing)
    assert namespaces.exists(client)
    assert client in ip("netns").split()
    assert "lo" in ip("link", netns=client)
    ip("netns", "delete", client)
    assert not namespaces.exists(client)
    ip("netns", "add", client)
    assert namespaces.exists(client)
    namespaces.delete(client)
    assert client not in ip("netns").split()


def test_the_mark_is_set_inside_before_there_is_a_name(client: str) -> None:
    def mark() -> None:
        assert not namespaces.exists(client)
        ip("link", "set", "lo", "alias", "marked")

    namespaces.create(client, mark)
    assert "alias marked" in ip("link", "show", "lo", netns=client)
    assert "alias marked" not in ip("link", "show", "lo")


def test_a_failed_mark_leaves_no_name(client: str) -> None:
    def mark() -> None:
        raise HostFault("no")

    with pytest.raises(HostFault, match="no"):
        namespaces.create(client, mark)
    assert not namespaces.path(client).exists()


def test_the_empty_file_of_a_broken_creation_is_no_namespace(client: str) -> None:
    namespaces.create(client, nothing)
    namespaces.delete(client)
    namespaces.path(client).touch()
    assert not namespaces.exists(client)
    namespaces.create(client, nothing)
    assert namespaces.exists(client)


def test_deleting_twice_is_deleting(client: str) -> None:
    namespaces.create(client, nothing)
    namespaces.delete(client)
    namespaces.delete(client)
    assert not namespaces.exists(client)


def test_a_program_runs_inside_and_the_caller_stays_outside(client: str) -> None:
    namespaces.create(client, nothing)
    before = str(OWN.readlink())
    done = run(("readlink", "/proc/self/ns/net"), inside=namespaces.entered(client))
    assert done.out.strip() != before
    assert str(OWN.readlink()) == before


def test_a_socket_opened_inside_stays_inside(client: str) -> None:
    namespaces.create(client, lambda: _up("lo"))
    with namespaces.open_socket(client, socket.AF_INET, socket.SOCK_STREAM, 0) as inner:
        inner.bind(("127.0.0.1", 0))
        inner.listen()
        with socket.socket() as outer, pytest.raises(OSError, match=r"unreachable|refused"):
            outer.connect(inner.getsockname())


def test_entering_one_that_is_gone_says_so(client: str) -> None:
    with pytest.raises(HostFault, match=f"namespace {client} does not exist"):
        namespaces.inside(client, nothing)


def _up(device: str) -> None:
    ip("link", "set", device, "up")
