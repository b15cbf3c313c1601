"""Which packets a capture wants, as a program that the kernel runs on each (classic BPF): others never reach us. Pure.

A filter is terms joined by ``and``: ``host A``, ``net P``, ``port N``, ``tcp``, ``udp``, ``icmp``, ``esp``. The program
begins where IP does. Instructions: linux/bpf_common.h, linux/filter.h.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ipsec_client.base.errors import InputFault

LD_WORD, LD_HALF, LD_BYTE = 0x20, 0x28, 0x30  # absolute
LD_HALF_X, LDX_HEADER = 0x48, 0xB1  # relative to X; X = 4 * (byte & 0xf)
AND, JUMP, EQUAL, SET, RETURN = 0x54, 0x05, 0x15, 0x45, 0x06

INSTRUCTION = struct.Struct("=HBBI")
EVERYTHING = 0x40000  # bytes of an accepted packet
PROTOCOLS = {"tcp": (6, 6), "udp": (17, 17), "icmp": (1, 58), "esp": (50, 50)}
"""The number of each protocol with IPv4 and with IPv6."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
NEXT, REJECT = "next", "reject"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a packet must be: of one of the ``networks`` each at one of its ends, and so on."""

    networks: tuple[Network, ...] = ()
    ports: tuple[int, ...] = ()
    protocols: tuple[str, ...] = ()


def read(text: str) -> Filter:
    """The filter in a text; raises InputFault for what is none."""
    networks: list[Network] = []
    ports: list[int] = []
    protocols: list[str] = []
    for term in text.split(" and ") if text.strip() else ():
        match term.split():
            case [("host" | "net"), address]:
                networks.append(_network(address))
            case ["port", number] if number.isdecimal() and int(number[:6]) <= 0xFFFF:
                ports.append(int(number))
            case [protocol] if protocol in PROTOCOLS:
                protocols.append(protocol)
            case _:
                raise InputFault(
                    f"'{term.strip()}' is no term of a filter",
                    cure="Write host A, net P, port N, tcp, udp, icmp or esp, with 'and' between them",
                )
    return Filter(tuple(networks), tuple(ports), tuple(protocols))


def program(wanted: Filter) -> bytes:
    """The filter as the kernel runs it (SO_ATTACH_FILTER): an array of struct sock_filter."""
    four, six = _body(wanted, 4), _body(wanted, 6)
    start = [
        (LD_BYTE, 0, "", ""),
        (AND, 0xF0, "", ""),
        (EQUAL, 0x40, NEXT, "six"),
    ]
    lines = [*start, *four, ("label", 0, "six", ""), (EQUAL, 0x60, NEXT, REJECT), *six]
    return _assembled(lines)


Line = tuple[int | str, int, str, str]
"""An instruction: its code, its operand, where it jumps if true and if false. Or a label."""


def _body(wanted: Filter, version: int) -> list[Line]:
    """All terms for one version of IP, then the end that accepts."""
    lines: list[Line] = []
    for number, network in enumerate(wanted.networks):
        if network.version != version:
            return [(RETURN, 0, "", "")]
        lines += _ends(network, f"{version}.{number}")
    for name in wanted.protocols:
        lines += [
            (LD_BYTE, 9 if version == 4 else 6, "", ""),
            (EQUAL, PROTOCOLS[name][version == 6], NEXT, REJECT),
        ]
    for number, port in enumerate(wanted.ports):
        lines += _port(port, version, f"port {version}.{number}")
    return [*lines, (RETURN, EVERYTHING, "", "")]


def _ends(network: Network, name: str) -> Iterator[Line]:
    """Source or destination is in the network."""
    size = network.max_prefixlen // 8
    first = 12 if network.version == 4 else 8
    yield from _address(network, first, f"{name} destination")
    yield (JUMP, 0, f"{name} good", "")
    yield ("label", 0, f"{name} destination", "")
    yield from _address(network, first + size, REJECT)
    yield ("label", 0, f"{name} good", "")


def _address(network: Network, at: int, otherwise: str) -> Iterator[Line]:
    mask, wanted = network.netmask.packed, network.network_address.packed
    for place in range(0, len(wanted), 4):
        part = int.from_bytes(mask[place : place + 4], "big")
        if part:
            yield (LD_WORD, at + place, "", "")
            yield (AND, part, "", "")
            yield (EQUAL, int.from_bytes(wanted[place : place + 4], "big"), NEXT, otherwise)


def _port(port: int, version: int, name: str) -> Iterator[Line]:
    """TCP or UDP, a first fragment, and the port at one end."""
    yield (LD_BYTE, 9 if version == 4 else 6, "", "")
    yield (EQUAL, 6, f"{name} has ports", NEXT)
    yield (EQUAL, 17, NEXT, REJECT)
    yield ("label", 0, f"{name} has ports", "")
    if version == 4:
        yield (LD_HALF, 6, "", "")
        yield (SET, 0x1FFF, REJECT, NEXT)
        yield (LDX_HEADER, 0, "", "")
    load, start = (LD_HALF_X, 0) if version == 4 else (LD_HALF, 40)
    yield (load, start, "", "")
    yield (EQUAL, port, f"{name} good", NEXT)
    yield (load, start + 2, "", "")
    yield (EQUAL, port, NEXT, REJECT)
    yield ("label", 0, f"{name} good", "")


def _assembled(lines: Sequence[Line]) -> bytes:
    """Labels become distances; what rejects is the last instruction."""
    code = [line for line in lines if line[0] != "label"]
    places: dict[str, int] = {REJECT: len(code)}
    at = 0
    for line in lines:
        if line[0] == "label":
            places[line[2]] = at
        else:
            at += 1
    written = []
    for here, (kind, operand, true, false) in enumerate(code):
        assert isinstance(kind, int)
        distances = [
            places[label] - here - 1 if label not in ("", NEXT) else 0 for label in (true, false)
        ]
        operands = (0, 0, distances[0]) if kind == JUMP else (*distances, operand)
        written.append(INSTRUCTION.pack(kind, *operands))
    return b"".join([*written, INSTRUCTION.pack(RETURN, 0, 0, 0)])


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InputFault(
            f"'{text}' is no address", cure="Write host 10.1.1.1 or net 10.1.0.0/16"
        ) from None
