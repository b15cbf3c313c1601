"""``ipsec-client pluto CLIENT``: becomes a client's Libreswan, for the unit ``128t-ipsec@CLIENT``.

What makes a start good is the same under systemd and under our supervisor: ``make_ready``.
"""

from __future__ import annotations

import argparse
import os

from ipsec_client.base import logs
from ipsec_client.kernel import namespaces, xfrm
from ipsec_client.pluto.layout import Layout
from ipsec_client.pluto.prepare import prepare
from ipsec_client.pluto.rotate import PRINTED
from ipsec_client.units.keeper import Child
from ipsec_client.units.port import client_unit

WATCHDOG = 60.0
"""Seconds without a sign of life after which it has hung; as in its unit. Pluto itself gives one in half of them, in
whole seconds, where its build has SYSTEMD_WATCHDOG (Debian's 4.10 and 5.2; Libreswan, programs/pluto/pluto_sd.c).
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("client", metavar="CLIENT", help="whose; it is started in its namespace")


def main(args: argparse.Namespace) -> int:
    """Makes ready and becomes pluto; systemd has entered the namespace before."""
    layout = Layout.of(args.client)
    make_ready(layout, netns="")
    os.execv(layout.argv[0], layout.argv)  # noqa: S606 — this process is to be pluto's, for systemd to watch


def child(client: str) -> Child:
    """A client's pluto for our supervisor."""
    layout = Layout.of(client)
    return Child(
        client_unit(client),
        layout.argv,
        before=lambda: make_ready(layout, client),
        inside=namespaces.entered(client),
        out=logs.log_folder() / PRINTED,
        nice=-5,  # a peer's delete must not wait behind whatever else this machine computes
        watchdog=WATCHDOG,
    )


def make_ready(layout: Layout, netns: str) -> None:
    """Makes its folders and takes away what a killed pluto left in the kernel: stale SAs swallow packets.

    Raises HostFault when a pluto runs there already.
    """
    prepare(layout)
    xfrm.flush(netns)
    xfrm.remove_tunnel_devices(netns)
