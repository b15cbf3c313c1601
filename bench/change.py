"""What a commit computes for one router of many: edited, validated and generated, in a process that holds them all.

Run by ``bench.run``: ``python -m bench.change ROUTERS TIMES`` prints one JSON line, seconds of each time.
"""

from __future__ import annotations

import gc
import json
import sys
import time

from bench.authority import authority
from ipsec_client.conductor.candidate import Candidate, completed
from ipsec_client.config.edit import Edit, apply
from ipsec_client.config.examine import examine
from ipsec_client.config.generated import generate
from ipsec_client.model.elements import Authority

REMOTE = ("node", "node1", "ipsec-client", "client1", "remote", "rem1")


def with_change(running: Authority, router: int) -> Candidate:
    """The candidate in which a remote of the router has another gateway."""
    edit = Edit(
        "set", ("authority", "router", f"router{router}", *REMOTE), "host", "198.51.100.250"
    )
    return completed(apply(running, (edit,)), running)


def main() -> None:
    """Measures changes of routers here and there, each against the same running configuration."""
    routers, times = int(sys.argv[1]), int(sys.argv[2])
    running = generate(examine(authority(routers)).authority)
    gc.freeze()
    walls, processors = [], []
    for number in range(times):
        used, began = time.process_time(), time.perf_counter()
        candidate = with_change(running, 1 + number * routers // times)
        walls.append(time.perf_counter() - began)
        processors.append(time.process_time() - used)
        assert candidate.authority != running
        assert not candidate.refused
    print(json.dumps({"walls": walls, "processors": processors}))


if __name__ == "__main__":
    main()
