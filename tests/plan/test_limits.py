"""How much a node takes: check tells what the plan would refuse, by the same count."""

from __future__ import annotations

import pytest

from ipsec_client.base.errors import InputFault
from ipsec_client.config.rules import check
from ipsec_client.model.elements import Authority
from ipsec_client.plan.forwarding import allocate_tables
from tests.plan.test_forwarding import CONFIG, parsed, plan, router_rules


def authority(internet: str, enabled: str, more: str) -> Authority:
    return parsed(
        CONFIG.format(
            internet=internet, permission="allow", enabled=enabled, transport="", more=more
        )
    )


def test_more_services_than_tables_are_refused() -> None:
    with pytest.raises(InputFault, match="1001 services are more than the 1000"):
        allocate_tables(map(str, range(1001)), {})


def test_check_counts_the_services_in_force() -> None:
    """One that is for other routers alone takes no table here."""
    many = "".join(f"service s{n}\n address 20.0.0.1\n exit\n" for n in range(998))
    elsewhere = "service more\n applies-to router\n router-name r2\n exit\n exit\n"
    said = "1001 services are in force, and 1000 have a routing table"
    for more, told in ((elsewhere, False), ("service more\n exit\n", True)):
        found = check(authority("1.1.1.0/24", "true", many + more))
        assert (said in [item.what for item in found]) is told


def crowded(networks: int, transport: str = "") -> str:
    """The configuration with so many networks more in a service of its own."""
    listed = "".join(f" address 20.{n // 256}.{n % 256}.0/24\n" for n in range(networks))
    return f"service many\n{listed}{transport} access-policy lan\n exit\n exit"


@pytest.mark.parametrize("internet", ["1.1.1.0/24", "0.0.0.0/0", "172.16.1.128/25", "20.0.0.0/24"])
@pytest.mark.parametrize("enabled", ["true", "false"])
def test_more_networks_than_rules_are_refused_by_check_as_by_the_plan(
    internet: str, enabled: str
) -> None:
    port = " transport udp\n port-range 1\n exit\n port-range 2\n exit\n exit\n"
    few = len(router_rules(plan(internet, enabled=enabled, more=crowded(3, port))))
    most = 3 + (1000 - few) // 2
    plan(internet, enabled=enabled, more=crowded(most, port))
    with pytest.raises(InputFault, match="more than the 1000 routing rules"):
        plan(internet, enabled=enabled, more=crowded(most + 1, port))
    told = [
        [item.what for item in check(authority(internet, enabled, crowded(count, port)))]
        for count in (most, most + 1)
    ]
    need = few + 2 * (most + 1 - 3)
    said = f"its networks and services need {need} routing rules, and there are 1000"
    assert said in told[1]
    assert not [what for what in told[0] if "routing rules" in what]
