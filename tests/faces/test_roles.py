"""Who may do what: roles by user and groups, and sockets that listen to nobody else."""

from __future__ import annotations

import asyncio
import grp
import os
import pwd
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace

import pytest

from ipsec_client.base import sockets
from ipsec_client.base.sockets import Peer
from ipsec_client.faces import roles, service, terminal
from ipsec_client.faces.roles import Person
from ipsec_client.wire.request import Json, Reply, Request, Say

USERS = {1: "alice", 2: "bob", 3: "carol", 4: "mallory", 5: "ipsec-client"}
GROUPS = {10: "128t-admin", 11: "wheel", 12: "128t-user", 13: "users"}
MEMBERS = {"alice": [13, 10], "bob": [11], "carol": [13, 12], "mallory": [13, 99]}


@pytest.fixture(autouse=True)
def users(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user database of our own; root is not in it."""

    def user(uid: int) -> SimpleNamespace:
        return SimpleNamespace(pw_name=USERS[uid], pw_gid=13)

    def group(gid: int) -> SimpleNamespace:
        return SimpleNamespace(gr_name=GROUPS[gid])

    monkeypatch.setattr(pwd, "getpwuid", user)
    monkeypatch.setattr(grp, "getgrgid", group)
    monkeypatch.setattr(os, "getgrouplist", lambda name, _: MEMBERS.get(name, []))
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.mark.parametrize(
    ("uid", "person"),
    [
        (0, Person("0", admin=True, looks=True, daemon=True)),
        (1, Person("alice", admin=True, looks=True)),
        (2, Person("bob", admin=True, looks=True)),
        (3, Person("carol", looks=True)),
        (4, Person("mallory")),
        (5, Person("ipsec-client", daemon=True)),
        (6, Person("6")),
    ],
)
def test_what_a_user_may_do(uid: int, person: Person) -> None:
    assert asyncio.run(roles.person(uid)) == person


@pytest.mark.parametrize(
    ("login", "name"), [("1", "alice"), (str(2**32 - 1), "0"), ("0", "0"), ("x", "0"), ("6", "6")]
)
def test_who_comes_by_sudo_goes_by_the_name_he_logged_in_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, login: str, name: str
) -> None:
    (tmp_path / "77").mkdir()
    (tmp_path / "77" / "loginuid").write_text(login)
    monkeypatch.setattr(roles, "PROC", tmp_path)
    assert asyncio.run(roles.person(0, 77)) == Person(name, True, True, True)
    assert asyncio.run(roles.person(0, 78)).name == "0"
    assert asyncio.run(roles.person(3, 77)) == Person("carol", looks=True)


def test_who_has_no_role_is_told_the_groups() -> None:
    assert asyncio.run(roles.refusal(Peer(1, 3, 13))) == ""
    assert asyncio.run(roles.refusal(Peer(1, 4, 13))) == (
        "mallory may neither look nor configure here. That takes a member of the group "
        "128t-user or 128t (look), 128t-admin, wheel, sudo (configure), or sudo"
    )


@pytest.mark.parametrize(("there", "mode"), [([], 0o600), (["wheel"], 0o600), (["128t"], 0o666)])
def test_sockets_are_shared_where_our_groups_are(
    monkeypatch: pytest.MonkeyPatch, there: list[str], mode: int
) -> None:
    known = {name: name for name in there}
    monkeypatch.setattr(grp, "getgrnam", known.__getitem__)
    assert roles.mode() == mode


async def _first(path: Path, kind: str) -> Reply:
    async with aclosing(sockets.asked(path, Request("1", kind).to_json(), silence=10)) as messages:
        return Reply.from_json(await anext(messages))


def _served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, person: Person, kind: str) -> Reply:
    """What somebody is answered by a socket of a daemon with one request of its own, ``apply``."""

    async def known(_: int | None, __: int | None = None) -> Person:
        return person

    async def apply(_: Request, __: Say) -> Json:
        return "done"

    async def run() -> Reply:
        path = tmp_path / "agent.sock"
        handlers = {kind: terminal.for_daemons(apply) for kind in ("apply",)}
        async with service.serving(path, handlers, refusal=roles.refusal):
            return await _first(path, kind)

    monkeypatch.setattr(roles, "person", known)
    return asyncio.run(run())


def test_a_socket_does_not_listen_to_who_has_no_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = _served(tmp_path, monkeypatch, Person("mallory"), "apply")
    assert end.status == 1
    assert end.error.startswith("mallory may neither look nor configure here")


@pytest.mark.parametrize("person", [Person("alice", True, True), Person("carol", looks=True)])
def test_what_daemons_ask_each_other_is_for_no_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, person: Person
) -> None:
    end = _served(tmp_path, monkeypatch, person, "apply")
    assert (end.status, end.error) == (1, f"apply is not for {person.name}")


def test_a_daemon_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    end = _served(tmp_path, monkeypatch, Person("ipsec-client", daemon=True), "apply")
    assert (end.status, end.data) == (0, "done")
