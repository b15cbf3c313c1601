"""What health is to want, from what the configuration says of monitors."""

from __future__ import annotations

import pytest

from ipsec_client.agent.intent import intended, policy
from ipsec_client.config.documents import document
from ipsec_client.config.examine import examine
from ipsec_client.config.generated import generate
from ipsec_client.config.reader import read
from ipsec_client.health.wanted import Policy, Question, Target, TunnelIntent
from ipsec_client.plan.build import Facts, Plan, build
from tests.configs import FOLDER

DEMO = FOLDER.parents[1] / "examples" / "demo.conf"
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


@pytest.mark.parametrize(
    ("fields", "question"),
    [
        ("", None),
        ("host 9.9.9.9", Question("9.9.9.9", "icmp", 0, "/", "9.9.9.9")),
        ("protocol tcp\nport 443", Question("web", "tcp", 443, "/", "web")),
        ("protocol http", Question("web", "http", 80, "/", "web")),
        (
            "host 9.9.9.9\nprotocol http\nport 81\npath /a\nhost-header b.example\nexpected-status 204",
            Question("9.9.9.9", "http", 81, "/a", "b.example", (204, 204)),
        ),
        ("protocol http\nexpected-status 200-404", Question("web", "http", 80, "/", "web", (200, 404))),
        (
            "protocol dns\nquery a.example\nquery-type AAAA",
            Question("web", "dns", 53, "/", "web", query="a.example", query_type="AAAA"),
        ),
    ],
)  # fmt: skip
def test_what_is_asked(fields: str, question: Question | None) -> None:
    (target,) = intent(f"tunnel-monitor\ndestination web\n{fields}\nexit\nexit").targets
    assert target.question == question
    assert target.asked.host == (question.host if question else "web")


def test_limits_and_thresholds() -> None:
    fields = "loss-limit 5\nlatency-limit 150\nfail-threshold 2\nrecover-threshold 4"
    (target,) = intent(f"tunnel-monitor\ndestination web\n{fields}\nexit\nexit").targets
    assert (target.loss_limit, target.latency_limit) == (0.05, 0.15)
    assert (target.fail_threshold, target.recover_threshold) == (2, 4)


def switched(fields: str) -> Policy:
    text = (FOLDER / "everything.conf").read_text()
    for name in ("hold-down ", "failback ", "failback-delay "):
        text = "\n".join(line for line in text.splitlines() if not line.strip().startswith(name))
    text = text.replace("plugin-network ", f"{fields}\nplugin-network ", 1)
    authority = examine(text).authority
    return policy(build(document(generate(authority), "router1", "node1"), Facts(), {}))


def test_how_tunnels_are_switched() -> None:
    unset = switched("")
    assert (unset.hold_down, unset.failback, unset.delay) == (10, "immediate", 300)
    written = switched("hold-down 0\nfailback delayed\nfailback-delay 2m")
    assert (written.hold_down, written.failback, written.delay) == (0, "delayed", 120)


def test_the_order_is_that_of_the_next_hops_by_vectors() -> None:
    plan = planned(DEMO.read_text())
    assert policy(plan).order == ("rem1", "rem2")
    costly = DEMO.read_text().replace(
        "service         cleartext",
        "service-policy p\nvector v2\npriority 1\nexit\nexit\nservice cleartext",
    )
    costly = costly.replace("name            cleartext", "name cleartext\nservice-policy p")
    costly = costly.replace("profile  secondary", "profile secondary\nvector-name v2")
    assert policy(planned(costly)).order == ("rem2", "rem1")


def planned(text: str) -> Plan:
    authority = examine(text).authority
    router = authority.router[0]
    return build(document(generate(authority), router.name, router.node[0].name), Facts(), {})
