"""Configurations as JSON trees of texts, valid ones and ones with a few fields spoilt, made from the definitions."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

from ipsec_client.config.generated import interface_name
from ipsec_client.config.schema.constraints import MUSTS, PATTERNS, REFERENCES, Place
from ipsec_client.model import elements as e
from ipsec_client.model.definition import Element, Leaf, Nested, definition
from ipsec_client.model.slots import DESCRIPTION
from ipsec_client.model.values import AnyType
from tests.config.samples import (
    CLIENT,
    DEVICES,
    GOOD,
    MONITOR_NETWORKS,
    NODES,
    PLUGIN_NETWORKS,
    POLICIES,
    PROFILES,
    REMOTES,
    SERVICES,
    TENANTS,
    good,
    spoilt,
)

Tree = dict[str, Any]


class Where(NamedTuple):
    """One element of a tree."""

    kind: type[Element]
    tree: Tree
    siblings: list[Tree]


def walk(kind: type[Element], tree: Tree, siblings: list[Tree]) -> Iterator[Where]:
    """The element and all below it."""
    yield Where(kind, tree, siblings)
    for nested in definition(kind).nested:
        below = tree.get(nested.name, [])
        for item in below if nested.many else [below] if below is not None else []:
            if isinstance(item, dict):
                yield from walk(nested.element, item, below if nested.many else [])


class _Maker:
    """Makes one valid tree."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.hosts = iter(range(1, 200))

    def _likely(self, chance: float) -> bool:
        return self.random.random() < chance

    def filled(self, kind: type[Element], **texts: Any) -> Tree:
        """An element of those members, with further ones of it set by chance; None is left unset."""
        made = {name.replace("_", "-"): value for name, value in texts.items()}
        for leaf in definition(kind).leaves:
            if leaf.name not in made and (leaf.required or self._likely(0.25)):
                chosen = [good(self.random, kind, leaf) for _ in range(2)]
                made[leaf.name] = sorted(set(chosen)) if leaf.many else chosen[0]
        for nested in definition(kind).nested:
            if nested.name not in made and self._likely(0.25):
                below = self.filled(nested.element)
                made[nested.name] = [below] if nested.many else below
        return {
            name: made[name]
            for name in definition(kind).by_name
            if made.get(name) not in (None, [])
        }

    def authority(self) -> Tree:
        return self.filled(
            e.Authority,
            tenant=[self.filled(e.Tenant, name=name) for name in TENANTS],
            service_policy=[self.filled(e.ServicePolicy, name=name) for name in POLICIES],
            service=[self._service(name) for name in SERVICES],
            router=[self._router(f"r{n}") for n in range(self.random.choice((1, 1, 1, 2)))],
        )

    def _service(self, name: str) -> Tree:
        ranges = [self.filled(e.PortRange, start_port=port) for port in ("500", "4500")]
        transport = [self.filled(e.Transport, protocol="udp", port_range=ranges)]
        sources = self.random.sample((*TENANTS, "nobody"), 2)
        policies = [self.filled(e.AccessPolicy, source=source) for source in sources]
        some = transport if self._likely(0.3) else None
        return self.filled(e.Service, name=name, transport=some, access_policy=policies)

    def _router(self, name: str) -> Tree:
        nodes = NODES[: self.random.choice((1, 1, 2))]
        options = [{"name": "narrowing", "value": "yes"}]
        profiles = [
            self.filled(
                e.IpsecProfile, name=name, custom_option=options if self._likely(0.2) else None
            )
            for name in PROFILES
        ]
        made = [self._node(number, node) for number, node in enumerate(nodes)]
        routes = [
            self.filled(
                e.ServiceRoute,
                name=f"route{number}",
                service_name=self.random.choice(SERVICES),
                next_hop=[self._next_hop(made)],
            )
            for number in range(self.random.randrange(3))
        ]
        return self.filled(
            e.Router, name=name, ipsec_profile=profiles, node=made, service_route=routes
        )

    def _next_hop(self, nodes: list[Tree]) -> Tree:
        node = self.random.choice(nodes)
        interfaces = [*DEVICES.values()]
        for client in node.get("ipsec-client", []):
            interfaces += [interface_name(remote["name"]) for remote in client.get("remote", [])]
        named = node["name"] if len(nodes) > 1 or self._likely(0.8) else "other"
        return self.filled(e.NextHop, node_name=named, interface=self.random.choice(interfaces))

    def _node(self, number: int, name: str) -> Tree:
        devices = [self._device(f"10.{number}.{place}", it) for place, it in enumerate(DEVICES)]
        clients = [self._client()] if self._likely(0.85) else []
        remotes = clients[0].get("remote", []) if clients else []
        devices += [self._generated(it["name"]) for it in remotes if self._likely(0.2)]
        return self.filled(e.Node, name=name, device_interface=devices, ipsec_client=clients)

    def _device(self, network: str, name: str) -> Tree:
        address = self.filled(e.InterfaceAddress, ip_address=f"{network}.1", prefix_length="24")
        interface = self.filled(e.NetworkInterface, name=DEVICES[name], address=[address])
        return self.filled(
            e.DeviceInterface, name=name, description="x", network_interface=[interface]
        )

    def _generated(self, name: str) -> Tree:
        address = {"ip-address": "10.0.0.1", "prefix-length": "33"}
        interface = {"name": interface_name(name), "tenant": "nobody", "address": [address]}
        return {
            "name": name,
            "description": DESCRIPTION,
            "type": "host",
            "network-namespace": CLIENT,
            "network-interface": [interface],
        }

    def _client(self) -> Tree:
        remotes = REMOTES[: self.random.randint(0, 4)]
        made = [self._remote(name) for name in remotes]
        return self.filled(
            e.IpsecClient,
            name=CLIENT,
            remote=made,
            plugin_network=self.random.choice((None, *PLUGIN_NETWORKS[:2])),
            tunnel_monitor_nat_network=self.random.choice((None, *MONITOR_NETWORKS[:3])),
        )

    def _remote(self, name: str) -> Tree:
        destinations = [
            self._destination(address)
            for address in ("8.8.8.8", "one.example", "web")[: self.random.randint(0, 3)]
        ]
        required = self.random.choice((None, "1")) if destinations else None
        monitor = self.filled(
            e.TunnelMonitor, destinations_required=required, destination=destinations
        )
        monitored = self._likely(0.5)
        networks: Tree = {"subnet": None, "local_subnet": None} if monitored else {}
        host = (
            f"198.51.100.{next(self.hosts)}"
            if self._likely(0.8)
            else f"gw{next(self.hosts)}.example"
        )
        return self.filled(
            e.Remote,
            name=name,
            host=host,
            profile=self.random.choice(PROFILES),
            tunnel_monitor=monitor if monitored else None,
            **networks,
        )

    def _destination(self, address: str) -> Tree:
        """One that asks what its protocol knows, within its timeout; no two ask the same."""
        protocol = self.random.choice((None, "icmp", "tcp", "http", "dns"))
        http = (
            {} if protocol == "http" else dict.fromkeys(("path", "host_header", "expected_status"))
        )
        dns = {} if protocol == "dns" else dict.fromkeys(("query", "query_type"))
        fixed: Tree = {"protocol": protocol, **http, **dns}
        if protocol in (None, "icmp", "tcp"):
            fixed["port"] = "443" if protocol == "tcp" else None
        if protocol == "dns":
            fixed["query"] = "name.example"
        limited = self._likely(0.5)
        return self.filled(
            e.MonitorDestination,
            address=address,
            host="host.example" if address == "web" else None,
            timeout=self.random.choice(("10", "2s", "1m")) if limited else "1500ms",
            latency_limit=self.random.choice(("150", "1s", "999ms")) if limited else None,
            **fixed,
        )


