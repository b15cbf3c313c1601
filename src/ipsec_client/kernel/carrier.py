"""Lowering and raising a KNI: the path from evidence to a route that is gone. One message, no wait."""

from __future__ import annotations

from collections.abc import Iterable

from ipsec_client.base.errors import HostFault
from ipsec_client.kernel import rtnetlink
from ipsec_client.kernel.netlink import NETLINK_ROUTE, NLM_F_CREATE, NLM_F_REPLACE, Netlink
from ipsec_client.kernel.rtnetlink import RTM_NEWROUTE, RTM_SETLINK
from ipsec_client.plan.objects import Route


class Carrier:
    """A socket held open inside a client's namespace. The kernel acts within the send, so both calls may be made
    on the agent's loop: no fork, no disk, no thread. A KNI is named, not numbered: one made anew is met too.
    """

    def __init__(self, netns: str) -> None:
        self._netns = netns
        self._kernel = Netlink(NETLINK_ROUTE, netns)

    def lower(self, name: str) -> None:
        """Takes the namespace's end of a KNI down; the router's end then has no carrier. Again does nothing.

        Raises HostFault when the KNI is not there: then it carries nothing either.
        """
        try:
            self._kernel.request(RTM_SETLINK, rtnetlink.link_change(name, up=False))
        except OSError as error:
            raise self._fault("lower", name, error) from error

    def raise_(self, name: str, routes: Iterable[Route]) -> None:
        """Brings the namespace's end up and puts back ``routes``, those over it, which going down removed.

        Both in one message: what comes back for the first packet through the KNI finds its way.
        """
        try:
            link = rtnetlink.find_link(self._kernel, name)
            index = link.index if link else 0
            flags = NLM_F_CREATE | NLM_F_REPLACE
            back = [(RTM_NEWROUTE, rtnetlink.route(route, index), flags) for route in routes]
            up = (RTM_SETLINK, rtnetlink.link_change(name, up=True), 0)
            self._kernel.requests([up, *back])
        except OSError as error:
            raise self._fault("raise", name, error) from error

    def close(self) -> None:
        """Closes the socket; while it is open the kernel keeps the namespace, even an unnamed one."""
        self._kernel.close()

    def _fault(self, verb: str, name: str, error: OSError) -> HostFault:
        return HostFault(f"cannot {verb} KNI {name} in {self._netns}: {error.strerror}")
