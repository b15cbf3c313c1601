"""Names that become devices and namespaces, and how many of what a node may have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipsec_client.config.findings import Finding, error, warning
from ipsec_client.config.generated import interface_name
from ipsec_client.config.rules.scope import Place
from ipsec_client.model.definition import Path
from ipsec_client.model.interfaces import LONGEST_DEVICE, linux_name

MOST_REMOTES = 4
"""Remotes that a client may have (page, PLUGIN-630)."""

_CHOOSE = "Choose another name"
_RENAME = "Rename one of them"
_LIBRESWANS = re.compile(r"ipsec\d+")
_LINUX = frozenset({"all", "default", "lo"})  # devices, or what sysctl calls them together


def names(place: Place) -> Iterator[Finding]:
    """Names that are reserved, and names that stand for two things."""
    client = place.client
    if client is None:
        return
    path = (*place.client_path, "name")
    for prefix in ("ipsec", "mast"):
        if client.name.startswith(prefix):
            said = f"begins with {prefix}, by which Libreswan knows its own devices"
            yield error(path, said, _CHOOSE)
    if not client.name[:1].isalpha():
        yield error(path, "does not begin with a letter, as a namespace must", _CHOOSE)
    for remote in place.remotes:
        if _LIBRESWANS.fullmatch(remote.name):
            said = "is a name that Libreswan gives to devices of its own"
            yield error((*place.remote_path(remote), "name"), said, _CHOOSE)
    yield from _ambiguous(place)


def _ambiguous(place: Place) -> Iterator[Finding]:
    assert place.client
    devices = {device.name: f"device-interface {device.name}" for device in place.own}
    devices |= {
        device.target_interface: f"the target-interface of device-interface {device.name}"
        for device in place.own
        if device.target_interface
    }
    knis: list[tuple[str, str, Path]] = [
        (place.client.name, f"ipsec-client {place.client.name}", place.client_path)
    ]
    knis += [
        (remote.name, f"remote {remote.name}", place.remote_path(remote))
        for remote in place.remotes
    ]
    for name, what, path in knis:
        if name in _LINUX:
            yield error((*path, "name"), "is a name that Linux keeps for itself", _CHOOSE)
        elif name in devices:
            yield error((*path, "name"), f"is the name of {devices[name]} too", _RENAME)
        devices.setdefault(name, what)
        if interface_name(name) in place.interfaces:
            device, interface = place.interfaces[interface_name(name)]
            said = f"{interface.name} is on device-interface {device.name} already"
            yield error((*path, "name"), f"would make a network-interface, but {said}", _RENAME)


def interfaces(place: Place) -> Iterator[Finding]:
    """Network interfaces of one name, which a next-hop could not tell apart, and those that Linux could not."""
    met: dict[str, str] = {}
    for device in place.own:
        for interface in device.network_interface:
            path = place.interface_path(device, interface)
            first, _ = place.interfaces[interface.name]
            if first is not device:
                yield error(path, f"is on device-interface {first.name} too", _RENAME)
            linux = linux_name(device, interface)
            if len(linux) > LONGEST_DEVICE:
                said = f"would be {linux} in Linux, where names have {LONGEST_DEVICE} characters"
                yield error((*path, "vlan"), said, "Name the device by a short target-interface")
            elif linux in met:
                said = f"is {linux} in Linux, as network-interface {met[linux]} is"
                yield error(path, said, "Give each of them a vlan or a device of its own")
            met.setdefault(linux, interface.name)


def counts(place: Place) -> Iterator[Finding]:
    """How many clients a node has, and how many remotes a client."""
    for client in place.node.ipsec_client[1:]:
        path = (*place.path, "ipsec-client", client.name)
        yield error(path, "is a second ipsec-client; a node has one", "Remove it, or move it")
    for remote in place.remotes[MOST_REMOTES:]:
        said = f"is one remote more than the {MOST_REMOTES} a client may have"
        yield error(place.remote_path(remote), said, "Remove it")
    if place.client and not place.remotes:
        yield warning(place.client_path, "has no remote, so it does nothing", "Add a remote")
