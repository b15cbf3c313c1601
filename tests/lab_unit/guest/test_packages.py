"""What is installed, when, and what is refused; apt is played by a fake."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ipsec_lab import packages
from ipsec_lab.errors import LabError
from ipsec_lab.progress import Progress
from ipsec_lab.tools import Done


class FakeApt:
    """A Debian machine: what is installed, what its package lists know, what apt was asked."""

    def __init__(self, installed: Sequence[str], known: Sequence[str] = ()) -> None:
        self.installed = dict.fromkeys(installed, "1.0-1")
        self.known = list(known)
        self.after_update = list(known)
        self.asked: list[str] = []
        self.policy = Path()
        self.services_were_denied = False

    def __call__(
        self,
        argv: Sequence[str],
        *,
        given: str | None = None,
        cwd: Path | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> Done:
        if argv[0] == "dpkg-query":
            rows = [f"{n} {v} installed" for n, v in self.installed.items() if n in argv]
            return Done(1, "\n".join(rows), "dpkg-query: no packages found")
        if argv[0] == "systemctl":
            self.asked.append(" ".join(argv))
            return Done(0, "")
        assert argv[0] == "apt-get"
        if "update" in argv:
            self.asked.append("update")
            self.known = self.after_update
            return Done(0, "")
        return self._install(argv, extra or {})

    def _install(self, argv: Sequence[str], extra: Mapping[str, str]) -> Done:
        assert {"-y", "--no-remove", "--no-install-recommends"} <= set(argv)
        assert extra["DEBIAN_FRONTEND"] == "noninteractive"
        names = argv[argv.index("--no-install-recommends") + 1 :]
        self.asked.append("install " + " ".join(names))
        self.services_were_denied = "exit 101" in self.policy.read_text()
        for name in names:
            if name not in self.known:
                return Done(100, "", f"E: Unable to locate package {name}\n")
        self.installed |= dict.fromkeys(names, "2.0-1")
        return Done(0, "")


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPSEC_CLIENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(packages, "_POLICY", tmp_path / "policy-rc.d")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return tmp_path / "policy-rc.d"


def ensure(apt: FakeApt, policy: Path, *names: str) -> str:
    apt.policy = policy
    out = io.StringIO()
    packages.ensure(names, Progress(out), apt)
    return out.getvalue()


def test_nothing_is_asked_of_apt_when_all_is_there(policy: Path) -> None:
    apt = FakeApt(["nftables", "kmod"])
    assert ensure(apt, policy, "nftables", "kmod") == ""
    assert apt.asked == []


def test_only_what_is_missing_is_installed_with_services_denied(policy: Path) -> None:
    apt = FakeApt(["nftables"], known=["kmod"])
    assert "installing kmod" in ensure(apt, policy, "nftables", "kmod")
    assert apt.asked == ["install kmod"]
    assert apt.services_were_denied
    assert not policy.exists()


def test_a_policy_of_the_users_own_is_left_as_it_is(policy: Path) -> None:
    policy.write_text("#!/bin/sh\nexit 101\n# mine\n")
    apt = FakeApt([], known=["kmod"])
    ensure(apt, policy, "kmod")
    assert policy.read_text().endswith("# mine\n")


def test_a_policy_that_an_interrupted_run_left_is_taken_away(policy: Path) -> None:
    policy.write_text(packages._POLICY_TEXT)
    ensure(FakeApt([], known=["kmod"]), policy, "kmod")
    assert not policy.exists()


def test_package_lists_are_fetched_only_when_they_do_not_serve(policy: Path) -> None:
    apt = FakeApt([], known=[])
    apt.after_update = ["kmod"]
    ensure(apt, policy, "kmod")
    assert apt.asked == ["install kmod", "update", "install kmod"]


def test_when_apt_cannot_the_error_says_what_apt_said(policy: Path) -> None:
    with pytest.raises(LabError, match="kmod: Unable to locate package kmod"):
        ensure(FakeApt([]), policy, "kmod")
    assert not policy.exists()


@pytest.mark.parametrize("rival", ["strongswan-starter", "strongswan-charon"])
def test_libreswan_beside_strongswan_is_refused_before_anything_changes(
    policy: Path, rival: str
) -> None:
    apt = FakeApt([rival], known=["libreswan"])
    with pytest.raises(LabError, match=f"{rival}, and nothing of yours is removed"):
        ensure(apt, policy, "libreswan")
    assert apt.asked == []


def test_strongswan_does_no_harm_where_libreswan_is_there_already(policy: Path) -> None:
    apt = FakeApt(["libreswan", "strongswan-charon"], known=["kmod"])
    ensure(apt, policy, "libreswan", "kmod")
    assert apt.asked == ["install kmod"]


def test_libreswans_own_service_does_not_start_at_the_next_boot(policy: Path) -> None:
    apt = FakeApt([], known=["libreswan"])
    ensure(apt, policy, "libreswan")
    assert apt.asked == ["install libreswan", "systemctl disable ipsec.service"]


def test_without_root_the_error_names_what_is_missing(
    policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    apt = FakeApt(["nftables"], known=["kmod"])
    with pytest.raises(LabError, match=r"not installed: kmod.*root"):
        ensure(apt, policy, "nftables", "kmod")
    assert apt.asked == []


SIMULATION = """\
Inst systemd [252.38-1~deb12u1] (252.39-1~deb12u2 Debian:12.15/oldstable [amd64]) []
Inst libsystemd0 [252.38-1~deb12u1] (252.39-1~deb12u2 Debian:12.15/oldstable [amd64])
Conf libsystemd0 (252.39-1~deb12u2 Debian:12.15/oldstable [amd64])
Inst libstrongswan (5.9.8-5+deb12u5 Debian:12.15/oldstable [amd64])
Inst strongswan-charon (5.9.8-5+deb12u5 Debian:12.15/oldstable [amd64])
Inst udev (252.39-1~deb12u2 Debian:12.15/oldstable [amd64])
Inst tpm-udev (0.6 Debian:12.15/oldstable [all])
Inst libtss2-mu0 (3.2.1-3 Debian:12.15/oldstable [amd64])
Conf libstrongswan (5.9.8-5+deb12u5 Debian:12.15/oldstable [amd64])
"""


def test_of_what_would_come_with_strongswan_only_new_libraries_are_fetched() -> None:
    assert packages.new_libraries(SIMULATION) == [
        "libstrongswan",
        "strongswan-charon",
        "libtss2-mu0",
    ]
