"""``save tech-support-info``: all that helps to find a fault on this node, in one archive for root. Never a key.

Three walls hold keys back: what has them (the keys' file, documents as kept, the kernel's SAs with their algorithms) is
never read; what we write ourselves writes ``(removed)``; and in every text the keys of the node are replaced.
"""

from __future__ import annotations

import io
import os
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from ipsec_client.agent.shelf import DOCUMENT, state_folder
from ipsec_client.base import files, logs, run
from ipsec_client.base.errors import Fault, HostFault
from ipsec_client.base.secret import REMOVED, Secret
from ipsec_client.commands.catalogue import COMMANDS
from ipsec_client.commands.command import Answer, NodeQuery, Screen
from ipsec_client.commands.grammar import Arguments
from ipsec_client.commands.port import Place
from ipsec_client.commands.view import NodeView
from ipsec_client.config import printer
from ipsec_client.kernel import namespaces, xfrm
from ipsec_client.model.elements import Config
from ipsec_client.pluto.layout import Layout
from ipsec_client.units.port import AGENT, CLIENT, CONDUCTOR, SYSTEMD
from ipsec_client.wire.document import Document, dump

NAME = "tech-support-info"

LONGEST = 4 * 1024 * 1024
"""Bytes of one text; of a longer one the end is kept, which is the newest of a log."""

LARGEST = 64 * 1024 * 1024
"""Bytes of all texts together, before they are compressed."""

SHORTEST_KEY = 4
"""Characters of a key below which replacing it would leave no text whole."""

PROC = (
    *("meminfo", "loadavg", "uptime", "mounts", "stat", "vmstat", "modules", "self/status"),
    *("net/snmp", "net/snmp6", "net/netstat", "net/softnet_stat", "net/sockstat"),
)
LOOKS: Mapping[str, Sequence[str]] = {
    "links": ("ip", "-details", "-statistics", "link", "show"),
    "addresses": ("ip", "address", "show"),
    "neighbours": ("ip", "neighbour", "show"),
    "rules": ("ip", "rule", "show"),
    "rules-6": ("ip", "-6", "rule", "show"),
    "routes": ("ip", "route", "show", "table", "all"),
    "routes-6": ("ip", "-6", "route", "show", "table", "all"),
    "policies": ("ip", "xfrm", "policy"),  # which have no keys; states do
    "nftables": ("nft", "list", "ruleset"),
    "sockets": ("ss", "-tuanp"),
}

Text = tuple[str, Callable[[], str]]
"""A file of the archive, and what makes its text; a Fault or OSError it raises is the text then."""


def save(prefix: str, texts: Iterable[Text], keys: Iterable[Secret]) -> Path:
    """Makes the archive and, beside it, a log of what is in it. Blocks; raises HostFault where there is no room."""
    folder = logs.log_folder()
    path = folder / f"{prefix}{NAME}.tar.gz"
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    hide = _hiding(keys)
    told: list[str] = []
    room = LARGEST
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
            for name, make in texts:
                data = hide(_made(make)).encode(errors="replace")[-min(LONGEST, room) :]
                told.append(f"{name}: {len(data)} bytes" if room else f"{name}: no room")
                if room:
                    _add(archive, f"{NAME}/{name}", data)
                    room -= len(data)
        beside.rename(path)
        files.replace(folder / f"{prefix}{NAME}.log", "".join(f"{line}\n" for line in told))
    except OSError as error:
        raise HostFault(f"cannot write {path}: {error.strerror}", cure="Make room there") from None
    finally:
        beside.unlink(missing_ok=True)
    return path


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(data), 0o600, int(time.time())
    archive.addfile(entry, io.BytesIO(data))


def _made(make: Callable[[], str]) -> str:
    try:
        return make()
    except (Fault, OSError, ValueError) as error:
        return f"cannot be told: {error}\n"


def _hiding(keys: Iterable[Secret]) -> Callable[[str], str]:
    found = sorted({key.reveal() for key in keys}, key=len, reverse=True)
    hidden = [key for key in found if len(key) >= SHORTEST_KEY]

    def hide(text: str) -> str:
        for key in hidden:
            text = text.replace(key, REMOVED)
        return text

    return hide


