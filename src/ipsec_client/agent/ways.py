"""Where packets may go on this node, as people are shown it: interfaces, service paths, forwarding table. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ipsec_client.commands.particulars import FibView, NetworkView, PathView
from ipsec_client.commands.show_device_interface import STATUS
from ipsec_client.kernel.counters import Device
from ipsec_client.model.access import permission
from ipsec_client.model.definition import value_of
from ipsec_client.model.elements import NextHop, Service, ServicePolicy, ServiceRoute
from ipsec_client.model.interfaces import linux_name
from ipsec_client.plan.build import Plan
from ipsec_client.plan.forwarding import Claim, Forwarding, Interface
from ipsec_client.plan.preference import costs


class Ways:
    """The ways of a plan, given the router's ``devices`` by their Linux names and each remote's verdict."""

    def __init__(
        self, plan: Plan, devices: Mapping[str, Device], verdicts: Mapping[str, str]
    ) -> None:
        self._plan = plan
        self._forwarding = Forwarding(plan.document, plan.tables)
        self._devices = devices
        self._verdicts = verdicts

    def networks(self) -> Iterator[NetworkView]:
        """Every network-interface, once for each of its addresses."""
        for device in self._plan.document.node.device_interface:
            for interface in device.network_interface:
                found = self._devices.get(linux_name(device, interface))
                for address in interface.address or (None,):
                    length = address.prefix_length if address else None
                    yield NetworkView(
                        device=device.name,
                        name=interface.name,
                        forwarding=device.forwarding is not False,
                        vlan=interface.vlan or 0,
                        device_type=value_of(device, "type"),
                        type=value_of(interface, "type"),
                        dhcp=value_of(interface, "dhcp"),
                        address=f"{address.ip_address}/{length}" if address else "",
                        gateway=str(address.gateway or "") if address else "",
                        admin_up=found is not None and found.admin_up,
                        oper_up=found is not None and found.oper_up,
                        giid=interface.global_id,
                    )

    # --- services ---------------------------------------------------------------------------------

    def paths(self) -> Iterator[PathView]:
        """The ways of every service in the order they are used; those that a vector of ``never`` bars are absent.

        The first that is open carries the service's new packets: its state ends in ``*``.
        """
        for service in self._plan.document.authority.service:
            used = False
            for path in self._paths(service):
                is_open = path.state.startswith("Up")
                yield replace(path, state=f"{path.state}*") if is_open and not used else path
                used = used or is_open

    def _paths(self, service: Service) -> Iterator[PathView]:
        prefixes = [str(prefix.network) for prefix in service.address]
        destination = ", ".join(prefixes[:2]) + (f" +{len(prefixes) - 2}" if prefixes[2:] else "")
        priced = costs(self._policy(service))
        hops = self._forwarding.hops(service)
        for interface, hop in hops:
            route = self._route(service, hop)
            vectors = [hop.vector] if hop.vector else list(route.vector or interface.vectors)
            yield PathView(
                service.name, route.name, "service-agent", destination,
                self._next_hop(interface, hop, service), hop.interface, ", ".join(vectors),
                min((cost for name in vectors if (cost := priced.get(name))), default=None),
                self._state(interface),
            )  # fmt: skip
        if not hops:
            for device in self._connected(service):
                state = "Up" if self._is_up(device) else "Down"
                yield PathView(
                    service.name, "", "connected", destination, "", device, "", None, state
                )

    def _route(self, service: Service, hop: NextHop) -> ServiceRoute:
        routes = self._plan.document.router.service_route
        return next(
            route
            for route in routes
            if route.service_name == service.name and any(item is hop for item in route.next_hop)
        )

    def _policy(self, service: Service) -> ServicePolicy | None:
        policies = self._plan.document.authority.service_policy
        return next((item for item in policies if item.name == service.service_policy), None)

    def _next_hop(self, interface: Interface, hop: NextHop, service: Service) -> str:
        versions = {prefix.network.version for prefix in service.address} or {4}
        found = [interface.way(hop, version) for version in sorted(versions)]
        return ", ".join(str(gateway) for gateway in found if gateway)

    def _connected(self, service: Service) -> list[str]:
        networks = [prefix.network for prefix in service.address]
        found = [device for each in networks for device in self._forwarding.connected(each)]
        return list(dict.fromkeys(found))

    def _state(self, interface: Interface) -> str:
        state = "Up" if self._is_up(interface.device) else "Down"
        verdict = self._verdicts.get(interface.device) if interface.kni else None
        return state if verdict is None else f"{state}({STATUS.get(verdict, 'Unknown')})"

    def _is_up(self, device: str) -> bool:
        found = self._devices.get(device)
        return found is not None and found.oper_up

    # --- forwarding -------------------------------------------------------------------------------

    def fib(self) -> Iterator[FibView]:
        """Every prefix with the tenants that may use it, most specific first, and the next hops that are open."""
        for claim in self._forwarding.claims:
            ports, protocol = _transport(claim)
            hops = tuple(self._hops(claim)) or ("unreachable",)
            for tenant in self._tenants(claim.service):
                yield FibView(str(claim.network), ports, protocol, tenant, claim.service.name, hops)

    def _hops(self, claim: Claim) -> Iterator[str]:
        for interface, hop in self._forwarding.hops(claim.service):
            gateway = interface.way(hop, claim.family)
            if gateway is not None and self._is_up(interface.device):
                yield f"{gateway} intf {hop.interface}" if gateway else f"intf {hop.interface}"
        if not self._forwarding.routed(claim.service):
            for device in self._forwarding.connected(claim.network):
                if self._is_up(device):
                    yield f"connected by {device}"

    def _tenants(self, service: Service) -> list[str]:
        """Those of the node's interfaces whose packets the service takes."""
        tenants = dict.fromkeys(item.tenant for item in self._forwarding.interfaces.values())
        return [tenant for tenant in tenants if tenant and permission(service, tenant)]


def _transport(claim: Claim) -> tuple[str, str]:
    if claim.transport is None:
        return "any", "any"
    ranges = [
        str(item.start_port)
        if item.end_port in (None, item.start_port)
        else f"{item.start_port}-{item.end_port}"
        for item in claim.transport.port_range
    ]
    return ", ".join(ranges) or "any", claim.transport.protocol
