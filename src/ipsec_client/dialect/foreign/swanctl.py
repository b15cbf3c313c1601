"""``swanctl.conf`` of strongSwan into tunnels, one for each child of each connection, and the keys in it."""

from __future__ import annotations

from ipsec_client.dialect.foreign import keys
from ipsec_client.dialect.foreign.ipsecconf import (
    AH,
    ALWAYS,
    FOR_EVER,
    NO_GATEWAY,
    NOT_PSK,
    NOT_TUNNEL,
    NOTHING,
)
from ipsec_client.dialect.foreign.making import Making
from ipsec_client.dialect.foreign.settings import Branch, Merging, Value
from ipsec_client.dialect.foreign.settings import read as read_settings
from ipsec_client.dialect.foreign.tunnel import (
    Foreign,
    Key,
    Tunnel,
    is_address,
    named,
    readable,
    shown,
)
from ipsec_client.model.values import HOST


def read(text: str, file: str) -> Foreign:
    """The tunnels and keys in the text; never raises."""
    root, lost = read_settings(text, file)
    making = Making(file, lost)
    merging = Merging(root)
    tunnels: list[Tunnel] = []
    found: list[Key] = []
    for name, branch in root.below.items():
        if name == "connections":
            for connection in branch.below.values():
                tunnels += _Connection(merging.merged(connection), making).tunnels()
        elif name == "secrets":
            found += _keys(merging.merged(branch), making)
        elif branch.below:
            making.lose(branch.line, named(name), NOTHING)
    if merging.left <= 0:
        making.lose(1, "references", "are more than can be followed; some settings are missing")
    return Foreign(tuple(tunnels), tuple(found), tuple(making.lost))


def is_swanctl(text: str) -> bool:
    """Whether the text looks like it, rather than like ``ipsec.conf``."""
    root, _ = read_settings(text, "")
    return "connections" in root.below or "secrets" in root.below


def _keys(secrets: Branch, making: Making) -> list[Key]:
    found = []
    for entry in secrets.below.values():
        if not entry.name.startswith(("ike", "psk")):
            making.lose(entry.line, named(f"secret {entry.name}"), "is no pre-shared key for IKE")
            continue
        secret = keys.value(entry.get("secret"))
        if secret is None:
            making.lose(entry.line, named(f"secret {entry.name}"), keys.UNHELD)
            continue
        ids = [value.text for name, value in entry.values.items() if name.startswith("id")]
        found.append(Key(keys.ids(ids), secret))
    return found


