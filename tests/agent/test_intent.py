"""What health is to want, from what the configuration says of monitors."""

from __future__ import annotations

import pytest

from ipsec_client.agent.intent import intended
from ipsec_client.config.documents import document
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read
from ipsec_client.health.types import Target, TunnelIntent
from ipsec_client.plan.build import Facts, build

CONFIG = """
authority
 tenant t
 exit
 router r
  ipsec-profile p
   pre-shared-key k
  exit
  node n
   ipsec-client c
    tenant t
    remote rem1
     host 192.0.2.1
     profile p
     {monitor}
    exit
   exit
  exit
 exit
exit
"""


def intent(monitor: str) -> TunnelIntent:
    reading = read(CONFIG.format(monitor=monitor))
    assert reading.config.authority is not None
    plan = build(document(generate(reading.config.authority), "r", "n"), Facts(), {})
    return intended(plan)[0]


@pytest.mark.parametrize(
    ("monitor", "targets"),
    [
        ("", ()),
        ("tunnel-monitor\n destination 8.8.8.8\n exit\n exit", (Target("8.8.8.8", 0.2, 0.8, 4),)),
        (
            "tunnel-monitor\n destination 8.8.8.8\n timeout 10\n max-retries 3\n interval 120\n exit\n exit",
            (Target("8.8.8.8", 120, 10, 3),),
        ),
        (
            "tunnel-monitor\n destination 8.8.8.8\n timeout 250ms\n max-retries 5\n interval 50ms\n exit\n exit",
            (Target("8.8.8.8", 0.05, 0.25, 5),),
        ),
        ("tunnel-monitor\n enabled false\n destination 8.8.8.8\n exit\n exit", ()),
    ],
)
def test_timing(monitor: str, targets: tuple[Target, ...]) -> None:
    assert intent(monitor) == TunnelIntent("rem1", targets)


def test_how_many_must_answer() -> None:
    text = "tunnel-monitor\n destinations-required 1\n destination a.example\n exit\n destination 9.9.9.9\n exit\n exit"
    found = intent(text)
    assert found.required == 1
    assert [target.destination for target in found.targets] == ["a.example", "9.9.9.9"]


@pytest.mark.parametrize(
    ("lists", "pairs"),
    [
        ("", 1),
        ("subnet 10.1.0.0/16\nsubnet 10.2.0.0/16", 2),
        ("subnet 10.1.0.0/16\nsubnet 10.2.0.0/16\nlocal-subnet 10.3.0.0/16\nlocal-subnet 10.4.0.0/16", 4),
    ],
)  # fmt: skip
def test_each_network_of_ours_with_each_of_theirs_is_a_pair(lists: str, pairs: int) -> None:
    assert len(intent(lists).pairs) == pairs
