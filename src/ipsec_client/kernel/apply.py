"""One step of a plan done to the kernel. Each may be done again without harm; only what bears our mark is removed."""

from __future__ import annotations

import errno

from ipsec_client.base.errors import HostFault
from ipsec_client.kernel import docker, firewall, namespaces, rtnetlink, sysctl
from ipsec_client.kernel.netlink import (
    NETLINK_ROUTE,
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    Netlink,
)
from ipsec_client.kernel.observe import View, ours
from ipsec_client.kernel.rtnetlink import (
    GROUP,
    RTM_DELADDR,
    RTM_DELLINK,
    RTM_DELROUTE,
    RTM_DELRULE,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWROUTE,
    RTM_NEWRULE,
    RTM_SETLINK,
    Link,
)
from ipsec_client.kernel.sysctl import Ledger
from ipsec_client.plan.diff import Step
from ipsec_client.plan.objects import (
    ALIAS,
    DockerRules,
    Firewall,
    Kni,
    Namespace,
    Object,
    Route,
    Rule,
    Sysctl,
    TunnelDevice,
)

FIRST_INDEX = 1 << 20
"""Device numbers of the namespace's ends begin here, far above those the kernel gives the router's ends.

Where the two ends of a veth pair have the same number the kernel takes the loss of carrier for nothing urgent
and tells it up to a second late (linkwatch_urgent_event, net/core/link_watch.c): the failover would wait for it.
"""

GONE = frozenset({errno.ENOENT, errno.ESRCH, errno.ENODEV})


def apply(step: Step, ledger: Ledger) -> str:
    """Does one step about an object of the kernel. Returns "" when done, or what it waits for: a device that is not
    there yet or is down. Raises HostFault when the kernel refuses or somebody else's thing is in the way.
    """
    item = step.object
    if step.verb == "keep":
        return ""
    try:
        if step.verb == "remove":
            _remove(item, ledger)
            return ""
        return _put(item, step.was, ledger)
    except OSError as error:
        raise HostFault(
            f"cannot {step.verb} {item.kind} {item.name}: {error.strerror}", cure=_cure(error)
        ) from error


def _put(item: Object, was: Object | None, ledger: Ledger) -> str:
    match item:
        case Namespace():
            return _put_namespace(item)
        case Firewall():
            firewall.load(item.netns, item.text)
            return ""
        case DockerRules():
            docker.admit(item.devices)
            return ""
        case Sysctl():
            return _put_sysctl(item, ledger)
        case Kni(given=True):
            return _take_in(item)
        case Kni():
            return _put_kni(item)
        case TunnelDevice():
            return _put_tunnel_device(item)
        case Rule():
            return _put_rule(item, was)
        case Route():
            return _put_route(item)
    raise TypeError(f"a {item.kind} is no object of the kernel")


def _remove(item: Object, ledger: Ledger) -> None:
    match item:
        case Namespace():
            _remove_namespace(item.name)
        case Sysctl():
            if not item.netns:
                sysctl.put_back(item.key, ledger)
        case Firewall() if _there(item.netns):
            firewall.unload(item.netns)
        case DockerRules():
            docker.admit(())
        case Kni(given=True):
            _give_back(item)
        case Kni():
            _remove_device("", item.name)
        case TunnelDevice() if _there(item.netns):
            _remove_device(item.netns, item.name)
        case Rule() if _there(item.netns):
            _ask(item.netns, RTM_DELRULE, rtnetlink.rule(item), forgiven=GONE)
        case Route() if _there(item.netns):
            _ask(item.netns, RTM_DELROUTE, rtnetlink.route(item, 0), forgiven=GONE)
        case Firewall() | TunnelDevice() | Rule() | Route():
            pass  # went with its namespace
        case _:
            raise TypeError(f"a {item.kind} is no object of the kernel")


# --- namespace and settings -----------------------------------------------------------------------


def _put_namespace(item: Namespace) -> str:
    if not namespaces.exists(item.name):
        namespaces.create(item.name, _mark_namespace)
        return ""
    if not View.of(item.name).ours:
        raise HostFault(
            f"namespace {item.name} exists already and is not ours",
            cure=f"Remove it (ip netns delete {item.name}) or give the ipsec-client another name",
        )
    _ask(item.name, RTM_SETLINK, rtnetlink.link_change("lo", up=True))
    return ""


