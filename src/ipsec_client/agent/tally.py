"""What is counted of each tunnel while the agent runs: flaps, restarts, rekeys, time in each verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ipsec_client.health import types as h


@dataclass(slots=True)
class Counts:
    """Of one remote. ``seconds`` are those in each verdict before the present one; ``since`` is when it began."""

    since: float
    judgement: str = "unknown"
    seconds: dict[str, float] = field(default_factory=dict)
    flaps: int = 0  # from up or degraded to down
    restarts: int = 0  # repairs and operators' restarts
    rekeys: int = 0  # further SAs that came while one was there
    inbound: int = 0

    def spent(self, now: float) -> Mapping[str, float]:
        """Seconds in each verdict up to now."""
        present = self.seconds.get(self.judgement, 0.0) + now - self.since
        return self.seconds | {self.judgement: present}


class Tally:
    """The counts of a client, by remote; it begins anew with the agent. Instants are monotonic seconds."""

    def __init__(self) -> None:
        self._counts: dict[str, Counts] = {}

    def of(self, remote: str, now: float) -> Counts:
        """Those of one remote."""
        return self._counts.setdefault(remote, Counts(now))

    def judged(self, client: h.Client, now: float) -> None:
        """The verdicts are these now."""
        for tunnel in client.tunnels:
            counts = self.of(tunnel.intent.remote, now)
            judgement = tunnel.verdict.judgement
            if judgement != counts.judgement:
                counts.flaps += judgement == "down" and counts.judgement in ("up", "degraded")
                counts.seconds = dict(counts.spent(now))
                counts.judgement, counts.since = judgement, now
        wanted = {tunnel.intent.remote for tunnel in client.tunnels}
        self._counts = {name: item for name, item in self._counts.items() if name in wanted}

    def happened(self, event: h.Event, now: float) -> None:
        """Counts evidence that comes in."""
        if isinstance(event, h.SecurityAssociations):
            counts = self.of(event.remote, now)
            counts.rekeys += 0 < counts.inbound < event.inbound
            counts.inbound = event.inbound

    def restarted(self, remote: str, now: float) -> None:
        """A repair, or an operator's restart, begins."""
        self.of(remote, now).restarts += 1
