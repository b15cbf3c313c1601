"""What can be broken in the lab, and how it is healed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ipsec_lab.document import Remote
from ipsec_lab.errors import LabError
from ipsec_lab.gateways.base import Gateway
from ipsec_lab.host import Host
from ipsec_lab.nameserver import NameServer
from ipsec_lab.topology import UPLINK, link_name

GATEWAY_SILENT: Final = "gateway-silent"
PEER_DELETES: Final = "peer-deletes"
KNI_FORCED_DOWN: Final = "kni-forced-down"
CHILD_DELETED: Final = "child-deleted"
SA_MISSING: Final = "sa-missing"
ESP_DROPPED: Final = "esp-dropped"
PEER_FORGETS: Final = "peer-forgets"
PEER_REBOOTS: Final = "peer-reboots"
PEER_RESTARTS: Final = "peer-restarts"
DNS_SILENT: Final = "dns-silent"
GATEWAY_MOVES: Final = "gateway-moves"
LOSS: Final = "loss"
DELAY: Final = "delay"

CAUSES = {
    GATEWAY_SILENT: "the provider drops every packet from and to the gateway",
    PEER_DELETES: "the gateway deletes the SAs and says so",
    KNI_FORCED_DOWN: "the KNI's end in the client's namespace is set down",
    CHILD_DELETED: "the gateway deletes the child SA alone and says so; the IKE SA stays",
    SA_MISSING: "the gateway's kernel loses the SA towards the client; its daemon does not know",
    ESP_DROPPED: "the provider drops ESP from and to the gateway, and passes IKE",
    PEER_FORGETS: "the gateway ends its SAs without a word, as after its own dead peer detection",
    PEER_REBOOTS: "the gateway's daemon and kernel state end without a word, and it starts again",
    PEER_RESTARTS: "the gateway's daemon ends, says so, and starts again",
    DNS_SILENT: "the provider's name server does not answer for the gateway's name",
    GATEWAY_MOVES: "the name server tells the gateway's other address; the old one still answers",
    LOSS: "this part of the packets is lost, each way (10% unless given)",
    DELAY: "packets take this much longer, each way (100ms unless given)",
}

AT_GATEWAY: Mapping[str, Callable[[Gateway], None]] = {
    PEER_DELETES: lambda gateway: gateway.drop(),
    CHILD_DELETED: lambda gateway: gateway.drop_child(),
    SA_MISSING: lambda gateway: gateway.lose_outbound(),
    PEER_FORGETS: lambda gateway: gateway.forget(),
    PEER_REBOOTS: lambda gateway: gateway.crash(),
    PEER_RESTARTS: lambda gateway: gateway.restart(),
}
"""What a gateway does once; there is nothing to heal."""

PROVIDER_RULES = """\
table inet lab {
    set silent { type ipv4_addr; }
    set silent_six { type ipv6_addr; }
    set without_esp { type ipv4_addr; }
    set without_esp_six { type ipv6_addr; }
    chain forward {
        type filter hook forward priority 0
        ip saddr @silent drop
        ip daddr @silent drop
        ip6 saddr @silent_six drop
        ip6 daddr @silent_six drop
        ip saddr @without_esp meta l4proto esp drop
        ip daddr @without_esp meta l4proto esp drop
        ip saddr @without_esp udp sport 4500 @th,64,32 != 0 drop
        ip daddr @without_esp udp dport 4500 @th,64,32 != 0 drop
        ip6 saddr @without_esp_six meta l4proto esp drop
        ip6 daddr @without_esp_six meta l4proto esp drop
        ip6 saddr @without_esp_six udp sport 4500 @th,64,32 != 0 drop
        ip6 daddr @without_esp_six udp dport 4500 @th,64,32 != 0 drop
    }
}
"""
"""On the provider from the beginning, so that silence is one change of one set. On UDP 4500 IKE begins with four
zero octets (RFC 3948, section 2.2).
"""


@dataclass(frozen=True)
class Trouble:
    """What is wrong with one remote at present."""

    silent: bool = False
    without_esp: bool = False
    kni_down: bool = False
    dns_silent: bool = False
    moved: bool = False
    loss_percent: float = 0.0
    delay_ms: float = 0.0


SOUND = Trouble()


class Causes:
    """Breaks and heals. It remembers what is broken, so both may be asked for twice."""

    def __init__(
        self,
        provider: Host,
        gateways: Mapping[str, tuple[Remote, Host, Gateway]],
        client: Callable[[], Host],
        names: NameServer,
    ) -> None:
        """``client`` gives the client's namespace, which the product makes and may make anew."""
        self._provider, self._gateways, self._client = provider, gateways, client
        self._names = names
        self._troubles = dict.fromkeys(gateways, SOUND)
        provider.nft(PROVIDER_RULES)

    def break_(self, cause: str, remote: str, amount: str | None = None) -> None:
        """Let ``cause`` happen to ``remote``; ``amount`` is a loss in percent or a delay, as `5%`, `20ms`."""
        trouble = self._trouble(remote)
        if cause == GATEWAY_SILENT:
            self._become(remote, replace(trouble, silent=True))
        elif cause in AT_GATEWAY:
            AT_GATEWAY[cause](self._gateways[remote][2])
        elif cause == ESP_DROPPED:
            self._become(remote, replace(trouble, without_esp=True))
        elif cause == KNI_FORCED_DOWN:
            self._become(remote, replace(trouble, kni_down=True))
        elif cause in (DNS_SILENT, GATEWAY_MOVES):
            self._names.named(self._gateways[remote][0])
            silent, moved = cause == DNS_SILENT, cause == GATEWAY_MOVES
            self._become(
                remote,
                replace(
                    trouble,
                    dns_silent=trouble.dns_silent or silent,
                    moved=trouble.moved or moved,
                ),
            )
        elif cause == LOSS:
            percent = _amount(amount or "10%", "%")
            self._become(remote, replace(trouble, loss_percent=percent))
        elif cause == DELAY:
            self._become(remote, replace(trouble, delay_ms=_amount(amount or "100ms", "ms")))
        else:
            raise LabError(f"there is no cause {cause}", cure=f"The causes are {', '.join(CAUSES)}")

    def heal(self, remote: str | None = None) -> None:
        """Undo all that was done to a remote, or to every one."""
        for name in self._gateways if remote is None else (remote,):
            self._trouble(name)
            self._become(name, SOUND)

    def _trouble(self, remote: str) -> Trouble:
        if remote not in self._troubles:
            known = ", ".join(self._troubles)
            raise LabError(f"there is no remote {remote}", cure=f"The remotes are {known}")
        return self._troubles[remote]

    def _become(self, remote: str, new: Trouble) -> None:
        old, self._troubles[remote] = self._troubles[remote], new
        if old.silent != new.silent:
            self._provider.nft(self._members("silent", lambda trouble: trouble.silent))
        if old.without_esp != new.without_esp:
            self._provider.nft(self._members("without_esp", lambda trouble: trouble.without_esp))
        if (old.loss_percent, old.delay_ms) != (new.loss_percent, new.delay_ms):
            self._impair(remote, new)
        if (old.dns_silent, old.moved) != (new.dns_silent, new.moved):
            name = self._gateways[remote][0].host_name
            self._names.tell(name, moved=new.moved, silent=new.dns_silent)
        if old.kni_down != new.kni_down:
            self._client().ip(f"link set {remote} {'down' if new.kni_down else 'up'}")

    def _members(self, which: str, belongs: Callable[[Trouble], bool]) -> str:
        """Two sets of the provider's, anew: the addresses of the gateways whose trouble belongs in them."""
        rules = ""
        for version, name in ((4, which), (6, f"{which}_six")):
            hosts = [
                str(host)
                for remote, trouble in self._troubles.items()
                for host in self._gateways[remote][0].hosts
                if belongs(trouble) and host.version == version
            ]
            rules += f"flush set inet lab {name}\n"
            if hosts:
                rules += f"add element inet lab {name} {{ {', '.join(hosts)} }}\n"
        return rules

    def _impair(self, remote: str, trouble: Trouble) -> None:
        _, gateway, _ = self._gateways[remote]
        netem = f"netem loss {trouble.loss_percent:g}% delay {trouble.delay_ms:g}ms"
        for host, device in (
            (self._provider, link_name(self._gateways[remote][0])),
            (gateway, UPLINK),
        ):
            host.must(["tc", "qdisc", "replace", "dev", device, "root", *netem.split()])


def _amount(text: str, unit: str) -> float:
    found = re.fullmatch(rf"(\d+(?:\.\d+)?)(?:{unit})?", text)
    if found is None:
        raise LabError(f"{text} is not an amount in {unit}", cure=f"Write it as 10{unit}")
    return float(found[1])