def valid(random: Random) -> Tree:
    """A tree of an authority that breaks no rule."""
    return _Maker(random).authority()


BOUND: set[Place] = {*MUSTS, *PATTERNS, *REFERENCES} | {
    (e.NextHop, "node-name"),
    (e.NextHop, "interface"),
    (e.NetworkInterface, "name"),
    (e.NetworkInterface, "vlan"),
    (e.DeviceInterface, "name"),
    (e.DeviceInterface, "target-interface"),
    (e.InterfaceAddress, "ip-address"),
    (e.PortRange, "start-port"),
    (e.Transport, "protocol"),
    (e.Remote, "subnet"),
    (e.Remote, "local-subnet"),
    (e.MonitorDestination, "protocol"),
}
"""Fields that more than their type decides on."""


def each(random: Random) -> Iterator[Tree]:
    """For each field of those, and each value it may be spoilt with, two valid trees with that one value in them."""
    for kind, name in sorted(BOUND, key=lambda place: (place[0].__name__, place[1])):
        for text in 2 * spoilt(kind, definition(kind).by_name[name]) if name else ():
            places: list[Where] = []
            while not places:
                tree = valid(random)
                places = [at for at in walk(e.Authority, tree, []) if _may(at, kind, name)]
            at = random.choice(places)
            many = definition(kind).by_name[name].many
            at.tree[name] = [*at.tree.get(name, [])[:1], text] if many else text
            if _distinct(tree):
                yield tree


def _may(at: Where, kind: type[Element], name: str) -> bool:
    """Whether that field is there, and may be spoilt without breaking a rule that YANG cannot carry."""
    monitored = "tunnel-monitor" in at.tree and name in ("subnet", "local-subnet")
    return at.kind is kind and not monitored and kind is not e.CustomOption


