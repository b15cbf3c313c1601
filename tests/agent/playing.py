"""A pluto that is only played: it takes what it is told, at once, and remembers it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

import pytest

from ipsec_client.agent import libreswan
from ipsec_client.base.secret import Secret
from ipsec_client.dialect.render import Conn
from ipsec_client.pluto.control import Answer
from ipsec_client.pluto.layout import Layout
from ipsec_client.pluto.status import State
from ipsec_client.units.port import Units


class Whack:
    """In place of a Control; ``latest`` is the one made last."""

    latest: ClassVar[Whack]

    def __init__(self, _: Layout) -> None:
        self.has: list[State] = []  # the SAs that it tells of
        self.told: list[str] = []
        self.complaint: str | None = None  # what Libreswan has to say of what it is shown
        Whack.latest = self

    def since(self) -> list[str]:
        """What it was told since it was asked last."""
        told, self.told = self.told, []
        return told

    def unreadable(self, _: Conn) -> str | None:
        return self.complaint

    def add(self, conn: Conn, *, readable: bool = False) -> Answer:
        assert not (readable and self.complaint)
        return self._told(f"add {conn.name}")

    def rewrite(self, conn: Conn) -> None:
        self._told(f"rewrite {conn.name}")

    def delete(self, name: str) -> Answer:
        return self._told(f"delete {name}")

    def begin(self, _: Conn) -> Answer:
        return Answer(())

    def terminate(self, name: str) -> Answer:
        return self._told(f"terminate {name}")

    def states(self) -> list[State]:
        return self.has

    def listen(self) -> Answer:
        return Answer(())

    def debug(self, level: str) -> Answer:
        return self._told(f"debug {level}")

    def reread_secrets(self, secrets: Secret) -> Answer:
        return self._told(f"secrets {secrets.reveal()}")

    def _told(self, what: str) -> Answer:
        self.told.append(what)
        return Answer(())


def play(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on every Libreswan speaks to a Whack, and has its files below ``folder``."""
    monkeypatch.setattr(libreswan, "Control", Whack)
    for name in ("RUN", "LOG"):
        monkeypatch.setenv(f"IPSEC_CLIENT_{name}", str(folder / name.lower()))


def pretend_pluto(run: Path) -> None:
    """The files of a pluto that runs there and answers: this process."""
    run.mkdir(parents=True, exist_ok=True)
    (run / "pluto.pid").write_text(str(os.getpid()))
    (run / "pluto.ctl").touch()


class _Nobody:
    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"pluto is not to {name}")


def nobody() -> Units:
    """Units that are not to be asked."""
    return _Nobody()  # type: ignore[return-value]
