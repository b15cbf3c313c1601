"""What of a tunnel's past bears on its repair and on its carrying again: parts of `types.Tunnel`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Past:
    """What a tunnel has behind it that delays its carrying again."""

    flaps: tuple[float, ...] = ()  # when it went down by itself, newest last
    seized: tuple[float, ...] = ()  # when another hand lowered the KNI, newest last
    excused_until: float = 0.0  # going down before is our doing and no flap
    hold_until: float | None = None  # a hold-down from before a restart of the agent ends


@dataclass(frozen=True)
class Mending:
    """Where the repair of a tunnel stands."""

    repairing: bool = False  # a Restart is outstanding
    lost_at: float | None = None  # nothing heard of it by then: taken as failed
    severed: bool = False  # told to terminate, and the SAs are still counted
    ailing: bool = False  # a test was missed, or a repair failed, since the last Restart
    requests: tuple[str, ...] = ()  # operators' restarts that wait for the outstanding one
    fresh: bool = False  # loaded, and not begun by us since
    repairs: int = 0  # in a row without success
    left: int = 0  # pairs of subnets that the last repair left to the next
    had: int = 0  # pairs that it found there and let be
    failures: int = 0  # in a row that could not be carried out
    not_before: float | None = None  # the next one
    orphan: bool = False  # an IKE SA is left, without a child SA
    fair_until: float | None = None  # pluto's own attempt comes first
    last_restart_wall: float | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes through the tunnel device, and since when more has gone out and nothing come in."""

    inbound: int
    outbound: int
    since: float