def _mark_namespace() -> None:
    _ask("", RTM_SETLINK, rtnetlink.link_change("lo", up=True, alias=ALIAS))


def _remove_namespace(name: str) -> None:
    if namespaces.exists(name) and View.of(name).ours:
        namespaces.delete(name)


def _put_sysctl(item: Sysctl, ledger: Ledger) -> str:
    if item.netns:
        done = sysctl.write(item.netns, item.key, item.value)
    else:
        done = sysctl.set_and_keep(item.key, item.value, ledger)
    return "" if done else f"{item.name} is not there yet"


# --- devices --------------------------------------------------------------------------------------


def _put_kni(item: Kni) -> str:
    with Netlink(NETLINK_ROUTE) as router, Netlink(NETLINK_ROUTE, item.netns) as inside:
        outer = _own_device(router, "", item)
        inner = _own_device(inside, item.netns, item)
        if not _one_pair(outer, inner):
            for kernel, end in ((router, outer), (inside, inner)):
                if end:
                    _request(kernel, RTM_DELLINK, rtnetlink.link_removal(item.name), forgiven=GONE)
            _make_pair(item, inside)
        _set_end(router, item, item.router, up=True)
        _set_end(inside, item, item.namespace, up=None if item.ingress else True)
    return ""


def _take_in(item: Kni) -> str:
    """Moves what the router has made into the namespace; a move takes a device's addresses and its state."""
    with Netlink(NETLINK_ROUTE) as router, Netlink(NETLINK_ROUTE, item.netns) as inside:
        if rtnetlink.find_link(inside, item.name) is None:
            if rtnetlink.find_link(router, item.name) is None:
                return f"{item.name} is not there yet: the router makes it"
            _move(router, item.name, item.netns)
        _set_end(inside, item, item.namespace, up=None if item.ingress else True)
    return ""


def _give_back(item: Kni) -> None:
    """Moves it out again, as the end of the namespace would end it, too."""
    if not _there(item.netns):
        return
    with Netlink(NETLINK_ROUTE, item.netns) as inside:
        if rtnetlink.find_link(inside, item.name):
            inside.request(RTM_SETLINK, rtnetlink.link_change(item.name, up=False, alias=""))
            _move(inside, item.name, "")


def _move(kernel: Netlink, name: str, netns: str) -> None:
    with namespaces.path(netns).open() as there:
        kernel.request(RTM_SETLINK, rtnetlink.link_change(name, netns=there.fileno()))


def _own_device(kernel: Netlink, netns: str, item: Kni | TunnelDevice) -> Link | None:
    link = rtnetlink.find_link(kernel, item.name)
    if link and not ours(link):
        raise _conflict(item, netns)
    return link


def _one_pair(one: Link | None, other: Link | None) -> bool:
    if one is None or other is None:
        return False
    return (one.index, one.peer) == (other.peer, other.index) and one.index != other.index


def _make_pair(item: Kni, inside: Netlink) -> None:
    taken = [link.index for link in rtnetlink.links(inside)]
    index = max(FIRST_INDEX, max(taken) + 1)
    with namespaces.path("").open() as router:
        body = rtnetlink.veth_pair(item.name, index, router.fileno(), item.mtu)
        inside.request(RTM_NEWLINK, body, NLM_F_CREATE | NLM_F_EXCL)


def _set_end(kernel: Netlink, item: Kni, addresses: str, *, up: bool | None) -> None:
    kernel.request(RTM_SETLINK, rtnetlink.link_change(item.name, mtu=item.mtu, alias=ALIAS))
    link = rtnetlink.find_link(kernel, item.name)
    index = link.index if link else 0
    present = {found for number, found in rtnetlink.addresses(kernel) if number == index}
    wanted = addresses.split()
    for extra in present - set(wanted):
        kernel.request(RTM_DELADDR, rtnetlink.address(index, extra))
    for address in wanted:
        if address not in present:
            body = rtnetlink.address(index, address)
            kernel.request(RTM_NEWADDR, body, NLM_F_CREATE | NLM_F_REPLACE)
    if up is not None:
        kernel.request(RTM_SETLINK, rtnetlink.link_change(item.name, up=up))


