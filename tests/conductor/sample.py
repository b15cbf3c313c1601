"""A configuration to conduct, and an agent that remembers what it was asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ipsec_client.base.clock import Now
from ipsec_client.base.errors import Fault
from ipsec_client.commands.port import Place
from ipsec_client.wire.request import Json, Request, Say

HERE = Place("router1", "node1")


def text(*remotes: str, key: str = "somekey1", node: str = "node1") -> str:
    """A router with a client of these remotes, which all have the same profile."""
    entries = "".join(
        f"remote {name}\nhost 172.16.{number}.3\nprofile primary\nexit\n"
        for number, name in enumerate(remotes or ("rem1", "rem2"), 4)
    )
    return (
        "config\nauthority\n"
        "tenant ipsec\nexit\n"
        "service ipsec\naddress 172.16.0.0/16\naccess-policy ipsec\nexit\nexit\n"
        "router router1\n"
        f"ipsec-profile primary\npre-shared-key {key}\ndpddelay 5\nexit\n"
        f"node {node}\n"
        f"ipsec-client client1\ntenant ipsec\n{entries}exit\n"
        "exit\nexit\nexit\nexit\n"
    )


def addresses(document: Json) -> dict[str, str]:
    """The router's address of each KNI in a node document."""
    node = document["authority"]["router"][0]["node"][0]
    return {
        device["name"]: device["network-interface"][0]["address"][0]["ip-address"]
        for device in node["device-interface"]
    }


class Clock:
    """Stands still at a wall-clock second."""

    def __init__(self, wall: float = 1_606_185_600.5) -> None:
        self.mono = 0.0
        self.wall = wall

    def __call__(self) -> Now:
        return Now(self.mono, self.wall)


@dataclass
class FakeAgent:
    """A Deployer that keeps requests; ``faults`` are raised one after the other before it obeys."""

    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[Place, Request]] = field(default_factory=list)
    heard: asyncio.Queue[Request] = field(default_factory=asyncio.Queue)
    libreswan: str = "4.10"
    reported: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, place: Place, request: Request, say: Say) -> Json:
        if request.kind == "report":
            self.reported.set()
            return {"facts": {"Libreswan": self.libreswan}}
        self.asked.append((place, request))
        self.heard.put_nowait(request)
        if self.faults:
            raise self.faults.pop(0)
        return {}
