"""The schedule of tests: which attempt is due, what an answer means, when a test has failed.

Knows a tunnel's targets and time; nothing of SAs, KNIs or repairs. The mathematics is in docs/health.md.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from math import floor

from ipsec_client.base.clock import Now
from ipsec_client.health.copying import replace
from ipsec_client.health.trial import Test
from ipsec_client.health.types import Answer, Probe, Tunnel
from ipsec_client.health.wanted import Target, TunnelIntent

SEQUENCES = 1 << 16
"""Sequence numbers of an ICMP echo request (RFC 792)."""

QUICK_INTERVAL = 1.0
"""Monitors that test more often than this, in seconds, must see several good tests before a tunnel is up again."""

QUICK_RECOVERY = 3
"""How many in a row."""

RETRY_UNSENT = 1.0
"""Seconds after which a probe that could not be sent is tried again, if no test is due before."""

LOSS_WEIGHT = 1 / 64
"""Weight of one attempt in the smoothed loss: about the last 64 attempts count."""

ROUND_TRIP_WEIGHT = 1 / 8
"""Weight of one answer in the smoothed round trip (RFC 6298, section 2)."""

SHORTEST = 0.01
"""Seconds that interval and timeout have at least, so that no test can become a flood."""

ON_TIME = 1e-6
"""Share of an interval by which an instant may seem to be before its multiple, as numbers are rounded."""

SOON = 0.004
"""Seconds by which a test may begin early, to share a waking with others. None ends early, and none late for it."""


def offsets(target: Target) -> tuple[float, ...]:
    """When the attempts of one test are made, in seconds after it began.

    Every ``timeout / max_retries``. Where tests follow each other without a pause (``interval`` below
    ``timeout``) there are millions of them in a week, so that chance alone would fail some: from the
    second attempt on, when the first was missed, such a test goes at twice the pace.
    """
    slot = target.timeout / target.max_retries
    documented = [slot * attempt for attempt in range(target.max_retries)]
    if target.interval >= target.timeout:
        return tuple(documented)
    between = [slot * (attempt + 0.5) for attempt in range(1, target.max_retries)]
    return tuple(sorted(documented + between))


def recovery(target: Target) -> int:
    """How many tests in a row must be answered before a destination that failed counts as up."""
    if target.recover_threshold is not None:
        return target.recover_threshold
    return QUICK_RECOVERY if target.interval < QUICK_INTERVAL else 1


def due_after(interval: float, begun: float) -> float:
    """When the test after one that began at ``begun`` is due: ``interval`` later at the latest.

    Quick ones are due at multiples of their interval, so that those of all tunnels share wakings for good.
    """
    if interval >= QUICK_INTERVAL:
        return begun + interval
    return (floor(begun / interval + ON_TIME) + 1) * interval


def tests_for(intent: TunnelIntent, known: tuple[Test, ...], now: Now) -> tuple[Test, ...]:
    """One test per target; a target that has not changed keeps what is known of it.

    One that has keeps what it owes: nobody proves a destination by editing it.
    """
    by_destination = {test.target.destination: test for test in known}
    wanted = {target.destination: _bounded(target) for target in intent.targets}
    return tuple(
        _test(target, by_destination.get(destination), now)
        for destination, target in wanted.items()
    )


def advance(tunnel: Tunnel, now: Now) -> tuple[Tunnel, list[Probe]]:
    """What is due by now: attempts to send, tests that have failed, tests to begin. Only with SAs."""
    if not tunnel.testable or not any(_is_due(test, now) for test in tunnel.tests):
        return tunnel, []
    probes: list[Probe] = []
    tests: list[Test] = []
    mending = tunnel.mending
    for old in tunnel.tests:
        test = old
        while _is_due(test, now):
            test = _excuse_stall(test, now)
            if test.begun is not None and test.attempts == len(test.schedule):
                test = _missed(test, now)
                if test.status == "down" and not mending.ailing:
                    mending = replace(mending, ailing=True)
            else:
                probes.append(_probe(tunnel.intent.remote, test))
                test = _sent(test, now)
        tests.append(test)
    traffic = None if probes else tunnel.traffic
    return replace(tunnel, tests=tuple(tests), traffic=traffic, mending=mending), probes


def answered(tunnel: Tunnel, answers: Iterable[Answer], now: Now) -> Tunnel:
    """An answer ends the test it belongs to; one to a test that is over changes nothing."""
    tests = {test.target.destination: test for test in tunnel.tests}
    ended = False
    for answer in answers:
        test = tests.get(answer.destination)
        if test is not None and _is_present(test, answer.sequence):
            tests[answer.destination] = _answered(test, answer, now)
            ended = True
    return replace(tunnel, tests=tuple(tests.values())) if ended else tunnel


def rejected(tunnel: Tunnel, destination: str, sequence: int, reason: str) -> Tunnel:
    """An attempt was answered badly: it has failed, the test goes on, and the reason is kept for the verdict."""
    for place, test in enumerate(tunnel.tests):
        if (
            test.target.destination == destination
            and test.rejection != reason
            and _is_present(test, sequence)
        ):
            return _with_test(tunnel, place, replace(test, rejection=reason))
    return tunnel


def unsent(tunnel: Tunnel, destination: str, sequence: int, reason: str, now: Now) -> Tunnel:
    """A test whose attempt could not be sent tells nothing: it ends unknown and is soon begun again."""
    for place, test in enumerate(tunnel.tests):
        if test.target.destination == destination and _is_present(test, sequence):
            soon = max(now.mono, min(test.rhythm, now.mono + RETRY_UNSENT))
            unknown = replace(_forget(test, soon), rejection=f"cannot be asked: {reason}")
            return _with_test(tunnel, place, unknown)
    return tunnel


def hear_at(tunnel: Tunnel, now: Now) -> float | None:
    """Until when its answers may be left in their socket, which is when its next test is due; None: not at all.

    They may where all is well, tests are quick, and answers come long before the next: nothing waits for them.
    """
    if not tunnel.connected or not tunnel.tests:
        return None
    for test in tunnel.tests:
        if (
            test.status != "up"
            or test.attempts > 1
            or test.rhythm <= now.mono
            or test.target.interval >= QUICK_INTERVAL
            or test.round_trip is None
            or test.round_trip > test.target.interval / 2
        ):
            return None
    return min(test.rhythm for test in tunnel.tests)


def suspend(tunnel: Tunnel) -> Tunnel:
    """Without SAs nothing is tested, and what was known holds no longer."""
    tests = (replace(_forget(test, test.next_at), missed=0, rejection="") for test in tunnel.tests)
    return replace(tunnel, tests=tuple(tests))


def doubt(tunnel: Tunnel) -> Tunnel:
    """What was up must be proven again; what was down stays so until it is."""
    return replace(
        tunnel,
        tests=tuple(
            _forget(test, test.rhythm) if test.status == "up" else test for test in tunnel.tests
        ),
    )


def at_once(tunnel: Tunnel, now: Now) -> Tunnel:
    """Begins the tests that are not under way, besides those of the rhythm."""
    return replace(
        tunnel,
        tests=tuple(
            replace(test, next_at=min(test.next_at, now.mono)) if test.begun is None else test
            for test in tunnel.tests
        ),
    )


def next_at(tunnel: Tunnel) -> float | None:
    """When the tunnel's tests need the next tick."""
    if not tunnel.testable or not tunnel.tests:
        return None
    return min(test.next_at for test in tunnel.tests)


