"""The release that pluto tells of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_client.pluto import version


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ("Libreswan 4.10 IKEv2 IKEv1 XFRM XFRMI esp-hw-offload FORK", "4.10"),
        ("Libreswan 5.2 IKEv2 IKEv1 XFRM", "5.2"),
        ("Libreswan v5.4-rc1 IKEv2", "5.4-rc1"),
        ("another program", None),
    ],
)
def test_what_it_says_is_read(
    says: str, found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pluto"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    monkeypatch.setattr(version, "PLUTO", str(program))
    assert version.version() == found


def test_without_one_there_is_no_release_and_no_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(version, "PLUTO", str(tmp_path / "pluto"))
    assert version.version() is None
    assert version.mark() is None
