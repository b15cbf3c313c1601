"""``ipsec.conf`` of Libreswan, and of strongSwan's starter, into tunnels.

The two share a grammar and most names. Where they differ the file's own words tell which of them it is for.
"""

from __future__ import annotations

from ipsec_client.dialect import options
from ipsec_client.dialect.foreign import sections
from ipsec_client.dialect.foreign.making import Making
from ipsec_client.dialect.foreign.sections import Section, Setting, Settings
from ipsec_client.dialect.foreign.tunnel import (
    Foreign,
    Tunnel,
    is_address,
    named,
    readable,
    shown,
)
from ipsec_client.dialect.series import DEFAULT
from ipsec_client.model.values import HOST

LIBRESWAN, STRONGSWAN = "libreswan", "strongswan"

_STRONGSWANS = frozenset(
    (
        *("charondebug", "closeaction", "reauth", "margintime", "installpolicy", "lifebytes"),
        *("lifepackets", "mark_in", "mark_out", "replay_window", "inactivity", "tfc"),
        *("strictcrlpolicy", "cachecrls", "leftauth2", "rightauth2"),
    )
)
_LIBRESWANS = frozenset(
    (
        *("ikev2", "phase2alg", "phase2", "salifetime", "protostack", "virtual_private"),
        *("virtual-private", "leftsubnets", "rightsubnets", "ipsec-interface", "vti-interface"),
        *("pfs", "rekeymargin", "nat_traversal", "interfaces", "dumpdir"),
    )
)
_MORE_AUTH = tuple(
    side + name for side in ("left", "right") for name in ("auth2", "xauthclient", "xauthserver")
)
_NO = Setting("", 0)
_OUR_SIDE = ("%defaultroute", "%eth", "%ens", "%enp")
"""What only the side of the machine itself begins with."""

NOT_PSK = "its ends know each other by something else than a pre-shared key"
MORE_THAN_PSK = "its ends know each other by more than a pre-shared key"
NOT_TUNNEL = "it is no tunnel of packets between networks"
NO_GATEWAY = "it has no gateway with an address or a name of its own"
AH = "AH does not pass the address translation of the egress"
ALWAYS = "tunnels are started by themselves here, and always up"
FOR_EVER = "a tunnel is tried for ever here"
DAEMON = "is of the daemon; every client here has one of its own, which we set up"
NOTHING = "nothing here stands for it"


def read(text: str, file: str, flavour: str | None = None) -> Foreign:
    """The tunnels in the text; never raises. ``flavour`` is told by the text where it is None."""
    found = sections.read(text, file)
    making = Making(file)
    flavour = flavour or guess(found)
    for name, setting in found.setup.settings.items():
        making.lose(setting.line, shown(name, setting.value), DAEMON)
    tunnels = [
        tunnel
        for section in sections.resolved(found, file)
        if (tunnel := _Translation(section, making, flavour).tunnel())
    ]
    return Foreign(tuple(tunnels), (), (*found.lost, *making.lost))


def guess(found: sections.Sections) -> str:
    """Whose file it is, by names that only one of them has; Libreswan's where nothing tells."""
    parts = [found.setup, *found.conns.values()]
    names = {name for part in parts for name in part.settings}
    strict = any(
        setting.value.endswith("!")
        or (name in ("leftauth", "rightauth") and setting.value == "psk")
        for part in parts
        for name, setting in part.settings.items()
    )
    theirs = len(names & _STRONGSWANS) + 2 * strict
    return STRONGSWAN if theirs > len(names & _LIBRESWANS) else LIBRESWAN


