"""Evidence that comes in, what is known of each tunnel, and what is to be done: the vocabulary of health.

All instants are monotonic seconds (``Now.mono``) unless named ``wall``. A tunnel is named by its remote.
Those without slots are copied with changes (``copying``). What the document wants is in ``wanted``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ipsec_client.dialect.diagnosis import Blocker
from ipsec_client.health.mending import Mending, Past, Traffic
from ipsec_client.health.trial import Test
from ipsec_client.health.wanted import Policy, Question, TunnelIntent

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
    policy: Policy = Policy()


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
class Orphaned:
    """Pluto has an IKE SA for the tunnel, no child SA, and tries for none: it will not come back by itself."""

    remote: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The gateway has answered no message of an established IKE SA, sent again and again, for so long."""

    remote: str
    seconds: float


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
class ProbeRejected:
    """A destination answered a probe otherwise than well: the attempt has failed. ``reason`` says how, as in
    "refuses the connection".
    """

    remote: str
    destination: str
    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class Counters:
    """Bytes through the tunnel device of this index so far. ``last``: it has just ended; another counts anew."""

    remote: str
    inbound: int
    outbound: int
    device: int = 0
    last: bool = False


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
class OperatorFailback:
    """An operator wants traffic back on the preferred tunnels that are up."""


@dataclass(frozen=True, slots=True)
class RepairDone:
    """A Restart effect has been carried out; the tunnel need not be up yet.

    ``failure`` says why it could not be (pluto did not answer). A peer that is silent or refuses is none.
    ``left``: pairs of subnets that it did not begin, since the gateway takes few at once.
    """

    remote: str
    failure: str = ""
    left: int = 0


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; the instant is ``now``."""


Event = (
    Intended
    | Replacing
    | SecurityAssociations
    | PlutoState
    | Orphaned
    | Unanswered
    | ConnectionState
    | ProbeAnswers
    | ProbeFailed
    | ProbeRejected
    | Counters
    | KniLink
    | OperatorRestart
    | OperatorFailback
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
    """Ask through the tunnel; ``sequence`` has 16 bits, as in ICMP (RFC 792). After ``patience`` seconds nobody
    waits for the answer any more.
    """

    remote: str
    destination: str
    sequence: int
    question: Question
    patience: float


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
    connected_at: float | None = None  # since when it has child SAs in both directions
    received: int | None = None  # bytes that had come in through the tunnel device
    heard_at: float | None = None  # when they had last become more
    silent: bool = False  # the gateway answers no IKE, and nothing comes in either
    proving_until: float | None = None  # new and never up: no alarm before
    past: Past = field(default_factory=Past)
    mending: Mending = field(default_factory=Mending)

    @property
    def connected(self) -> bool:
        """Whether the kernel is known to have child SAs in both directions."""
        return bool(self.inbound and self.outbound)

    @property
    def testable(self) -> bool:
        """Whether a probe says anything. Into a tunnel that is being severed it would only wake pluto's trap."""
        return self.connected and not self.mending.severed

    @property
    def carries(self) -> bool:
        """Whether its KNI is raised, and not seen down."""
        return self.carrying.state == "raised" and self.kni_up is not False

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
    policy: Policy = Policy()
    carrier: str | None = None  # the preferred one of those that carry: traffic is on it
    in_use: str | None = None  # where traffic belongs until failback; None: on the preferred one
    away_since: float | None = None  # when another began to carry in place of the one in use

    def tunnel(self, remote: str) -> Tunnel:
        """The tunnel of a remote; raises KeyError for an unknown one."""
        for tunnel in self.tunnels:
            if tunnel.intent.remote == remote:
                return tunnel
        raise KeyError(remote)