class _Connection:
    """One connection. Settings are taken out of it as they are understood; the rest is lost."""

    def __init__(self, branch: Branch, making: Making) -> None:
        self.branch = branch
        self.making = making
        self.local = self._round("local")
        self.remote = self._round("remote")

    def _round(self, side: str) -> Branch:
        """The first round of authentication of a side."""
        found = [below for name, below in self.branch.below.items() if name.startswith(side)]
        for more in found[1:]:
            self.making.lose(more.line, named(more.name), "there is one round of authentication")
        return found[0] if found else Branch(side, self.branch.line)

    def tunnels(self) -> list[Tunnel]:
        """A tunnel for each child; none where the connection cannot be carried over at all, which is told."""
        hosts = [host.strip() for host in self.branch.get("remote_addrs").split(",")]
        children = self.branch.below.get("children", Branch("children", 0)).below
        why = self._unusable(hosts[0], children)
        if why:
            self.making.lose(self.branch.line, named(f"connection {self.branch.name}"), why)
            return []
        for host in hosts[1:]:
            line = self.branch.values["remote_addrs"].line
            self.making.lose(line, shown("remote_addrs", host), "a remote has one gateway")
        common = Tunnel(self.branch.name, self.making.file, self.branch.line, hosts[0])
        self._connection(common)
        return [
            made
            for child in children.values()
            if (made := self._child(common, child, len(children)))
        ]

    def _unusable(self, host: str, children: dict[str, Branch]) -> str | None:
        if self.local.get("auth") != "psk" or self.remote.get("auth") != "psk":
            return NOT_PSK
        if not readable(HOST, host):
            return NO_GATEWAY
        return None if children else "it has no children, so no network"

    def _connection(self, tunnel: Tunnel) -> None:
        rest = dict(self.branch.values)
        addresses = _take(rest, "local_addrs")
        near = addresses.text.split(",")[0].strip() if addresses else ""
        near = near if is_address(near) else ""
        tunnel.local_id = self._id(self.local)
        tunnel.remote_id = self._id(self.remote)
        tunnel.ours = frozenset(filter(None, (tunnel.local_id, near)))
        tunnel.theirs = frozenset(filter(None, (tunnel.remote_id, tunnel.host)))
        tunnel.local_id = tunnel.local_id or near or None
        version = _take(rest, "version")
        if version and version.text in ("1", "2"):
            tunnel.fields["ike-v2"] = ("no" if version.text == "1" else "insist",)
        if proposals := _take(rest, "proposals"):
            self.making.ike(tunnel, "proposals", proposals.text, proposals.line)
        life = _take(rest, "rekey_time", "reauth_time") or Value("4h", self.branch.line)
        self.making.life(tunnel, "ike-lifetime", "rekey_time", life.text, life.line)
        delay, timeout = _take(rest, "dpd_delay"), _take(rest, "dpd_timeout")
        if delay and delay.text not in ("0", "0s"):
            self.making.life(tunnel, "dpddelay", "dpd_delay", delay.text, delay.line)
            if tunnel.fields.get("ike-v2") == ("no",):
                timeout = timeout or Value("150s", delay.line)
                self.making.life(tunnel, "dpdtimeout", "dpd_timeout", timeout.text, timeout.line)
        if (encap := _take(rest, "encap")) and encap.text == "yes":
            tunnel.fields["encapsulation"] = ("yes",)
        for name in ("mobike", "aggressive", "fragmentation"):
            if (word := _take(rest, name)) and word.text in ("yes", "no"):
                tunnel.options[name] = word.text
            elif word:
                self.making.lose(word.line, shown(name, word.text), NOTHING)
        if (tries := _take(rest, "keyingtries")) and tries.text != "0":
            self.making.lose(tries.line, shown("keyingtries", tries.text), FOR_EVER)
        _take(rest, "remote_addrs")
        self._lose(rest)

    def _id(self, side: Branch) -> str | None:
        rest = dict(side.values)
        _take(rest, "auth")
        found = _take(rest, "id")
        self._lose(rest)
        return self.making.identity("id", found.text, found.line) if found else None

    def _child(self, common: Tunnel, child: Branch, children: int) -> Tunnel | None:
        rest = dict(child.values)
        mode = _take(rest, "mode")
        why = NOT_TUNNEL if mode and mode.text != "tunnel" else AH if "ah_proposals" in rest else ""
        if why:
            self.making.lose(child.line, named(f"child {child.name}"), why)
            return None
        name = common.name if children == 1 else f"{common.name}-{child.name}"
        tunnel = Tunnel(name, common.file, child.line, common.host)
        tunnel.local_id, tunnel.remote_id = common.local_id, common.remote_id
        tunnel.ours, tunnel.theirs = common.ours, common.theirs
        tunnel.fields, tunnel.options = dict(common.fields), dict(common.options)
        tunnel.local_subnet = self._networks(
            rest, "local_ts", next(iter(common.ours), ""), child.line
        )
        tunnel.subnet = self._networks(rest, "remote_ts", common.host, child.line)
        if proposals := _take(rest, "esp_proposals"):
            self.making.esp(tunnel, "esp_proposals", proposals.text, proposals.line)
        if "phase2-modp" in tunnel.fields:
            tunnel.fields["perfect-forward-secrecy"] = ("true",)
        life = _take(rest, "rekey_time", "life_time") or Value("1h", child.line)
        self.making.life(tunnel, "connection-lifetime", "rekey_time", life.text, life.line)
        self._actions(rest, tunnel)
        if window := _take(rest, "replay_window"):
            tunnel.options["replay-window"] = window.text
        self._lose(rest)
        return tunnel

    def _networks(
        self, rest: dict[str, Value], name: str, alone: str, line: int
    ) -> tuple[str, ...]:
        found = _take(rest, name)
        text = found.text if found and found.text != "dynamic" else ""
        return self.making.networks(name, text, found.line if found else line, alone)

    def _actions(self, rest: dict[str, Value], tunnel: Tunnel) -> None:
        action = _take(rest, "dpd_action")
        if action and "dpddelay" in tunnel.fields:
            word = {"trap": "hold", "start": "restart", "none": "clear"}.get(
                action.text, action.text
            )
            self.making.set(tunnel, "dpdaction", "dpd_action", word, action.line)
        start = _take(rest, "start_action")
        if start is None or start.text != "start":
            line = start.line if start else tunnel.line
            self.making.lose(line, shown("start_action", start.text if start else "none"), ALWAYS)

    def _lose(self, rest: dict[str, Value]) -> None:
        for name, value in rest.items():
            self.making.lose(value.line, shown(name, value.text), NOTHING)


def _take(rest: dict[str, Value], *names: str) -> Value | None:
    """The setting of the first of those names that is set, taken out with all the others."""
    taken = [value for name in names if (value := rest.pop(name, None))]
    return taken[0] if taken else None
