"""What is there of a plan: everything on the router and in a client's namespace that bears our mark. Changes nothing.

What is not whole (an end that is down, a device without its alias) is told with a field that no plan has, so
that the plan repairs it. What means the same to the kernel as a wanted object is told as that object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ipsec_client.base.errors import HostFault
from ipsec_client.kernel import docker, firewall, namespaces, rtnetlink, sysctl
from ipsec_client.kernel.netlink import NETLINK_ROUTE, Netlink
from ipsec_client.kernel.rtnetlink import GROUP, Link
from ipsec_client.kernel.sysctl import Ledger
from ipsec_client.plan.objects import (
    ALIAS,
    DockerRules,
    Firewall,
    KernelObject,
    Kni,
    Namespace,
    Object,
    Phase,
    Route,
    Rule,
    Sysctl,
    TunnelDevice,
)


@dataclass(frozen=True, slots=True)
class View:
    """One namespace at one instant; ``netns`` ``""`` is the router's own."""

    netns: str
    links: dict[str, Link]
    addresses: dict[int, tuple[str, ...]]
    routes: tuple[Route, ...]
    rules: tuple[Rule, ...]

    @classmethod
    def of(cls, netns: str) -> View:
        """What the kernel shows now."""
        with Netlink(NETLINK_ROUTE, netns) as kernel:
            links = rtnetlink.links(kernel)
            addresses: dict[int, tuple[str, ...]] = {}
            for index, address in rtnetlink.addresses(kernel):
                addresses[index] = (*addresses.get(index, ()), address)
            return cls(
                netns,
                {link.name: link for link in links},
                addresses,
                tuple(rtnetlink.routes(kernel, netns, links)),
                tuple(rtnetlink.rules(kernel, netns)),
            )

    @property
    def ours(self) -> bool:
        """Whether the namespace itself bears our mark."""
        return self.links["lo"].alias == ALIAS


def ours(link: Link) -> bool:
    """Whether a device bears our mark: the group it was born with, or the alias where pluto made it."""
    return link.group == GROUP or link.alias == ALIAS


def observe(clients: Iterable[str], wanted: Iterable[Object], ledger: Ledger) -> list[KernelObject]:
    """Everything that bears our mark on the router and in the namespaces of ``clients`` (the present one, and a
    former one that is still to be removed). ``wanted`` says which settings to read. Not for the loop: nft runs
    once for each new text of a firewall.
    """
    plan = list(wanted)
    router = View.of("")
    inside = [View.of(name) for name in clients if namespaces.exists(name)]
    inside = [view for view in inside if view.ours]
    found: list[KernelObject] = list(_firewalls([router, *inside], plan))
    found += _docker_rules(plan)
    found += [Namespace(view.netns) for view in inside if view.links["lo"].admin_up]
    found += _sysctls({view.netns for view in inside}, plan, ledger)
    found += _knis(router, inside, plan)
    for view in inside:
        found += _tunnel_devices(view)
    for view in (router, *inside):
        found += _routing(view, plan)
    return found


def _firewalls(views: Iterable[View], plan: list[Object]) -> Iterator[Firewall]:
    texts = {item.netns: item.text for item in plan if isinstance(item, Firewall)}
    for view in views:
        there = firewall.fingerprint(view.netns)
        if there is not None:
            text = texts.get(view.netns, "")
            yield Firewall(view.netns, text if _makes(text, there) else there)


def _docker_rules(plan: list[Object]) -> Iterator[DockerRules]:
    """As wanted where there is no Docker."""
    wanted = next((item.devices for item in plan if isinstance(item, DockerRules)), ())
    if there := docker.admitted(wanted):
        yield DockerRules(there)


def _makes(text: str, there: str) -> bool:
    try:
        return firewall.expected(text) == there
    except HostFault:  # told when it is put in force
        return False