def _test(target: Target, known: Test | None, now: Now) -> Test:
    if known is not None and known.target == target:
        return known
    new = Test(target, offsets(target), next_at=now.mono, rhythm=now.mono)
    if known is None:
        return new
    owed = max(1, min(known.owed, recovery(target)))
    return replace(new, owed=owed, last_attempt_wall=known.last_attempt_wall)


def _bounded(target: Target) -> Target:
    if target.interval >= SHORTEST and target.timeout >= SHORTEST and target.max_retries >= 1:
        return target
    return replace(
        target,
        interval=max(SHORTEST, target.interval),
        timeout=max(SHORTEST, target.timeout),
        max_retries=max(1, target.max_retries),
    )


def _probe(remote: str, test: Test) -> Probe:
    target = test.target
    return Probe(remote, target.destination, test.sequence, target.asked, target.timeout)


def _is_due(test: Test, now: Now) -> bool:
    return test.next_at <= (now.mono if test.begun is not None else now.mono + SOON)


def _excuse_stall(test: Test, now: Now) -> Test:
    """Where nobody was watching for longer than a slot, the test goes on from here, with a slot left at least.

    Else a busy machine would fail tests whose answers it had no time to wait for, or to read.
    """
    slot = test.target.timeout / test.target.max_retries
    if now.mono - test.next_at <= slot:
        return test
    if test.begun is None:
        return replace(test, next_at=now.mono)
    latest = bisect_right(test.schedule, test.target.timeout - slot * 0.99) - 1
    attempt = min(test.attempts, latest)
    return replace(
        test,
        begun=now.mono - test.schedule[attempt],
        first=test.first + test.attempts - attempt,
        attempts=attempt,
    )


