"""Evidence that comes in, what is known of each tunnel, and what is to be done: the vocabulary of health.

All instants are monotonic seconds (``Now.mono``) unless named ``wall``. A tunnel is named by its remote.
Those without slots are copied with changes (``copying``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ipsec_client.dialect.diagnosis import Blocker
from ipsec_client.health.subnets import ANY_TO_ANY, Pairs

# --- what is wanted -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """One monitor destination with its timing in seconds: attempts every ``timeout / max_retries``.

    A reply to any attempt ends the test well; none within ``timeout`` ends it badly. Tests begin every
    ``interval``, or at once after a test that was longer (page, Tunnel Monitoring). Above ``loss_limit``
    (share of attempts, 0 to 1) or ``latency_limit`` (seconds) a tunnel that answers is degraded.
    """

    destination: str
    interval: float = 0.2
    timeout: float = 0.8
    max_retries: int = 4
    loss_limit: float | None = None
    latency_limit: float | None = None


@dataclass(frozen=True, slots=True)
class TunnelIntent:
    """What the document says of one remote. No ``targets``: child SAs are the only evidence."""

    remote: str
    targets: tuple[Target, ...] = ()
    required: int | None = None  # how many targets must answer; None: all
    pairs: Pairs = ANY_TO_ANY


# --- what is known --------------------------------------------------------------------------------

Judgement = Literal["up", "degraded", "down", "unknown"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Whether pluto has the connection. ``reason`` says why it was refused."""

    state: Literal["absent", "loaded", "refused"] = "absent"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Negotiation:
    """How far IKE has come. ``attempt`` goes with trying.

    ``blocker`` is what is in its way: blocked waits for somebody to change it, trying goes on, since nobody
    signed what tells of it, or it may pass. ``notify`` is what the peer answered (NO_PROPOSAL_CHOSEN) or pluto
    said; with the blocker name, the name.
    """

    state: Literal["idle", "trying", "established", "blocked"] = "idle"
    attempt: int = 0
    notify: str = ""
    blocker: Blocker | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement, why, and since when; ``certain`` where it is no matter of missed probes."""

    judgement: Judgement = "unknown"
    reason: str = "no evidence yet"
    since: float = 0.0
    certain: bool = False


@dataclass(frozen=True)
class Carrying:
    """Whether the KNI is to carry traffic: raised, lowered, or held down for ``reason``.

    No ``reason``: nobody has decided yet, the KNI is as it was found. ``until`` is when to look again: a held
    one is released, a raised one that was not seen up is raised again.
    """

    state: Literal["raised", "lowered", "held"] = "lowered"
    reason: str = ""
    until: float | None = None

    @property
    def decided(self) -> bool:
        """Whether it was decided, not just found so."""
        return bool(self.reason)


# --- evidence -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Intended:
    """The document in force names these tunnels, in configuration order. Known ones keep what is known."""

    tunnels: tuple[TunnelIntent, ...]
    restarted: tuple[str, ...] = ()  # those that cannot go on until their connection is replaced


@dataclass(frozen=True, slots=True)
class Replacing:
    """A tunnel's connection is replaced next: its SAs end."""

    remote: str


@dataclass(frozen=True, slots=True)
class SecurityAssociations:
    """How many live child SAs the kernel has for a tunnel in each direction. A level, not an edge.

    ``pairs``: how many pairs of subnets have them both ways.
    """

    remote: str
    inbound: int
    outbound: int
    pairs: int = 1


@dataclass(frozen=True, slots=True)
class PlutoState:
    """Whether the client's pluto lives and answers."""

    alive: bool


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """What pluto says of a connection; a field that is None was not learned this time."""

    remote: str
    loaded: Loaded | None = None
    negotiation: Negotiation | None = None


class Answer(NamedTuple):
    """A destination answered the probe ``sequence``; ``round_trip`` in seconds."""

    destination: str
    sequence: int
    round_trip: float


@dataclass(frozen=True, slots=True)
class ProbeAnswers:
    """What destinations answered to probes of a tunnel, in the order it was read, all that was there at once."""

    remote: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class ProbeFailed:
    """A probe could not even be sent (no device yet, name not resolved): no evidence either way."""

    remote: str
    destination: str
    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class Counters:
    """Bytes through the tunnel device so far; they survive rekeys and reset with the device."""

    remote: str
    inbound: int
    outbound: int


@dataclass(frozen=True, slots=True)
class KniLink:
    """The observed state of an ingress KNI: True when it is operationally up."""

    remote: str
    up: bool


@dataclass(frozen=True, slots=True)
class OperatorRestart:
    """An operator asked to restart the tunnel; ``request`` is the request's id, repeated in the effect."""

    remote: str
    request: str


