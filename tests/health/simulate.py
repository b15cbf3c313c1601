"""Days of one monitored tunnel under random loss, through the real step: how often would it fail over for nothing?

``.venv/bin/python -m tests.health.simulate --days 20`` takes some ten minutes and prints one JSON line; the mathematics
it confirms is in docs/health.md, and the unit tests confirm the law itself at losses where chance is quick.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import deque

from ipsec_client.base.clock import Now
from ipsec_client.health.step import next_wake, step
from ipsec_client.health.types import (
    Answer,
    Client,
    Event,
    Intended,
    KniLink,
    Lower,
    Probe,
    ProbeAnswers,
    Raise,
    SecurityAssociations,
    Tick,
)
from ipsec_client.health.wanted import Target, TunnelIntent


def simulate(target: Target, seconds: float, loss: float, round_trip: float, seed: int) -> int:
    """How often the KNI is lowered in so many seconds of a gateway that is well."""
    chance = random.Random(seed)
    answers: deque[tuple[float, Event]] = deque()
    client, lowered, time = Client(), 0, 0.0
    first: list[Event] = [
        Intended((TunnelIntent("rem1", (target,)),)),
        SecurityAssociations("rem1", 1, 1),
    ]
    answers.extend((0.0, event) for event in first)
    while time < seconds:
        wake = next_wake(client)
        event: Event = Tick()
        if answers and (wake is None or answers[0][0] <= wake):
            time, event = answers.popleft()
        elif wake is not None:
            time = wake
        client, effects = step(client, event, Now(time, time))
        for effect in effects:
            if isinstance(effect, Probe) and chance.random() >= loss:
                answer = ProbeAnswers(
                    "rem1", (Answer(effect.destination, effect.sequence, round_trip),)
                )
                answers.append((time + round_trip, answer))
            elif isinstance(effect, Raise):
                answers.appendleft((time, KniLink("rem1", True)))
            elif isinstance(effect, Lower):
                lowered += 1
                answers.appendleft((time, KniLink("rem1", False)))
    return lowered


def main() -> None:
    """Simulates and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=20.0)
    parser.add_argument("--loss", type=float, default=0.01, help="share of round trips, 0 to 1")
    parser.add_argument("--round-trip", type=float, default=0.04, help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-retries", type=int, default=4)
    parser.add_argument("--fail-threshold", type=int, default=1)
    given = parser.parse_args()
    target = Target("8.8.8.8", max_retries=given.max_retries, fail_threshold=given.fail_threshold)
    failovers = simulate(target, given.days * 86400, given.loss, given.round_trip, given.seed)
    print(json.dumps({**vars(given), "failovers": failovers}))


if __name__ == "__main__":
    main()