def _sent(test: Test, now: Now) -> Test:
    """One attempt more, the first one of a new test where none is under way."""
    begun, first, attempts, rhythm = test.begun, test.first, test.attempts + 1, test.rhythm
    if begun is None:
        begun, first, attempts = test.next_at, test.sequence, 1
        rhythm = due_after(test.target.interval, begun) if rhythm <= now.mono + SOON else rhythm
    more = attempts < len(test.schedule)
    following = test.schedule[attempts] if more else test.target.timeout
    return replace(
        test,
        sequence=(test.sequence + 1) % SEQUENCES,
        begun=begun,
        first=first,
        attempts=attempts,
        next_at=begun + following,
        rhythm=rhythm,
        last_attempt_wall=now.wall,
    )


def _missed(test: Test, now: Now) -> Test:
    """A test has failed. What fails a destination is an outage; loss is what is lost while it answers."""
    missed = test.missed + 1
    test = replace(test, begun=None, next_at=max(test.rhythm, now.mono), missed=missed)
    if missed < test.target.fail_threshold:
        return replace(test, loss=_smoothed_loss(test.loss, test.attempts))
    return replace(test, status="down", owed=recovery(test.target))


def _answered(test: Test, answer: Answer, now: Now) -> Test:
    owed = max(0, test.owed - 1)
    smoothed = answer.round_trip if test.round_trip is None else test.round_trip
    smoothed += (answer.round_trip - smoothed) * ROUND_TRIP_WEIGHT
    lost = (answer.sequence - test.first) % SEQUENCES
    return replace(
        test,
        begun=None,
        next_at=max(test.rhythm, now.mono),
        status="up" if owed == 0 else test.status,
        owed=owed,
        missed=0,
        rejection="",
        loss=(_smoothed_loss(test.loss, lost) if lost else test.loss) * (1 - LOSS_WEIGHT),
        round_trip=smoothed,
    )


def _forget(test: Test, next_at: float) -> Test:
    return replace(test, begun=None, next_at=next_at, status="unknown", owed=max(1, test.owed))


def _smoothed_loss(loss: float, lost: int) -> float:
    return 1 - (1 - loss) * (1 - LOSS_WEIGHT) ** lost


def _is_present(test: Test, sequence: int) -> bool:
    return test.begun is not None and (sequence - test.first) % SEQUENCES < test.attempts


def _with_test(tunnel: Tunnel, place: int, test: Test) -> Tunnel:
    return replace(tunnel, tests=(*tunnel.tests[:place], test, *tunnel.tests[place + 1 :]))