@dataclass(frozen=True, slots=True)
class RepairDone:
    """A Restart effect has been carried out; the tunnel need not be up yet.

    ``failure`` says why it could not be (pluto did not answer). A peer that is silent or refuses is none.
    """

    remote: str
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; the instant is ``now``."""


Event = (
    Intended
    | Replacing
    | SecurityAssociations
    | PlutoState
    | ConnectionState
    | ProbeAnswers
    | ProbeFailed
    | Counters
    | KniLink
    | OperatorRestart
    | RepairDone
    | Tick
)

# --- what is to be done ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lower:
    """Take the KNI down now, before anything else."""

    remote: str
    reason: str


@dataclass(frozen=True, slots=True)
class Raise:
    """Bring the KNI up, with its way back for decrypted packets."""

    remote: str
    reason: str


class Probe(NamedTuple):
    """Send one echo request through the tunnel; ``sequence`` has 16 bits, as in ICMP (RFC 792)."""

    remote: str
    destination: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Restart:
    """Repair the tunnel: ``initiate`` one that has no SA, ``restart`` (terminate, initiate), or ``replace``
    its connection. ``request`` is set where an operator asked.
    """

    remote: str
    how: Literal["initiate", "restart", "replace", "complete"]
    reason: str
    request: str = ""


@dataclass(frozen=True, slots=True)
class RestartPluto:
    """Restart the client's pluto: all its tunnels are down for no cause of the peers'."""

    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One record of the log that ``why`` prints: what was decided for which tunnel, on what evidence."""

    remote: str
    what: str
    why: str


Effect = Lower | Raise | Probe | Restart | RestartPluto | Decision


# --- the state of one client ----------------------------------------------------------------------


@dataclass(frozen=True)
class Test:
    """A destination under test. ``begun`` is when its present test began; None: between two tests."""

    target: Target
    schedule: tuple[float, ...]  # when its attempts are made, in seconds after it began
    sequence: int = 0  # of the next attempt
    begun: float | None = None
    first: int = 0  # sequence of the present test's first attempt
    attempts: int = 0  # sent in the present test
    next_at: float = 0.0  # the next attempt, the end of the test, or the beginning of the next
    rhythm: float = 0.0  # when the next test begins that no event asked for
    status: Literal["up", "down", "unknown"] = "unknown"
    owed: int = 1  # tests in a row still to be answered before it is up
    loss: float = 0.0  # smoothed share of attempts lost
    round_trip: float | None = None  # smoothed, seconds
    last_attempt_wall: float | None = None


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
    repairs: int = 0  # in a row without success
    failures: int = 0  # in a row that could not be carried out
    not_before: float | None = None  # the next one
    last_restart_wall: float | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes through the tunnel device, and since when more has gone out and nothing come in."""

    inbound: int
    outbound: int
    since: float


@dataclass(frozen=True)
class Tunnel:
    """Four independent fields (design, section 7) and the evidence behind them."""

    intent: TunnelIntent
    loaded: Loaded = field(default_factory=Loaded)
    negotiation: Negotiation = field(default_factory=Negotiation)
    verdict: Verdict = field(default_factory=Verdict)
    carrying: Carrying = field(default_factory=Carrying)
    tests: tuple[Test, ...] = ()
    inbound: int | None = None  # child SAs; None: not observed yet
    outbound: int | None = None
    pairs: int = 1  # of subnets that have child SAs both ways, while connected
    kni_up: bool | None = None  # None: not observed since it was last raised
    traffic: Traffic | None = None
    proving_until: float | None = None  # new and never up: no alarm before
    past: Past = field(default_factory=Past)
    mending: Mending = field(default_factory=Mending)

    @property
    def connected(self) -> bool:
        """Whether the kernel is known to have child SAs in both directions."""
        return bool(self.inbound and self.outbound)

    @property
    def flaps(self) -> tuple[float, ...]:
        """When it went down by itself, newest last."""
        return self.past.flaps

    @property
    def repairs(self) -> int:
        """Repairs in a row without success."""
        return self.mending.repairs

    @property
    def last_restart_wall(self) -> float | None:
        """When it was last started or restarted."""
        return self.mending.last_restart_wall


@dataclass(frozen=True)
class Client:
    """All that health knows of one client. ``cold``: nothing of it ran before ``started``, so what is not
    proven stays down; else everything stays as found until there is evidence.
    """

    tunnels: tuple[Tunnel, ...] = ()
    pluto_alive: bool | None = None
    started: float = 0.0
    cold: bool = True
    budget: tuple[float, ...] = ()  # recent repairs of the client, for its limit
    next_pluto_restart: float = 0.0  # not before

    def tunnel(self, remote: str) -> Tunnel:
        """The tunnel of a remote; raises KeyError for an unknown one."""
        for tunnel in self.tunnels:
            if tunnel.intent.remote == remote:
                return tunnel
        raise KeyError(remote)
