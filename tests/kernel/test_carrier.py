"""Lowering and raising a KNI: what the router's routes do, and what is put back."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from ipsec_client.base.errors import HostFault
from ipsec_client.kernel import sysctl
from ipsec_client.kernel.carrier import Carrier
from ipsec_client.plan.forwarding import ASK_AGAIN, ask_again
from ipsec_client.plan.objects import Kni, Namespace, Route, Sysctl

from .support import ip, needs_root, put

pytestmark = needs_root


def knis(client: str) -> list[Kni]:
    return [
        Kni("rem1", client, "169.254.129.5/30", "169.254.129.6/30", ingress=True),
        Kni("rem2", client, "169.254.129.9/30", "169.254.129.10/30", ingress=True),
    ]


def goes_by(destination: str, device: str) -> bool:
    """Whether the router sends there by the device, once the kernel has handed on the change of carrier."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        done = subprocess.run(["ip", "route", "get", destination], capture_output=True, text=True)
        if f"dev {device} " in done.stdout:
            return True
    return False


def test_a_lowered_kni_hands_its_traffic_to_the_next_and_takes_it_back(client: str) -> None:
    put(Namespace(client), *knis(client))
    for name in ("rem1", "rem2"):
        put(Sysctl("", f"net/ipv4/conf/{name}/ignore_routes_with_linkdown", "1"))
    put(Route("", 254, "10.0.0.0/8", 10, dev="rem1", via="169.254.129.6"))
    put(Route("", 254, "10.0.0.0/8", 20, dev="rem2", via="169.254.129.10"))
    carrier = Carrier(client)
    for name in ("rem1", "rem2"):
        carrier.raise_(name, [])
    assert goes_by("10.1.1.1", "rem1")
    carrier.lower("rem1")
    assert goes_by("10.1.1.1", "rem2")
    carrier.raise_("rem1", [])
    assert goes_by("10.1.1.1", "rem1")
    carrier.close()


def test_raising_puts_back_the_routes_that_lowering_took(client: str) -> None:
    back = Route(client, 201, "default", 0, dev="rem1", via="169.254.129.5")
    put(Namespace(client), knis(client)[0])
    carrier = Carrier(client)
    carrier.raise_("rem1", [back])
    assert "via 169.254.129.5" in ip("route", "show", "table", "201", netns=client)
    carrier.lower("rem1")
    assert ip("route", "show", "table", "201", netns=client) == ""
    carrier.raise_("rem1", [back])
    carrier.raise_("rem1", [back])
    shown = ip("route", "show", "table", "201", netns=client).strip().splitlines()
    assert len(shown) == 1
    carrier.close()


def test_the_ends_bear_different_numbers(client: str) -> None:
    """Else the kernel tells the loss of carrier up to a second late."""
    put(Namespace(client), *knis(client))
    numbers = [json.loads(ip("-j", "link", netns=where)) for where in ("", client)]
    router, inside = ({link["ifname"]: link["ifindex"] for link in links} for links in numbers)
    for kni in knis(client):
        assert router[kni.name] != inside[kni.name]


def test_lowering_what_is_not_there_says_so(client: str) -> None:
    put(Namespace(client))
    carrier = Carrier(client)
    with pytest.raises(HostFault, match=f"cannot lower KNI rem1 in {client}: No such device"):
        carrier.lower("rem1")
    carrier.close()


def test_both_ends_have_the_setting_that_a_neighbour_is_asked_for_again_by(client: str) -> None:
    """Of packets that ask just as a KNI is lowered or raised: those that follow would wait for a second."""
    put(Namespace(client), knis(client)[0])
    settings = [ask_again(netns, "rem1", version) for netns in ("", client) for version in (4, 6)]
    assert put(*settings) == [""] * 4
    assert [sysctl.read(item.netns, item.key) for item in settings] == [ASK_AGAIN] * 4


def test_a_kni_made_anew_is_met(client: str) -> None:
    kni = knis(client)[0]
    put(Namespace(client), kni)
    carrier = Carrier(client)
    carrier.lower("rem1")
    ip("link", "delete", "rem1")
    put(kni)
    carrier.raise_("rem1", [])
    assert "state UP" in ip("link", "show", "rem1", netns=client)
    carrier.close()
