"""The verdict on one tunnel, from what pluto, the kernel and the tests say. Decides nothing and asks nothing."""

from __future__ import annotations

from ipsec_client.base.clock import Now
from ipsec_client.health.copying import replace
from ipsec_client.health.trial import Test
from ipsec_client.health.types import Decision, Judgement, Tunnel, Verdict

EASING = 0.8
"""A degraded tunnel is up again when loss and latency are below this share of their limits."""

STABLE = 60.0
"""Seconds that a tunnel must have been up for its next repair to begin at the first rung again."""

Finding = tuple[Judgement, str, bool]


def judge(tunnel: Tunnel, pluto_alive: bool | None, now: Now) -> tuple[Tunnel, list[Decision]]:
    """The tunnel with its verdict; a decision where the judgement is another than before."""
    judgement, reason, certain = evaluate(tunnel, pluto_alive)
    old = tunnel.verdict
    if (judgement, reason, certain) == (old.judgement, old.reason, old.certain):
        return tunnel, []
    if judgement == old.judgement:
        verdict = Verdict(judgement, reason, old.since, certain)
        return replace(tunnel, verdict=verdict), []
    tunnel = replace(tunnel, verdict=Verdict(judgement, reason, now.mono, certain))
    if judgement == "up":
        mended = replace(tunnel.mending, ailing=False, failures=0)
        tunnel = replace(tunnel, proving_until=None, mending=mended)
    elif old.judgement in ("up", "degraded") and now.mono - old.since >= STABLE:
        tunnel = replace(tunnel, mending=replace(tunnel.mending, repairs=0))
    return tunnel, [Decision(tunnel.intent.remote, judgement, reason)]


def evaluate(tunnel: Tunnel, pluto_alive: bool | None) -> Finding:
    """Judgement, reason, and whether it is certain, from the evidence at hand."""
    if pluto_alive is False:
        return "down", "pluto is dead", True
    finding = _by_evidence(tunnel)
    if tunnel.mending.severed and finding[0] != "down":
        return "down", "being restarted", True
    return finding


def _by_evidence(tunnel: Tunnel) -> Finding:
    if tunnel.inbound is None or tunnel.outbound is None:
        return "unknown", "no evidence yet", False
    if not tunnel.connected:
        return "down", _why_unconnected(tunnel), True
    finding: Finding = "up", "security associations in both directions", True
    if tunnel.tests:
        finding = _by_tests(tunnel)
    elif tunnel.silent:
        finding = "down", "the gateway answers neither IKE nor ESP", False
    if finding[0] == "up" and lacking(tunnel):
        of = f"{tunnel.pairs} of {len(tunnel.intent.pairs)} pairs of subnets"
        return "degraded", f"{of} have security associations", True
    return finding


def lacking(tunnel: Tunnel) -> bool:
    """Whether some of its pairs of subnets have child SAs, and some have none."""
    return tunnel.connected and tunnel.pairs < len(tunnel.intent.pairs) > 1


def _why_unconnected(tunnel: Tunnel) -> str:
    if tunnel.loaded.state == "refused":
        return f"pluto refused the connection: {tunnel.loaded.reason}"
    if tunnel.negotiation.state == "blocked":
        return f"negotiation blocked: {tunnel.negotiation.blocker or tunnel.negotiation.notify}"
    if not tunnel.inbound and not tunnel.outbound:
        return "no security association"
    return f"no {'outbound' if tunnel.inbound else 'inbound'} security association"


def _by_tests(tunnel: Tunnel) -> Finding:
    tests = tunnel.tests
    required = tunnel.intent.required
    needed = len(tests) if required is None else max(1, min(required, len(tests)))
    answering = sum(test.status == "up" for test in tests)
    down = [test for test in tests if test.status == "down"]
    if answering >= needed:
        return _within_limits(tunnel, needed)
    if len(tests) - len(down) < needed:
        heard = any(test.rejection for test in down)  # a bad answer has come in, too
        return "down", _why_down(down) + ("" if heard else _nothing_at_all(tunnel)), False
    untested = [test for test in tests if test.status == "unknown"]
    return "unknown", _told(untested) or "not tested yet", False


def _why_down(down: list[Test]) -> str:
    silent = [test.target.destination for test in down if not test.rejection]
    nothing = f"no answer from {', '.join(silent)}" if silent else ""
    return "; ".join(filter(None, (nothing, _told(down))))


def _told(tests: list[Test]) -> str:
    """What destinations answered that is no good answer, or why they could not be asked."""
    return "; ".join(
        f"{test.target.destination} {test.rejection}" for test in tests if test.rejection
    )


def _nothing_at_all(tunnel: Tunnel) -> str:
    """What it points to if IKE made new SAs and not one packet has come by them."""
    made, heard = tunnel.connected_at, tunnel.heard_at
    if made is None or tunnel.received is None or (heard is not None and heard >= made):
        return ""
    return (
        "; nothing has come in since IKE made these SAs: "
        "ESP does not pass, or nobody behind the gateway answers"
    )


def _within_limits(tunnel: Tunnel, needed: int) -> Finding:
    """As many as must answer must do so within their limits; those beyond are free to be slow."""
    ease = EASING if tunnel.verdict.judgement == "degraded" else 1.0
    answering = [test for test in tunnel.tests if test.status == "up"]
    passed = [(test, above) for test in answering if (above := _limit_passed(test, ease))]
    if len(answering) - len(passed) >= needed:
        return "up", "answers through the tunnel", False
    test, above = passed[0]
    return "degraded", f"{above} to {test.target.destination} is above its limit", False


def _limit_passed(test: Test, ease: float) -> str:
    target = test.target
    if target.loss_limit is not None and test.loss > target.loss_limit * ease:
        return "loss"
    if (
        target.latency_limit is not None
        and test.round_trip is not None
        and test.round_trip > target.latency_limit * ease
    ):
        return "latency"
    return ""