class _Translation:
    """One connection. Settings are taken out of ``rest`` as they are understood; the rest is lost."""

    def __init__(self, section: Section, making: Making, flavour: str) -> None:
        self.section = section
        self.making = making
        self.strong = flavour == STRONGSWAN
        self.rest: Settings = dict(section.settings)
        self.near, self.far = self._sides()

    def _sides(self) -> tuple[str, str]:
        """Which side is ours: the one without an address of its own, else the left one."""
        left, right = (self.rest.get(side, _NO).value for side in ("left", "right"))
        swapped = right.startswith(_OUR_SIDE) and left and not left.startswith(_OUR_SIDE)
        return ("right", "left") if swapped else ("left", "right")

    def _take(self, *names: str) -> Setting | None:
        """The setting of the first of those names that is set, taken out with all the others."""
        taken = [
            setting for name in names if (setting := self.rest.pop(name, None)) and setting.value
        ]
        return taken[0] if taken else None

    def _value(self, *names: str) -> str:
        setting = self._take(*names)
        return setting.value if setting else ""

    def tunnel(self) -> Tunnel | None:
        """The tunnel; None where it cannot be carried over at all, which is told."""
        host = self._take(self.far)
        first, *more = [part.strip() for part in (host.value if host else "").split(",")]
        why = self._unusable(first)
        if why:
            self.making.lose(self.section.line, named(f"conn {self.section.name}"), why)
            return None
        assert host is not None
        for other in more:
            self.making.lose(host.line, shown(self.far, other), "a remote has one gateway")
        tunnel = Tunnel(self.section.name, self.making.file, self.section.line, first)
        self._ends(tunnel)
        self._version(tunnel)
        self._algorithms(tunnel)
        self._times(tunnel)
        self._liveness(tunnel)
        self._others(tunnel)
        self._lose_rest(tunnel)
        return tunnel

    def _unusable(self, host: str) -> str | None:
        authby = self._value("authby").lower()
        auths = {self._value("leftauth").lower(), self._value("rightauth").lower()} - {""}
        if not (authby in ("secret", "psk") or auths) or not auths <= {"psk", "secret"}:
            return NOT_PSK
        if any(self.rest.get(name, _NO).value.lower() not in ("", "no") for name in _MORE_AUTH):
            return MORE_THAN_PSK
        if self._value("type").lower() not in ("", "tunnel"):
            return NOT_TUNNEL
        if not readable(HOST, host) or host == "0.0.0.0":  # noqa: S104
            return NO_GATEWAY
        if self._value("phase2").lower() == "ah" or self._value("ah"):
            return AH
        return None

    def _ends(self, tunnel: Tunnel) -> None:
        near = self._value(self.near)
        address = near if is_address(near) else ""
        for side, attribute in ((self.near, "local_id"), (self.far, "remote_id")):
            setting = self._take(f"{side}id")
            if setting is None:
                continue
            setattr(
                tunnel, attribute, self.making.identity(f"{side}id", setting.value, setting.line)
            )
        tunnel.ours = frozenset(filter(None, (tunnel.local_id, address)))
        tunnel.theirs = frozenset(filter(None, (tunnel.remote_id, tunnel.host)))
        # Without an identity of its own an end is known by its address, and ours has another one here.
        tunnel.local_id = tunnel.local_id or address or None
        tunnel.local_subnet = self._networks(self.near, address)
        tunnel.subnet = self._networks(self.far, tunnel.host)

    def _networks(self, side: str, alone: str) -> tuple[str, ...]:
        setting = self._take(f"{side}subnets", f"{side}subnet")
        value, line = (setting.value, setting.line) if setting else ("", self.section.line)
        return self.making.networks(f"{side}subnet", value, line, alone)

    def _version(self, tunnel: Tunnel) -> None:
        version = self._take("ikev2")
        exchange = self._value("keyexchange").lower()
        if version is not None:
            self.making.set(tunnel, "ike-v2", "ikev2", version.value.lower(), version.line)
        elif exchange == "ikev1":
            tunnel.fields["ike-v2"] = ("no",)
        elif exchange == "ikev2":
            tunnel.fields["ike-v2"] = ("insist",)

    def _algorithms(self, tunnel: Tunnel) -> None:
        if ike := self._take("ike"):
            self.making.ike(tunnel, "ike", ike.value, ike.line)
        if esp := self._take("phase2alg", "esp"):
            self.making.esp(tunnel, "esp", esp.value, esp.line)
        pfs = self._value("pfs").lower()
        wanted = "phase2-modp" in tunnel.fields if self.strong else pfs != "no"
        if wanted:
            tunnel.fields["perfect-forward-secrecy"] = ("true",)
        else:
            tunnel.fields.pop("phase2-modp", None)

    def _times(self, tunnel: Tunnel) -> None:
        for field, names, default in (
            ("ike-lifetime", ("ikelifetime",), "3h"),
            ("connection-lifetime", ("salifetime", "lifetime", "keylife", "ipsec-lifetime"), "1h"),
        ):
            if setting := self._take(*names):
                self.making.life(tunnel, field, names[0], setting.value, setting.line)
            elif self.strong:
                tunnel.fields[field] = (default,)
        if setting := self._take("retransmit-interval"):
            name = "ike-retransmit-interval"
            self.making.set(tunnel, name, "retransmit-interval", setting.value, setting.line)

    def _liveness(self, tunnel: Tunnel) -> None:
        action, delay, timeout = (
            self._take(f"dpd{word}") for word in ("action", "delay", "timeout")
        )
        word = action.value.lower() if action else ""
        word = {"restart_by_peer": "restart", "trap": "hold"}.get(word, word)
        if word == "none" or (self.strong and not word):
            return
        if self.strong:
            delay = delay or Setting("30s", self.section.line)
            timeout = timeout or Setting("150s", self.section.line)
        first_version = tunnel.fields.get("ike-v2") in (("no",), ("never",), ("permit",))
        if delay is None or (first_version and timeout is None):
            return  # Libreswan asks for signs of life only where all that it needs is set
        self.making.life(tunnel, "dpddelay", "dpddelay", delay.value, delay.line)
        if timeout and first_version:
            self.making.life(tunnel, "dpdtimeout", "dpdtimeout", timeout.value, timeout.line)
        if action and word:
            self.making.set(tunnel, "dpdaction", "dpdaction", word, action.line)

    def _others(self, tunnel: Tunnel) -> None:
        for field in ("metric", "mtu"):
            if setting := self._take(field):
                self.making.set(tunnel, field, field, setting.value, setting.line)
        if setting := self._take("encapsulation", "forceencaps"):
            word = setting.value.lower()
            if word != "no" or "encapsulation" in self.section.settings:
                self.making.set(tunnel, "encapsulation", "encapsulation", word, setting.line)
        if self._value("compress").lower() == "yes":
            tunnel.fields["compress"] = ("true",)
        if self._value("remote-peer-type", "remote_peer_type").lower() == "cisco":
            tunnel.fields["remote-peer-type"] = ("cisco",)
        if (auto := self._take("auto")) and auto.value.lower() not in ("start", "up"):
            self.making.lose(auto.line, shown("auto", auto.value), ALWAYS)
        if (tries := self._take("keyingtries")) and tries.value.lower() not in ("%forever", "0"):
            self.making.lose(tries.line, shown("keyingtries", tries.value), FOR_EVER)
        if self.rest.get("rekey", Setting("yes", 0)).value.lower() == "yes":
            self.rest.pop("rekey", None)

    def _lose_rest(self, tunnel: Tunnel) -> None:
        for name, setting in self.rest.items():
            if not setting.value:
                continue
            option, value = self._as_option(name, setting.value.lower())
            reason = options.refuse(option, value, DEFAULT)
            if self.strong and not reason and option not in _COMMON:
                reason = NOTHING
            if reason:
                why = NOTHING if reason == options.UNKNOWN else reason
                self.making.lose(setting.line, shown(name, setting.value), why)
            else:
                tunnel.options[option] = value

    def _as_option(self, name: str, value: str) -> tuple[str, str]:
        """A setting by Libreswan's name."""
        if not self.strong:
            return ("aggressive" if name == "aggrmode" else name), value
        option = {"margintime": "rekeymargin", "replay_window": "replay-window"}.get(name, name)
        if option == "fragmentation" and value not in ("yes", "no"):
            return "fragmentation " + value, value
        return option, value


_COMMON = frozenset(
    (
        *("aggressive", "esn", "fragmentation", "mobike", "rekeyfuzz", "rekeymargin"),
        "reauth",
        "replay-window",
    )
)
"""What Libreswan and strongSwan mean the same by."""
