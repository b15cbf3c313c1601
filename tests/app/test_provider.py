"""``ipsec-client provider`` as an operator calls it."""

from __future__ import annotations

import pytest

from ipsec_client.app.main import main
from ipsec_client.config.examine import examine
from ipsec_client.config.providers import PROVIDERS


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["provider"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(PROVIDERS)
    assert lines[0] == "zscaler        Zscaler Internet Access"


def test_one_as_a_text_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["provider", "aws", "--router", "r7", "--profile", "vpc", "--local-id", "203.0.113.9"]
    assert main(argv) == 0
    out = capsys.readouterr().out
    (router,) = examine(out).authority.router
    (profile,) = router.ipsec_profile
    assert (router.name, profile.name, profile.local_id) == ("r7", "vpc", "203.0.113.9")
    assert out.startswith("# AWS Site-to-Site VPN: pre-shared-key is yours to write.\nconfig\n")
    assert "#   connection-lifetime      at least 900s, at most 3600s [1]\n" in out
    assert (
        '#   [1] "Tunnel options for your AWS Site-to-Site VPN connection", read 2026-11-25\n'
        in out
    )


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["acme"], "no provider acme is known. Known are zscaler, prisma-access, aws, "),
        (["aws", "--profile", "a b"], "--profile is not made of letters, digits, _ and -"),
        (["aws", "--local-id", "a b"], "--local-id is not an IKE identity"),
    ],
)
def test_what_cannot_be(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["provider", *argv]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"ipsec-client provider: {said}")
