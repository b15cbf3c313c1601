"""What both translations have in common: settings go into the fields of a tunnel, or among what is lost."""

from __future__ import annotations

from dataclasses import dataclass, field

from ipsec_client.dialect.foreign import proposals
from ipsec_client.dialect.foreign.tunnel import (
    Lost,
    Tunnel,
    any_network,
    duration,
    identity,
    is_address,
    networks,
    readable,
    shown,
)
from ipsec_client.model.profile import leaf_of

NO_NETWORK = "is no network"
NO_TIME = "is no time that a field can hold"
NO_ALGORITHM = "is no algorithm that a field can hold; its proposal is left out"
WIDER = "all combinations of its algorithms are proposed here, which are more than it has"
CUT = "is cut to 24h, the most that Libreswan keeps an SA"
NO_VALUE = "is no value that the field can have"
NO_IDENTITY = "is no identity that a field can hold"
ANYBODY = "was content with anybody; here it is the gateway's address, or remote-id"


@dataclass(slots=True)
class Making:
    """One file's translation; ``lost`` grows as it goes."""

    file: str
    lost: list[Lost] = field(default_factory=list)

    def lose(self, line: int, what: str, why: str) -> None:
        """Remembers what could not be carried over."""
        self.lost.append(Lost(self.file, line, what, why))

    def set(self, tunnel: Tunnel, name: str, setting: str, value: str, line: int) -> None:
        """One value into a field, as it is."""
        if readable(leaf_of(name).type, value):
            tunnel.fields[name] = (value,)
        else:
            self.lose(line, shown(setting, value), NO_VALUE)

    def life(self, tunnel: Tunnel, name: str, setting: str, value: str, line: int) -> None:
        """A time into a field."""
        read = duration(value)
        if read is None:
            self.lose(line, shown(setting, value), NO_TIME)
            return
        tunnel.fields[name] = (read[0],)
        if read[1]:
            self.lose(line, shown(setting, value), CUT)

    def ike(self, tunnel: Tunnel, setting: str, value: str, line: int) -> None:
        """The proposals of the IKE SA into its three fields."""
        found = self._algorithms(setting, value, line)
        self._put(tunnel, "ike-encryption", found.ciphers)
        self._put(tunnel, "ike-digest", found.digests)
        self._put(tunnel, "ike-modp", found.groups)

    def esp(self, tunnel: Tunnel, setting: str, value: str, line: int) -> None:
        """The proposals of the child SA into its fields; a group among them is for PFS."""
        found = self._algorithms(setting, value, line)
        self._put(tunnel, "phase2-encryption", found.ciphers)
        aead = all(
            any(mode in cipher for mode in ("gcm", "ccm", "poly")) for cipher in found.ciphers
        )
        if not (found.ciphers and aead):
            self._put(tunnel, "phase2-digest", found.digests)
        self._put(tunnel, "phase2-modp", found.groups)
        if found.esn:
            tunnel.options["esn"] = "either" if len(found.esn) > 1 else next(iter(found.esn))

    def _algorithms(self, setting: str, value: str, line: int) -> proposals.Algorithms:
        found = proposals.read(value)
        for word in dict.fromkeys(found.unknown):
            self.lose(line, shown(setting, word), NO_ALGORITHM)
        if found.wider:
            self.lose(line, shown(setting, value), WIDER)
        return found

    def _put(self, tunnel: Tunnel, name: str, values: list[str]) -> None:
        kind = leaf_of(name).type
        kept = tuple(value for value in values if readable(kind, value))
        if kept:
            tunnel.fields[name] = kept

    def identity(self, setting: str, value: str, line: int) -> str | None:
        """An identity; None for what is none, or anybody's."""
        name = None if value.startswith("%any") else identity(value)
        if name is None:
            why = ANYBODY if value.startswith("%any") else NO_IDENTITY
            self.lose(line, shown(setting, value), why)
        return name

    def networks(self, setting: str, value: str, line: int, alone: str) -> tuple[str, ...]:
        """Networks of one end; where none is given it is the address of that end ``alone``."""
        good, bad = networks(value)
        for word in bad:
            self.lose(line, shown(setting, word), NO_NETWORK)
        if value or bad:
            return any_network(good)
        if not is_address(alone):
            why = (
                "is not set and meant that end's own address, which is not known: any network here"
            )
            self.lose(line, setting, why)
            return ()
        return any_network(networks(alone)[0])
