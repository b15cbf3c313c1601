"""The side door: this node's KNIs are a Session Smart Router's, whose network scripts speak to the agent.

The router calls a script for each thing that happens to a KNI, in any order, twice, several at once, and again after
the agent was away: each answer is made from what is, none from what was called before, but for ``shutdown``, after
which the KNI is left alone until it is started again (docs/side-door.md).
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from ipsec_client.base import files
from ipsec_client.base.errors import Fault, InputFault
from ipsec_client.base.sockets import run_folder
from ipsec_client.commands.show_device_interface import state as tunnel_state
from ipsec_client.commands.view import NodeView
from ipsec_client.health import types as h
from ipsec_client.kernel.counters import Device, devices
from ipsec_client.kernel.namespaces import exists
from ipsec_client.plan.build import Plan
from ipsec_client.plan.client import Inside
from ipsec_client.wire.request import Json

log = logging.getLogger(__name__)

HOOKS = ("startup", "init", "monitoring", "reinit", "state", "info", "shutdown")
"""Every script that the router looks for in a KNI's folder."""

MOVING = ("init", "reinit")
"""Those after which the KNI is in its place."""

SCRIPTS = Path("/usr/lib/ipsec-client/network-scripts")
"""Where the package has them."""

UP, DOWN = "up\n", "down\n"
"""What ``monitoring`` prints. A KNI that nothing is known of is down."""


def script_folder() -> Path:
    """Where the router looks: a folder for each KNI of type host; IPSEC_CLIENT_NETWORK_SCRIPTS is another one."""
    elsewhere = os.environ.get("IPSEC_CLIENT_NETWORK_SCRIPTS")
    return Path(elsewhere or "/etc/128technology/plugins/network-scripts/host")


def link_scripts(knis: Iterable[str], folder: Path) -> None:
    """The links from the router's folders to our scripts: of these KNIs, and no others of ours."""
    wanted = set(knis)
    for place in folder.iterdir() if folder.is_dir() else ():
        if place.name not in wanted and any(_is_ours(place / hook) for hook in HOOKS):
            for hook in HOOKS:
                if _is_ours(place / hook):
                    (place / hook).unlink()
            with suppress(OSError):  # somebody else's file is in it
                place.rmdir()
    for kni in sorted(wanted):
        (folder / kni).mkdir(parents=True, exist_ok=True)
        for hook in HOOKS:
            link, target = folder / kni / hook, SCRIPTS / hook
            if link.is_symlink() and link.readlink() == target:
                continue
            link.unlink(missing_ok=True)
            link.symlink_to(target)


def _is_ours(link: Path) -> bool:
    return link.is_symlink() and link.readlink().parent == SCRIPTS


