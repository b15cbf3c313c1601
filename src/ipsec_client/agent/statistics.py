"""The numbers of ``show stats ipsec-client``: what kernel, health and tally know of each remote, as rows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ipsec_client.agent.tally import Tally
from ipsec_client.base.clock import Now
from ipsec_client.commands.layout import span
from ipsec_client.commands.particulars import MetricView
from ipsec_client.commands.view import TunnelView
from ipsec_client.health import types as h
from ipsec_client.kernel.counters import Device

VERDICTS = ("up", "degraded", "down", "unknown")


def statistics(
    view: TunnelView, device: Device | None, state: h.Tunnel, tally: Tally, now: Now
) -> Iterator[MetricView]:
    """The rows of one remote. ``device`` is its tunnel's, inside the namespace."""
    counts = tally.of(view.remote, now.mono)
    spent = counts.spent(now.mono)
    yield from _rows(view.remote, {"ingress-bytes": view.ingress, "egress-bytes": view.egress})
    if device:
        yield from _rows(
            view.remote,
            {
                "ingress-packets": device.in_packets,
                "egress-packets": device.out_packets,
                "ingress-errors": device.in_errors + device.in_discards,
                "egress-errors": device.out_errors + device.out_discards,
            },
        )
    yield from _rows(
        view.remote,
        {
            "security-associations": len(view.sas),
            "rekeys": counts.rekeys,
            "flaps": counts.flaps,
            "restarts": counts.restarts,
        },
    )
    for test in state.tests:
        name = test.target.destination
        trip = "--" if test.round_trip is None else f"{test.round_trip * 1000:.1f} ms"
        yield from _rows(
            view.remote,
            {f"probe-loss {name}": f"{test.loss:.1%}", f"probe-round-trip {name}": trip},
        )
    yield from _rows(
        view.remote, {f"time-{verdict}": span(spent.get(verdict, 0.0)) for verdict in VERDICTS}
    )


def _rows(remote: str, values: Mapping[str, int | str]) -> Iterator[MetricView]:
    for metric, value in values.items():
        yield MetricView(metric, remote, str(value))
