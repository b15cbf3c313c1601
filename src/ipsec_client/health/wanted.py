"""What health is to want, as the document says it: tunnels, monitor destinations, how to switch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ipsec_client.health.subnets import ANY_TO_ANY, Pairs


@dataclass(frozen=True, slots=True)
class Question:
    """What a probe asks of a ``host`` (an address or a name); fields that its protocol does not know are empty.

    ``statuses`` are the first and the last HTTP status that is a good answer.
    """

    host: str
    protocol: Literal["icmp", "tcp", "http", "dns"] = "icmp"
    port: int = 0
    path: str = ""
    host_header: str = ""
    statuses: tuple[int, int] = (200, 299)
    query: str = ""
    query_type: Literal["A", "AAAA"] = "A"


@dataclass(frozen=True)
class Target:
    """One monitor destination with its timing in seconds: attempts every ``timeout / max_retries``.

    A reply to any attempt ends the test well; none within ``timeout`` ends it badly. Tests begin every
    ``interval``, or at once after a test that was longer (page, Tunnel Monitoring). Above ``loss_limit``
    (share of attempts, 0 to 1) or ``latency_limit`` (seconds) a tunnel that answers is degraded.
    ``fail_threshold`` tests in a row must fail for it to be down, ``recover_threshold`` (None: 3 where tests
    are quick, else 1) be answered for it to be up again. No ``question``: pings to ``destination``.
    """

    destination: str
    interval: float = 0.2
    timeout: float = 0.8
    max_retries: int = 4
    loss_limit: float | None = None
    latency_limit: float | None = None
    fail_threshold: int = 1
    recover_threshold: int | None = None
    question: Question | None = None

    @cached_property
    def asked(self) -> Question:
        """What a probe asks."""
        return self.question or Question(self.destination)


@dataclass(frozen=True, slots=True)
class TunnelIntent:
    """What the document says of one remote. No ``targets``: child SAs are the only evidence."""

    remote: str
    targets: tuple[Target, ...] = ()
    required: int | None = None  # how many targets must answer; None: all
    pairs: Pairs = ANY_TO_ANY


@dataclass(frozen=True, slots=True)
class Policy:
    """How a client's KNIs are switched. ``order`` are its remotes as traffic prefers them, best first; those it does
    not name follow as configured. ``hold_down`` and ``delay`` are seconds; ``delay`` goes with failback delayed.
    """

    order: tuple[str, ...] = ()
    hold_down: float = 10.0
    failback: Literal["immediate", "delayed", "manual"] = "immediate"
    delay: float = 300.0