class SideDoor:
    """What the router is told of its KNIs. ``parted`` are those it is about to delete."""

    def __init__(self, marks: Path | None = None) -> None:
        self.parted: frozenset[str] = frozenset()
        self._marks = marks or run_folder() / "kni"
        self._marked: dict[str, str] = {}

    def steps(self, plan: Plan, hook: str, kni: str, given: Mapping[str, Json]) -> bool:
        """Takes note of the hook; whether the node is to be planned anew for it. Raises InputFault."""
        if hook == "shutdown":
            parted = self.parted | {kni} if kni in knis(plan) else self.parted
        elif hook == "startup" or hook in MOVING:
            check(plan, kni, given)
            parted = self.parted - {kni}
        else:
            raise InputFault(f"there is no hook {hook}")
        before, self.parted = self.parted, parted
        return before != parted

    def open(self, plan: Plan) -> None:
        """Gives the router the scripts of the plan's KNIs."""
        try:
            link_scripts(knis(plan), script_folder())
        except OSError as error:
            log.error("cannot link the network scripts: %s", error)

    def close(self) -> None:
        """Takes scripts and notes away: this node is to be nothing any more."""
        self._marked.clear()
        try:
            link_scripts((), script_folder())
            shutil.rmtree(self._marks, ignore_errors=True)
        except OSError as error:
            log.error("cannot remove the network scripts: %s", error)

    def mark(self, plan: Plan | None, client: h.Client) -> None:
        """Notes for ``monitoring``, which must not have to ask anybody, which KNIs are to carry.

        One that nobody has decided on stays as it was, as after a restart of the agent.
        """
        inside = plan.inside if plan else None
        wanted: dict[str, str] = {inside.client.name: UP} if inside else {}
        for tunnel in client.tunnels if inside else ():
            remote = tunnel.intent.remote
            before = self._marked.get(remote) or self._read(remote)
            decided = UP if tunnel.carrying.state == "raised" else DOWN
            wanted[remote] = decided if tunnel.carrying.decided else before
        for kni in wanted.keys() | self._marked.keys():
            self._write(kni, DOWN if kni in self.parted else wanted.get(kni, DOWN))

    def _write(self, kni: str, word: str) -> None:
        if self._marked.get(kni) == word:
            return
        try:
            files.folder(self._marks)
            files.replace(self._marks / kni, word, durable=False)
            self._marked[kni] = word
        except OSError as error:
            log.error("cannot tell the router of %s: %s", kni, error)

    def _read(self, kni: str) -> str:
        with suppress(OSError):
            return UP if (self._marks / kni).read_text() == UP else DOWN
        return DOWN


def knis(plan: Plan) -> list[str]:
    """The KNIs that the document has, also those that are parted with; the egress one first."""
    client = plan.document.client
    return [client.name, *(remote.name for remote in client.remote)] if client else []


def links(plan: Plan | None) -> dict[str, Device]:
    """The devices of the node: the router's, and those KNIs whose other end it keeps to itself."""
    found = devices("")
    if plan and plan.inside and plan.inside.given and exists(plan.inside.client.name):
        inner = devices(plan.inside.client.name)
        found |= {kni: inner[kni] for kni in knis(plan) if kni in inner}
    return found


def check(plan: Plan, kni: str, given: Mapping[str, Json]) -> None:
    """Raises InputFault where the router's KNI is not as the document has it."""
    if kni not in knis(plan):
        raise InputFault(
            f"the document in force has no KNI {kni}", cure=f"It has {', '.join(knis(plan))}"
        )
    if plan.inside is None:
        return
    slot = plan.inside.slots[kni]
    namespace = str(given.get("namespace") or "").partition(":")[0]  # NAME or NAME:ID
    for what, told, wanted in (
        ("kni-ip", given.get("ip"), str(slot.router)),
        ("kni-prefix", given.get("prefix"), str(slot.prefix_length)),
        ("kni-gateway", given.get("gateway"), str(slot.namespace)),
        ("namespace", namespace, plan.inside.client.name),
    ):
        if told and str(told) != wanted:
            raise InputFault(
                f"KNI {kni} has {what} {told}, the document in force {wanted}",
                cure="Commit again, so that router and agent have one configuration",
            )


def check_in_place(inside: Inside | None, kni: str) -> None:
    """Raises Fault unless the KNI is in the client's namespace."""
    if inside is None or not exists(inside.client.name) or kni not in devices(inside.client.name):
        raise Fault(f"KNI {kni} is not in its namespace", cure="See the agent's log")


def state(plan: Plan | None, view: NodeView, kni: str) -> Json:
    """What ``state`` prints: of an ingress KNI the tunnel, of the egress one all of them; {} of any other."""
    if plan is None or kni not in knis(plan):
        return {}
    for tunnel in view.tunnels:
        if tunnel.remote == kni:
            return {"IPSec": tunnel_state(tunnel)}
    return {"IPSec": {"Tunnels": {tunnel.remote: tunnel.verdict for tunnel in view.tunnels}}}


def info(view: NodeView) -> Json:
    """What ``info`` prints: what does not change while the KNI is up."""
    return {"IPSec": {"Document": view.document or "none", **dict(view.versions)}}