def keys_of(documents: Iterable[Document]) -> Iterator[Secret]:
    """The keys of these documents."""
    for document in documents:
        for router in document.authority.router:
            for profile in router.ipsec_profile:
                if profile.pre_shared_key:
                    yield profile.pre_shared_key


# --- what is told -----------------------------------------------------------------------------------


def of_commands(view: NodeView) -> Iterator[Text]:
    """What each command that only asks would show of the view."""
    place = Place(view.router, view.node)
    for command in COMMANDS:
        if isinstance(command, NodeQuery):
            yield f"commands/{'-'.join(command.words)}.txt", partial(_shown, command, view, place)


def _shown(query: NodeQuery[Any], view: NodeView, place: Place) -> str:
    nothing = Arguments()
    return query.layout([Answer(place, query.answer(view, nothing))], nothing, Screen())


def of_document(document: Document) -> Iterator[Text]:
    """What the node is to be, without keys."""
    yield "document.json", lambda: dump(document)
    yield "configuration.txt", lambda: printer.write(Config(authority=document.authority))


def of_files(client: str) -> Iterator[Text]:
    """Logs, and the files of state and of pluto that never hold a key."""
    folder = logs.log_folder()
    for log in (*folder.glob("ipsec-*.log"), *folder.glob("ipsec-*.log.1")):
        yield f"logs/{log.name}", partial(_end, log)
    for file in state_folder().glob("*.json"):
        if not file.name.startswith(DOCUMENT):
            yield f"state/{file.name}", partial(_end, file)
    if client:
        layout = Layout.of(client)
        for file in (layout.setup, *layout.conns.glob("*.conf")):
            yield f"pluto/{file.name}", partial(_end, file)


def of_machine(client: str) -> Iterator[Text]:
    """The kernel's state, on the router and in the client's namespace."""
    for name in PROC:
        if Path("/proc", name).exists():
            yield f"proc/{name.replace('/', '-')}", partial(_end, Path("/proc", name))
    yield "proc/disks", _disks
    for netns in ("", client) if client and namespaces.exists(client) else ("",):
        where = netns or "router"
        for name, argv in LOOKS.items():
            yield f"{where}/{name}.txt", partial(_printed, argv, netns)
        yield f"{where}/associations.txt", partial(_associations, netns)
        counted = partial(namespaces.inside, netns, _xfrm_stat)
        yield f"{where}/xfrm-stat.txt", counted


def of_units(client: str) -> Iterator[Text]:
    """What systemd knows of our units, where it runs."""
    if not SYSTEMD.is_dir():
        return
    for unit in (AGENT, CONDUCTOR, *((f"{CLIENT}{client}",) if client else ())):
        name = f"{unit}.service"
        looks = {
            "status": ("systemctl", "--no-pager", "--full", "status", name),
            "properties": ("systemctl", "--no-pager", "show", name),
            "journal": ("journalctl", "--no-pager", "--lines=5000", f"--unit={name}"),
        }
        for what, argv in looks.items():
            yield f"units/{name}.{what}", partial(_printed, argv, "")


def _end(path: Path) -> str:
    with path.open("rb") as file:
        with suppress(OSError):  # what has no end to seek from is read whole
            file.seek(-LONGEST, os.SEEK_END)
        return file.read(LONGEST).decode(errors="replace")


def _printed(argv: Sequence[str], netns: str) -> str:
    inside = namespaces.entered(netns) if netns else None
    done = run.run(argv, deadline=20.0, inside=inside)
    return f"{done.out}{done.err}"


def _xfrm_stat() -> str:
    return Path("/proc/thread-self/net/xfrm_stat").read_text()


def _associations(netns: str) -> str:
    """The SAs by our own reader, which decodes no key."""
    return "".join(
        f"{use.sa.source} > {use.sa.destination} if_id {use.sa.if_id} spi {use.sa.spi:#010x} protocol "
        f"{use.sa.protocol} added {use.added_wall} bytes {use.bytes} packets {use.packets}\n"
        for use in xfrm.uses(netns)
    )


def _disks() -> str:
    lines = []
    for path in (state_folder(), logs.log_folder(), Path("/run"), Path("/tmp")):  # noqa: S108 — looked at only
        with suppress(OSError):
            found = os.statvfs(path)
            free, size = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
            lines.append(f"{path}: {free} of {size} bytes free, {found.f_favail} files\n")
    return "".join(lines)
