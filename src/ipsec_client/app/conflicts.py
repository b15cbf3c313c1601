"""What others do on this machine that stands in our way, as facts for ``doctor``. Looks, and changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ipsec_client.base.errors import HostFault
from ipsec_client.base.run import run
from ipsec_client.kernel.facts import Fact
from ipsec_client.plan.objects import NFT_TABLE, PRIORITIES, PROTOCOL, TABLES

Shown = list[Mapping[str, Any]]
"""What ``ip -json`` shows."""

IKE_DAEMONS = {
    "pluto": "Libreswan's own service",
    "charon": "strongSwan's own service",
    "charon-systemd": "strongSwan's own service",
}
"""Programs that serve IKE for the whole machine, by the name the kernel knows them by."""

NETWORKD = "systemd-network"  # as the kernel cuts it
NETWORKD_SETTINGS = ("ManageForeignRoutes", "ManageForeignRoutingPolicyRules")  # networkd.conf(5)


def conflicts() -> Iterator[Fact]:
    """All that is looked for, the good too."""
    families = ("-4", "-6")
    yield rules(
        [rule for family in families for rule in _shown("ip", "-json", family, "rule", "show")]
    )
    yield routes([route for family in families for route in _tables(family)])
    yield forwarding([*_nft_chains(), *_legacy_chains()])
    running = list(_running())
    yield ike_daemons(running)
    if NETWORKD in running:
        yield networkd(file.read_text(errors="replace") for file in _networkd_files())


def rules(shown: Shown) -> Fact:
    """Nobody else's rule is among ours: it would be asked at a moment that nobody thought of."""
    name = "rule priorities"
    reserved = f"{PRIORITIES[0]} to {PRIORITIES[-1]}"
    strange = [
        rule["priority"] for rule in shown if rule["priority"] in PRIORITIES and not _ours(rule)
    ]
    if not strange:
        return Fact(name, True, f"{reserved} are ours")
    found = f"others have {_listed(strange)}; {reserved} are reserved for us"
    return Fact(name, False, found, "Give the other rules another priority (ip rule)")


def routes(shown: Shown) -> Fact:
    """Nobody else's route is in our tables."""
    name = "routing tables"
    reserved = f"{TABLES[0]} to {TABLES[-1]}"
    strange = {
        int(route["table"])
        for route in shown
        if str(route.get("table", "")).isdigit()
        and int(route["table"]) in TABLES
        and not _ours(route)
    }
    if not strange:
        return Fact(name, True, f"{reserved} are ours")
    found = f"others have routes in {_listed(strange)}; {reserved} are reserved for us"
    return Fact(name, False, found, "Give the other routes another table (ip route show table all)")


def forwarding(chains: Iterable[Mapping[str, Any]]) -> Fact:
    """No other firewall drops what we let pass: the kernel asks them all, and one drop is enough.

    Docker's, whose chain for others has our rules as soon as the agent has seen it, is none of them.
    """
    name = "other firewalls"
    chains = list(chains)
    docker = {
        (item["family"], item["table"]) for item in chains if item.get("name") == "DOCKER-USER"
    }
    strange = {
        f"{chain['family']} {chain['table']}"
        for chain in chains
        if chain.get("hook") == "forward"
        and chain["table"] != NFT_TABLE
        and (chain["family"], chain["table"]) not in docker
        and (chain.get("policy") == "drop" or chain["table"] == "firewalld")
    }
    if not strange:
        return Fact(name, True, "none that drops what is forwarded")
    return Fact(
        name,
        False,
        f"{_listed(strange)} may drop what is forwarded",
        "Let it accept packets from and to the KNIs (firewalld: a zone with target ACCEPT)",
    )


def ike_daemons(running: Iterable[str]) -> Fact:
    """No other IKE daemon is in the router's own namespace."""
    name = "other IKE daemons"
    strange = {IKE_DAEMONS[program] for program in running if program in IKE_DAEMONS}
    if not strange:
        return Fact(name, True, "none")
    cure = "Stop and disable it: systemctl disable --now ipsec strongswan strongswan-starter"
    return Fact(name, False, f"{_listed(strange)} runs", cure)


def networkd(files: Iterable[str]) -> Fact:
    """systemd-networkd, where it runs, leaves routes and rules of others alone; later files win."""
    name = "systemd-networkd"
    settings = {
        setting: value.strip().lower()
        for text in files
        for setting, value in re.findall(r"(?m)^\s*(\w+)\s*=(.*)$", text)
    }
    if all(settings.get(name) in ("no", "false", "0", "off") for name in NETWORKD_SETTINGS):
        return Fact(name, True, "leaves our routes and rules alone")
    return Fact(
        name,
        False,
        "removes our routes and rules when it is restarted",
        "Put packaging/networkd.conf.d/128t-ipsec.conf into /etc/systemd/networkd.conf.d",
    )


def _ours(item: Mapping[str, Any]) -> bool:
    return str(item.get("protocol", "")) == str(PROTOCOL)


def _listed(things: Iterable[object]) -> str:
    return ", ".join(map(str, sorted(set(things), key=str)))


# --- looking --------------------------------------------------------------------------------------


def _shown(*argv: str) -> Any:
    """What the program prints as JSON; nothing where it is missing or has nothing to say."""
    try:
        done = run(argv)
        return json.loads(done.out) if done.status == 0 and done.out.strip() else []
    except (HostFault, ValueError):
        return []


def _tables(family: str) -> Shown:
    shown: Shown = _shown("ip", "-json", family, "route", "show", "table", "all")
    return shown


def _nft_chains() -> Iterator[Mapping[str, Any]]:
    found = _shown("nft", "--json", "list", "chains")
    yield from (item["chain"] for item in found["nftables"] if "chain" in item) if found else ()


def _legacy_chains() -> Iterator[Mapping[str, Any]]:
    """The forward chains of the older iptables, where the kernel has its tables at all."""
    for family, file, program in (
        ("ip", "ip_tables_names", "iptables-legacy"),
        ("ip6", "ip6_tables_names", "ip6tables-legacy"),
    ):
        names = Path("/proc/net", file)
        if names.exists() and "filter" in names.read_text().split():
            try:
                shown = run([program, "-S", "FORWARD"]).out
            except HostFault:
                continue
            policy = "drop" if "-P FORWARD DROP" in shown else "accept"
            yield {"family": family, "table": program, "hook": "forward", "policy": policy}


def _running() -> Iterator[str]:
    """The names of the programs that run in our network namespace."""
    here = Path("/proc/self/ns/net").stat().st_ino
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns/net").stat().st_ino == here:
                yield (process / "comm").read_text(errors="replace").strip()
        except OSError:
            continue  # it has just ended


def _networkd_files() -> list[Path]:
    """networkd's settings in the order they are read: the main file, then all drop-ins by name."""
    dropins = {
        file.name: file
        for folder in (
            "/usr/lib",
            "/run",
            "/etc",
        )  # a later one of the same name replaces the earlier
        for file in Path(folder, "systemd/networkd.conf.d").glob("*.conf")
    }
    main = Path("/etc/systemd/networkd.conf")
    return [*([main] if main.exists() else []), *(dropins[name] for name in sorted(dropins))]
