"""Tries some cases at once: gateways, one commit on the router, traffic, and what both ends say they use."""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from subprocess import DEVNULL

from ipsec_lab.document import Address, ip_networks
from ipsec_lab.errors import LabError
from ipsec_lab.gateways.base import Association
from ipsec_lab.gateways.libreswan import Libreswan, charons
from ipsec_lab.lab import Lab
from ipsec_lab.matrix import configuration, traffic
from ipsec_lab.matrix.combinations import ESP, Case
from ipsec_lab.matrix.configuration import Slot
from ipsec_lab.matrix.rows import Row
from ipsec_lab.matrix.words import esp_told, ike_told, kernel_told
from ipsec_lab.router import LOGS as ROUTER_LOGS
from ipsec_lab.router import PCLI
from ipsec_lab.waiting import wait_until

_PATIENCE = 5.0
"""Seconds that a gateway may hear nothing of a commit."""
_UP = 25.0
"""Seconds that an SA may take: with the largest groups on a machine of one processor some."""
_TRAFFIC = 8.0
_REKEYED = 30.0
_ESTABLISHED = re.compile(r"CHILD_SA \S+ established|established Child SA|IPsec SA established")
_BEGUN = re.compile(r"is initiating a|IKE_SA_INIT|Main Mode|MAIN_")
_COMPLAINT = re.compile(
    r"no matching|no acceptable|inacceptable|NO_PROP|INVALID|failed|not supported|mismatch|refus",
    re.IGNORECASE,
)
_QUICK_GROUP = re.compile(r"initiating Quick Mode .* pfsgroup=(MODP\d+|DH\d+)")
_SA = re.compile(r"^src (?P<src>\S+) dst (?P<dst>\S+)$", re.MULTILINE)
_ENC = re.compile(r"^\s+(?:enc|aead) (?P<name>\S+)(?: 0x(?P<key>[0-9a-f]*))?", re.MULTILINE)
_AUTH = re.compile(r"^\s+auth-trunc (?P<name>\S+) 0x(?P<key>[0-9a-f]+) (?P<icv>\d+)", re.MULTILINE)


