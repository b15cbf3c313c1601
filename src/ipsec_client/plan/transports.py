"""The transports of a service as numbers: what routing rules select by, and what the firewall matches."""

from __future__ import annotations

from ipsec_client.model.elements import Transport

_PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50}
_ICMP_6 = 58


def ports(transport: Transport) -> list[tuple[int, int]]:
    """The first and last port of each of its ranges."""
    return [
        (ports.start_port, ports.start_port if ports.end_port is None else ports.end_port)
        for ports in transport.port_range
    ]


def selectors(transport: Transport | None, family: int) -> list[tuple[int, tuple[int, int] | None]]:
    """Protocol number and ports of each rule that a claim with this transport needs; 0: any protocol."""
    if transport is None:
        return [(0, None)]
    protocol = _PROTOCOLS[transport.protocol]
    if (protocol, family) == (_PROTOCOLS["icmp"], 6):
        protocol = _ICMP_6
    return [(protocol, numbers) for numbers in ports(transport)] or [(protocol, None)]
