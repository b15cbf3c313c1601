"""Where packets may go, as it is shown: by the plan's own order, and by what the kernel says of devices."""

from __future__ import annotations

from ipsec_client.agent.ways import Ways

from .sample import devices, plan


def ways(*down: str, **verdicts: str) -> Ways:
    return Ways(plan(), devices(*down), {"rem1": "up", "rem2": "up"} | verdicts)


def paths(service: str, *down: str, **verdicts: str) -> list[tuple[str, str, int | None, str]]:
    return [
        (path.interface, path.vector, path.cost, path.state)
        for path in ways(*down, **verdicts).paths()
        if path.service == service
    ]


def test_paths_are_in_the_order_of_their_vectors_and_the_first_open_one_is_marked() -> None:
    assert paths("cleartext") == [
        ("rem2-intf", "second", 1, "Up(Up)*"),
        ("rem1-intf", "first", 10, "Up(Up)"),
    ]
    assert paths("cleartext", "rem2", rem2="down") == [
        ("rem2-intf", "second", 1, "Down(Down)"),
        ("rem1-intf", "first", 10, "Up(Up)*"),
    ]
    assert [path[3] for path in paths("cleartext", rem2="degraded", rem1="unknown")] == [
        "Up(Up)*",
        "Up(Unknown)",
    ]


def test_a_way_without_a_tunnel_has_one_state() -> None:
    assert paths("ipsec") == [("wanintf", "", None, "Up*")]
    assert paths("ipsec", "eth7") == [("wanintf", "", None, "Down")]
    assert paths("local") == [("lan", "", None, "Up*")]


def test_a_path_names_its_route_gateway_and_destinations() -> None:
    path = next(iter(ways().paths()))
    assert (path.route, path.next_hop) == ("rem2", "169.254.129.10")
    assert path.destination == "1.1.1.0/24, 2.2.0.0/16 +1"


def test_the_fib_has_the_most_specific_first_with_the_hops_that_are_open() -> None:
    entries = {item.prefix: item for item in ways().fib()}
    lengths = [int(prefix.partition("/")[2]) for prefix in entries]
    assert lengths == sorted(lengths, reverse=True)
    clear = entries["1.1.1.0/24"]
    assert (clear.port, clear.protocol, clear.tenant) == ("80-90", "tcp", "lan")
    assert clear.hops == ("169.254.129.10 intf rem2-intf", "169.254.129.6 intf rem1-intf")
    assert entries["172.16.0.0/16"].tenant == "ipsec"
    assert entries["172.16.1.0/24"].hops == ("connected by lan",)
    down = {item.prefix: item for item in ways("rem1", "rem2").fib()}
    assert down["1.1.1.0/24"].hops == ("unreachable",)


def test_network_interfaces_are_those_of_the_document_as_the_kernel_has_them() -> None:
    found = {item.name: item for item in ways("rem1").networks()}
    wan = found["wanintf"]
    assert (wan.device, wan.address, wan.gateway) == ("wan", "172.16.3.2/24", "172.16.3.5")
    assert wan.oper_up
    rem1 = found["rem1-intf"]
    assert (rem1.device_type, rem1.address, rem1.oper_up) == ("host", "169.254.129.5/30", False)
