"""What had come when a capture was ended is in it: the kernel hands packets over in blocks, up to a second late."""

from __future__ import annotations

from ipsec_lab import pcap
from ipsec_lab.topology import UPLINK
from tests.lab.driver import Lab


def test_a_packet_just_sent_is_in_a_capture_that_ends_at_once(lab: Lab) -> None:
    neighbour = str(lab.site.lans[0].address.ip)
    with lab.captured("just-sent", ("lan", UPLINK)) as files:
        lab.must("lan", "ping", "-c", "1", neighbour)
    seen = [packet for packet in pcap.packets(files["lan"]) if packet.protocol == pcap.ICMP]
    assert len(seen) == 2