def broken(random: Random) -> Tree:
    """A valid tree with one to three things done to it, after which it is often valid no more."""
    tree = valid(random)
    for _ in range(random.randint(1, 3)):
        before = copy.deepcopy(tree)
        random.choice(_DEEDS)(random, list(walk(e.Authority, tree, [])))
        if not _distinct(tree):
            tree = before
    return tree


def _field(random: Random, places: list[Where]) -> tuple[Where, Leaf]:
    """A field of the tree: each that is defined is as likely, however many elements have it."""
    found: dict[Place, list[tuple[Where, Leaf]]] = {}
    for at in places:
        for leaf in definition(at.kind).leaves:
            if _may(at, at.kind, leaf.name):
                found.setdefault((at.kind, leaf.name), []).append((at, leaf))
    return random.choice(random.choice(list(found.values())))


def _spoil(random: Random, places: list[Where]) -> None:
    at, leaf = _field(random, places)
    text = random.choice(spoilt(at.kind, leaf))
    at.tree[leaf.name] = [*at.tree.get(leaf.name, [])[:1], text] if leaf.many else text


def _forget(random: Random, places: list[Where]) -> None:
    at, leaf = _field(random, places)
    if not leaf.key:
        at.tree.pop(leaf.name, None)


def _remove(random: Random, places: list[Where]) -> None:
    at = random.choice(places)
    # libyang 2 takes a path with a condition, where there is no such node, for an error
    if at.siblings and (at.kind is not e.DeviceInterface or len(at.siblings) > 1):
        at.siblings.remove(at.tree)


def _repeat(random: Random, places: list[Where]) -> None:
    """Another entry like one that is there, under a key of its own; a remote has a gateway of its own too."""
    at = random.choice(places)
    keys = definition(at.kind).keys
    if at.siblings and len(keys) == 1 and keys[0].type.name in GOOD:
        another = copy.deepcopy(at.tree) | {keys[0].name: GOOD[keys[0].type.name](random)}
        if at.kind is e.Remote:
            another["host"] = f"198.51.100.{200 + random.randrange(50)}"
            another.pop("remote-id", None)
            another.pop("tunnel-monitor", None)
        if at.kind is e.MonitorDestination:
            another["host"] = at.tree.get("host", at.tree["address"])
        if at.kind is e.NetworkInterface:
            another.pop("address", None)
        at.siblings.append(another)


_DEEDS: tuple[Callable[[Random, list[Where]], None], ...] = (
    _spoil,
    _spoil,
    _spoil,
    _forget,
    _remove,
    _repeat,
)


def _distinct(tree: Tree) -> bool:
    """Whether no list has two entries of one key, nor a field the same value twice: text has no such thing."""
    for at in walk(e.Authority, tree, []):
        for member in definition(at.kind).members:
            below = at.tree.get(member.name)
            if not member.many or not below:
                continue
            if isinstance(member, Nested):
                keys = definition(member.element).keys
                found = [tuple(_same(key, item[key.name]) for key in keys) for item in below]
            else:
                found = [(_same(member, text),) for text in below]
            if len(set(found)) < len(found):
                return False
    return True


def _same(leaf: Leaf, text: str) -> str:
    """The value as it is compared, where it is one."""
    try:
        value = leaf.type.read(text)
    except ValueError:
        return text
    written: str = leaf.type.write(value)
    return written


def as_json(kind: type[Element], tree: Tree) -> Tree:
    """The tree with numbers and booleans as JSON has them, where the texts are such."""
    made: Tree = {}
    for member in definition(kind).members:
        value = tree.get(member.name)
        if value is None or value == []:
            continue
        if isinstance(member, Nested):
            convert: Callable[[Any], Any] = lambda item, m=member: as_json(m.element, item)  # type: ignore[misc]  # noqa: E731
        else:
            convert = lambda text, m=member: _as_value(m.type, text)  # type: ignore[misc]  # noqa: E731
        made[member.name] = [convert(item) for item in value] if member.many else convert(value)
    return made


def _as_value(kind: AnyType, text: str) -> Any:
    if kind.name == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind.least is not None and re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    return text


def as_text(kind: type[Element], tree: Tree, name: str = "authority") -> str:
    """The tree as an operator might write it: all in quotes, keys inside their blocks."""
    lines = [name]
    for member in definition(kind).members:
        below = tree.get(member.name)
        if below is None:
            continue
        for item in below if member.many else [below]:
            if isinstance(member, Nested):
                lines.append(as_text(member.element, item, member.name))
            else:
                escaped = item.replace("\\", "\\\\").replace('"', '\\"')
                lines.append(f'{member.name} "{escaped}"')
    return "\n".join([*lines, "exit"])