class Trials:
    """The trials of one lab; ``logs`` is where those of both ends are kept of what was not as asked."""

    def __init__(self, lab: Lab, logs: Path) -> None:
        self._lab, self._logs = lab, logs
        self._running = False
        self._router = f"Libreswan {lab.router.libreswan_version()}"

    def run(self, placed: Mapping[Slot, Case]) -> list[Row]:
        """A row for each case."""
        begin = time.monotonic()
        for slot, case in placed.items():
            self._load(slot, case)
        self._commit(configuration.text(placed))
        waiting = set(placed)

        def all_there() -> bool:
            self._lab.router.check_running()
            for slot in list(waiting):
                if _ESTABLISHED.search(self._gateway_log(slot)):
                    waiting.discard(slot)
            return not waiting

        if not wait_until(all_there, deadline=_PATIENCE):
            self._urge(waiting)
            wait_until(all_there, deadline=_UP)
        there = {slot: case for slot, case in placed.items() if slot not in waiting}
        answered = self._traffic(there)
        rekeyed = {slot: case for slot, case in there.items() if _to_be_rekeyed(case)}
        if rekeyed:
            self._rekey(rekeyed)
            answered &= self._traffic(there)
        kernel = self._in_kernel()
        seconds = (time.monotonic() - begin) / sum(len(case.tried) for case in placed.values())
        made = {
            slot: self._row(slot, case, answered, kernel.get(slot.host, ""), round(seconds, 2))
            for slot, case in placed.items()
        }
        for slot, row in made.items():
            if row.reason:
                self._keep_logs(slot, row)
        return [
            replace(made[slot], **vars(one), name=one.name)
            for slot, case in placed.items()
            for one in case.tried
        ]

    def _keep_logs(self, slot: Slot, row: Row) -> None:
        """What both daemons have said, and the gateway's kernel, for whoever has to find out why."""
        self._logs.mkdir(parents=True, exist_ok=True)
        name = row.name.replace(" ", "-")
        kernel = "".join(
            self._lab.hosts[slot.name].run(["ip", "-s", "xfrm", *words]).stdout
            for words in (("policy",), ("state", "list", "nokeys"))
        )
        self._logs.joinpath(f"{name}.log").write_text(
            f"{row.reason}\n\n{self._gateway_log(slot)}\n{kernel}\n{self._router_log(slot)}\n"
            f"{self._lab.router.pcli('why')}"
        )

    def _router_log(self, slot: Slot) -> str:
        """What the router's pluto has said of the slot's connection lately."""
        file = f"{ROUTER_LOGS}/ipsec-{self._lab.site.client}.log"
        said = self._lab.router.host.must(["tail", "-n", "400", file])
        return "".join(line for line in said.splitlines(keepends=True) if f"-{slot.name}" in line)

    def _urge(self, slots: Iterable[Slot]) -> None:
        """As an operator who does not wait: a client spends its repairs' budget on so many commits."""
        unheard = [slot.name for slot in slots if not _BEGUN.search(self._gateway_log(slot))]
        commands = [[PCLI, "-c", f"restart ipsec remote {name}"] for name in unheard]
        for process in [self._lab.router.host.start(argv, stdout=DEVNULL) for argv in commands]:
            process.wait()

    def _load(self, slot: Slot, case: Case) -> None:
        remote = self._lab.site.remote(slot.name)
        profile = case.profile()
        whole = ip_networks(("0.0.0.0/0",) if case.inside == 4 else ("::/0",))
        self._lab.gateways[slot.name].load(
            replace(
                remote,
                profile=profile,
                subnets=ip_networks(slot.subnets(case)) or whole,
                local_subnets=ip_networks(slot.local_subnets(case)) or whole,
            )
        )

    def _commit(self, text: str) -> None:
        if self._running:
            self._lab.router.commit(text)
        else:
            self._lab.router.start(text)
            self._running = True

    def _gateway_log(self, slot: Slot) -> str:
        return self._lab.gateways[slot.name].log()

    def _rekey(self, cases: Mapping[Slot, Case]) -> None:
        """The first child of IKEv2 has no exchange of its own (RFC 7296, 1.2): its group shows in the second."""
        for slot in cases:
            try:
                self._lab.gateways[slot.name].rekey_child()
            except LabError:
                continue  # it is gone, or was refused: the row tells

        def done() -> bool:
            return all(
                len(_ESTABLISHED.findall(self._gateway_log(slot))) > 1
                or _COMPLAINT.search(self._gateway_log(slot))
                for slot in cases
            )

        wait_until(done, deadline=_REKEYED)

    def _traffic(self, cases: Mapping[Slot, Case]) -> set[traffic.Asked]:
        targets: list[Address] = [
            target for slot, case in cases.items() for target in slot.targets(case)
        ]
        return self._lab.lan.do(lambda: traffic.asked(targets, _TRAFFIC))

    def _in_kernel(self) -> dict[str, str]:
        """What protects packets to each gateway."""
        client = self._lab.router.client()
        try:
            shown = client.must(["ip", "xfrm", "state"])
        finally:
            client.close()
        return read_kernel(shown)

    def _row(
        self, slot: Slot, case: Case, answered: set[traffic.Asked], in_kernel: str, seconds: float
    ) -> Row:
        gateway, one = self._lab.gateways[slot.name], case.combination
        found = gateway.associations()
        newest = found[-1] if found else Association(0, "", "")
        if isinstance(gateway, Libreswan) and newest.version == 1 and one.group and one.kind == ESP:
            newest = with_group(newest, self._router_log(slot))
        targets = slot.targets(case)
        got = sum(1 for target, _ in answered if target in targets)
        row = Row(
            **vars(one),
            date=time.strftime("%Y-%m-%d"),
            name=one.name,
            outside=case.outside,
            inside=case.inside,
            form=case.form,
            esn=case.esn,
            gateway=f"{gateway.software} {gateway.version}",
            router=self._router,
            kernel=platform.release(),
            ike=newest.ike,
            esp=newest.esp,
            in_kernel=in_kernel,
            sent=len(targets) * len(traffic.SIZES),
            answered=got,
            seconds=seconds,
            reason="",
        )
        return replace(row, reason=self._reason(slot, case, newest, row))

    def _reason(self, slot: Slot, case: Case, found: Association, row: Row) -> str:
        """What is not as asked, in words; empty if nothing is."""
        if not found.esp:
            return f"no child SA after {_UP:g} s{self._complaint(slot)}"
        ike, esp = case.ike, case.esp
        group = esp[2] if case.combination.version == 1 or _to_be_rekeyed(case) else ""
        asked = {
            "version of IKE": (found.version, case.combination.version),
            "IKE SA": (found.ike, ike_told(*ike)),
            "child SA": (found.esp, esp_told(esp[0], esp[1], group, esn=case.esn)),
            "kernel": (row.in_kernel, kernel_told(esp[0], esp[1])),
        }
        for what, (have, wanted) in asked.items():
            if have != wanted:
                return f"{what} is {have}, {wanted} was asked{self._complaint(slot)}"
        if row.answered < row.sent:
            return f"{row.sent - row.answered} of {row.sent} sizes had no answer"
        return ""

    def _complaint(self, slot: Slot) -> str:
        lines = [line for line in self._gateway_log(slot).splitlines() if _COMPLAINT.search(line)]
        words = re.sub(r"^.*?\[\w+\] (?:<[^>]*> )?", "", lines[-1]) if lines else ""
        return f"; the gateway: {words}" if words else ""


def with_group(found: Association, log: str) -> Association:
    """With the group of the newest quick mode, which pluto tells as initiator alone; a responder refuses another."""
    asked = _QUICK_GROUP.findall(log)
    return replace(found, esp=f"{found.esp}/{charons(asked[-1])}") if asked else found


def _to_be_rekeyed(case: Case) -> bool:
    one = case.combination
    return one.kind == ESP and one.version == 2 and bool(one.group)


def read_kernel(shown: str) -> dict[str, str]:
    """The algorithms in what ``ip xfrm state`` shows, by the gateway an SA leads to; as ``kernel_told`` writes them."""
    found = {}
    heads = list(_SA.finditer(shown))
    for head, following in zip_longest(heads, heads[1:]):
        block = shown[head.end() : following.start() if following else len(shown)]
        cipher, digest = _ENC.search(block), _AUTH.search(block)
        if cipher is None:
            continue
        told = f"{cipher['name']} {len(cipher['key'] or '') * 4}"
        if digest is not None:
            told += f", {digest['name']} {len(digest['key']) * 4}/{digest['icv']}"
        found[head["dst"]] = told
    return found
