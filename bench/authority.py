"""A made-up authority of any size as PCLI text: each router with one node and four monitored remotes.

Names, keys and networks are each router's own; its gateways are those of one of sixty regions.
"""

from __future__ import annotations

from collections.abc import Iterator

REMOTES = 4
REGIONS = 60

HEAD = """\
config
    authority
        tenant lan
        exit
        tenant ipsec
        exit
        service cleartext
            address 203.0.113.0/24
            access-policy lan
            exit
        exit
        service ipsec
            address 198.51.100.0/24
            access-policy ipsec
            exit
        exit
"""

ROUTER = """\
        router {router}
            ipsec-profile primary
                pre-shared-key somekey-of-{router}
            exit
            node node1
                device-interface lan
                    network-interface lanintf
                        tenant lan
                        address 10.{place}.1
                            prefix-length 24
                        exit
                    exit
                exit
                device-interface wan
                    network-interface wanintf
                        address 100.{place}.2
                            prefix-length 24
                            gateway 100.{place}.1
                        exit
                    exit
                exit
                ipsec-client client1
                    tenant ipsec
{remotes}\
                exit
            exit
{routes}\
            service-route ipsec
                service-name ipsec
                next-hop node1 wanintf
                    gateway-ip 100.{place}.1
                exit
            exit
        exit
"""

REMOTE = """\
                    remote rem{number}
                        host 198.51.100.{host}
                        profile primary
                        tunnel-monitor
                            destination 203.0.113.{number}
                            exit
                        exit
                    exit
"""

ROUTE = """\
            service-route rem{number}
                service-name cleartext
                next-hop node1 rem{number}-intf
                exit
            exit
"""

TAIL = """\
    exit
exit
"""


def authority(routers: int) -> str:
    """The configuration; equal for equal sizes."""
    return "".join(parts(routers))


def parts(routers: int) -> Iterator[str]:
    """The configuration router by router, for who does not want to hold it."""
    numbers = range(1, REMOTES + 1)
    routes = "".join(ROUTE.format(number=number) for number in numbers)
    yield HEAD
    for router in range(1, routers + 1):
        first = router % REGIONS * REMOTES
        remotes = "".join(REMOTE.format(number=number, host=first + number) for number in numbers)
        place = f"{64 + router // 250}.{router % 250}"
        yield ROUTER.format(router=f"router{router}", place=place, remotes=remotes, routes=routes)
    yield TAIL
