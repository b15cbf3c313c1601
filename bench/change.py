"""What a commit computes for one router of many: validated and generated, in a process that holds the authority.

Run by ``bench.run``: ``python -m bench.change ROUTERS TIMES`` prints one JSON line, seconds of each time.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from dataclasses import replace

from bench.authority import authority
from ipsec_client.config.examine import changed_routers, examine, recheck, regenerate
from ipsec_client.config.generated import generate
from ipsec_client.model.elements import Authority


def with_change(running: Authority, place: int) -> Authority:
    """The router at the place without its last remote."""
    router = running.router[place]
    (node,) = router.node
    (client,) = node.ipsec_client
    client = replace(client, remote=client.remote[:-1])
    router = replace(router, node=(replace(node, ipsec_client=(client,)),))
    return replace(running, router=(*running.router[:place], router, *running.router[place + 1 :]))


def main() -> None:
    """Measures changes of routers here and there, each against the same running configuration."""
    routers, times = int(sys.argv[1]), int(sys.argv[2])
    examined = examine(authority(routers))
    running = generate(examined.authority)
    gc.freeze()
    walls, processors = [], []
    for number in range(times):
        candidate = with_change(running, number * routers // times)
        used, began = time.process_time(), time.perf_counter()
        changed = changed_routers(running, candidate)
        findings = recheck(candidate, examined.findings, changed)
        made = regenerate(candidate, running, changed)
        walls.append(time.perf_counter() - began)
        processors.append(time.process_time() - used)
        assert len(changed) == 1
        assert findings
        assert made != running
    print(json.dumps({"walls": walls, "processors": processors}))


if __name__ == "__main__":
    main()