def _put_tunnel_device(item: TunnelDevice) -> str:
    with Netlink(NETLINK_ROUTE, item.netns) as kernel:
        link = rtnetlink.find_link(kernel, item.name)
        if link is None and item.made_by_us:
            body = rtnetlink.xfrm_interface(item.name, item.if_id)
            kernel.request(RTM_NEWLINK, body, NLM_F_CREATE | NLM_F_EXCL)
            link = rtnetlink.find_link(kernel, item.name)
        if link is None:
            return f"{item.name} is not there yet: pluto makes it when it first connects"
        if link.kind != "xfrm" or link.if_id != item.if_id:
            raise _conflict(item, item.netns)
        if link.group == GROUP and not item.made_by_us:
            _request(kernel, RTM_DELLINK, rtnetlink.link_removal(item.name), forgiven=GONE)
            return f"{item.name} is of no use to this Libreswan, which makes its own"
        sysctl.write(item.netns, f"net/ipv4/conf/{item.name}/rp_filter", "0")
        # pluto makes one and removes it again to try what the kernel can: it may go at any moment.
        # The alias comes last and says that all the rest is done.
        for change in (
            rtnetlink.link_change(item.name, up=True, mtu=item.mtu),
            rtnetlink.link_change(item.name, alias=ALIAS),
        ):
            _request(kernel, RTM_SETLINK, change, forgiven=GONE)
    own = item.made_by_us and link.group != GROUP
    return f"{item.name} is of the pluto before, and goes with it" if own else ""


def _remove_device(netns: str, name: str) -> None:
    with Netlink(NETLINK_ROUTE, netns) as kernel:
        link = rtnetlink.find_link(kernel, name)
        if link and ours(link):
            _request(kernel, RTM_DELLINK, rtnetlink.link_removal(name), forgiven=GONE)


def _conflict(item: Kni | TunnelDevice, netns: str) -> HostFault:
    where = f"in namespace {netns}" if netns else "on this host"
    return HostFault(
        f"cannot make {item.kind} {item.name}: another device of that name is {where}",
        cure=f"Rename or remove that device (ip link show {item.name}), or rename the remote",
    )


# --- rules and routes -----------------------------------------------------------------------------


def _put_rule(item: Rule, was: Object | None) -> str:
    """The new rule is there before the old one leaves."""
    new = rtnetlink.rule(item)
    _ask(
        item.netns, RTM_NEWRULE, new, NLM_F_CREATE | NLM_F_EXCL, forgiven=frozenset({errno.EEXIST})
    )
    if isinstance(was, Rule) and rtnetlink.rule(was) != new:
        _ask(was.netns, RTM_DELRULE, rtnetlink.rule(was), forgiven=GONE)
    return ""


def _put_route(item: Route) -> str:
    with Netlink(NETLINK_ROUTE, item.netns) as kernel:
        index = 0
        if item.dev:
            link = rtnetlink.find_link(kernel, item.dev)
            if link is None:
                return f"{item.dev} is not there yet"
            if not link.admin_up:
                return f"{item.dev} is down"
            index = link.index
        kernel.request(RTM_NEWROUTE, rtnetlink.route(item, index), NLM_F_CREATE | NLM_F_REPLACE)
    return ""


# --- asking ---------------------------------------------------------------------------------------


def _there(netns: str) -> bool:
    return not netns or namespaces.exists(netns)


def _ask(
    netns: str, kind: int, body: bytes, flags: int = 0, *, forgiven: frozenset[int] = frozenset()
) -> None:
    with Netlink(NETLINK_ROUTE, netns) as kernel:
        _request(kernel, kind, body, flags, forgiven=forgiven)


def _request(
    kernel: Netlink, kind: int, body: bytes, flags: int = 0, *, forgiven: frozenset[int]
) -> None:
    try:
        kernel.request(kind, body, flags)
    except OSError as error:
        if error.errno not in forgiven:
            raise


def _cure(error: OSError) -> str:
    if error.errno in (errno.EPERM, errno.EACCES):
        return "It needs root, or CAP_NET_ADMIN and CAP_SYS_ADMIN"
    if error.errno in (errno.EOPNOTSUPP, errno.EAFNOSUPPORT):
        return "This kernel lacks a part: run ipsec-client doctor"
    return ""
