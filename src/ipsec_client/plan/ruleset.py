"""Text of an nftables table: chains of rules, always written in the same way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ipsec_client.plan.objects import NFT_TABLE


@dataclass(slots=True)
class Chain:
    """A base chain: its name, its ``type … hook …`` line, its rules in order."""

    name: str
    hook: str
    rules: list[str] = field(default_factory=list)

    def add(self, rule: str) -> None:
        """Appends a rule."""
        self.rules.append(rule)


def table(chains: Iterable[Chain]) -> str:
    """The whole table as nft reads it."""
    lines = [f"table inet {NFT_TABLE} {{"]
    for chain in chains:
        lines += [f"  chain {chain.name} {{", f"    {chain.hook}"]
        lines += [f"    {rule}" for rule in chain.rules]
        lines.append("  }")
    return "\n".join([*lines, "}"]) + "\n"


def clamp(chain: Chain, device: str, size: int | str | None, inwards: int | None = None) -> None:
    """TCP handshakes by the device, both ways, are told this MSS; ``automatic`` (None too): that of the way out.

    ``inwards`` is what automatic means for handshakes that come in, where the way back is not what ``rt mtu``
    would find: the kernel asks for it without the interface, by which a namespace's tables are chosen.
    """
    for direction, automatic in (("oifname", "rt mtu"), ("iifname", inwards or "rt mtu")):
        value = size if isinstance(size, int) else automatic
        chain.add(
            f'{direction} "{device}" tcp flags & (syn | rst) == syn tcp option maxseg size set {value}'
        )


def names(devices: Iterable[str]) -> str:
    """A set of device names, in the order given."""
    return "{ " + ", ".join(f'"{device}"' for device in devices) + " }"