def _sysctls(present: set[str], plan: list[Object], ledger: Ledger) -> Iterator[Sysctl]:
    left = sysctl.changed(ledger)
    for item in plan:
        if isinstance(item, Sysctl) and (not item.netns or item.netns in present):
            value = sysctl.read(item.netns, item.key)
            if value is not None:
                yield replace(item, value=value)
            if not item.netns:
                left.pop(item.key, None)
    for key in left:
        yield Sysctl("", key, sysctl.read("", key) or "")


def _knis(router: View, inside: list[View], plan: list[Object]) -> Iterator[Kni]:
    """Which KNI is an ingress one no kernel knows: it is told as the plan has it."""
    egress = {item.name for item in plan if isinstance(item, Kni) and not item.ingress}
    yield from _given_knis(router, inside, egress)
    for link in router.links.values():
        if link.kind != "veth" or not ours(link):
            continue
        view, end = _other_end(link, inside)
        ingress = link.name not in egress
        yield Kni(
            name=link.name,
            netns=view.netns if view else "",
            router=_whole(router, link, up=True),
            namespace=_whole(view, end, up=not ingress) if view and end else "",
            ingress=ingress,
            mtu=link.mtu if end and end.mtu == link.mtu else 0,
        )


def _given_knis(router: View, inside: list[View], egress: set[str]) -> Iterator[Kni]:
    """Those whose other end the router keeps to itself."""
    for view in inside:
        for link in view.links.values():
            own = router.links.get(link.name)
            if (
                link.alias != ALIAS
                or link.name == "lo"
                or link.kind == "xfrm"
                or (own and ours(own))
            ):
                continue
            ingress = link.name not in egress
            namespace = _whole(view, link, up=not ingress)
            yield Kni(link.name, view.netns, "", namespace, ingress, link.mtu, given=True)


def _other_end(link: Link, inside: list[View]) -> tuple[View | None, Link | None]:
    for view in inside:
        end = view.links.get(link.name)
        if end and end.kind == "veth" and (end.index, end.peer) == (link.peer, link.index):
            return view, end
    return None, None


def _whole(view: View, link: Link, *, up: bool) -> str:
    """The end's address; nothing where its alias is missing or it is down and ought to be ``up``."""
    if link.alias != ALIAS or (up and not link.admin_up):
        return ""
    return " ".join(view.addresses.get(link.index, ()))


def _tunnel_devices(view: View) -> Iterator[TunnelDevice]:
    for link in view.links.values():
        if link.kind == "xfrm" and ours(link):
            mtu = link.mtu if link.admin_up and link.alias == ALIAS else 0
            yield TunnelDevice(link.name, view.netns, link.if_id, mtu, link.group == GROUP)


def _routing(view: View, plan: list[Object]) -> Iterator[Route | Rule]:
    meant = {
        _meaning(item): item
        for item in plan
        if isinstance(item, (Route, Rule)) and item.netns == view.netns
    }
    # Of two rules of ours that differ in priority alone the unwanted one must be seen: the last one is.
    rules = sorted(view.rules, key=lambda rule: _meaning(rule) not in meant)
    found: list[Route | Rule] = [*view.routes, *rules]
    for item in found:
        yield meant.get(_meaning(item)) or _leftover(item)
    ingress = {item.name for item in plan if isinstance(item, Kni) and item.ingress}
    for item in meant.values():
        if isinstance(item, Route) and item.dev in ingress and _sleeps(item, view):
            yield item


def _meaning(item: Route | Rule) -> tuple[str, bytes]:
    """Equal where the kernel keeps two objects as one and the same."""
    if isinstance(item, Route):
        return item.dev, rtnetlink.route(item, 0)
    return "", rtnetlink.rule(item)


def _leftover(item: Route | Rule) -> Route | Rule:
    """What holds packets back on the router leaves last, as it came first."""
    holds = not item.netns and (isinstance(item, Rule) or not item.dev)
    return replace(item, phase=Phase.GUARD) if holds else item


def _sleeps(route: Route, view: View) -> bool:
    """A lowered KNI takes the namespace's route over it along; raising it puts the route back."""
    link = view.links.get(route.dev)
    return bool(route.netns) and link is not None and not link.admin_up
