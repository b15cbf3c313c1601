"""The generated interfaces: those of the page, and that they stay where they are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipsec_client.config.examine import examine
from ipsec_client.config.generated import generate, only_generated
from ipsec_client.config.printer import write
from ipsec_client.config.reader import read
from ipsec_client.model.elements import (
    Authority,
    Config,
    DeviceInterface,
    IpsecClient,
    Node,
    Remote,
    Router,
)
from ipsec_client.model.slots import is_generated
from tests.configs import FOLDER, client, complete


def authority(text: str) -> Authority:
    reading = read(text)
    assert reading.config.authority
    return reading.config.authority


def with_client(text: str, **fields: object) -> Authority:
    """The authority in the text, its only client changed."""
    found = authority(text)
    (router,) = found.router
    (node,) = router.node
    (client1,) = node.ipsec_client
    changed = replace(node, ipsec_client=(replace(client1, **fields),))  # type: ignore[arg-type]
    return replace(found, router=(replace(router, node=(changed,)),))


def devices(found: Authority) -> dict[str, DeviceInterface]:
    return {device.name: device for device in found.router[0].node[0].device_interface}


def address(found: Authority, name: str) -> str:
    return str(devices(found)[name].network_interface[0].address[0].ip_address)


def test_the_complete_example_gives_the_documented_interfaces() -> None:
    documented = authority((FOLDER / "page-generated.conf").read_text())
    assert only_generated(generate(authority(complete()))) == documented


def test_generated_interfaces_follow_the_nodes_own() -> None:
    made = generate(authority(complete()))
    assert list(devices(made)) == ["lan", "wan", "client1", "rem1", "rem2"]


def test_generating_again_changes_nothing_also_as_text() -> None:
    once = generate(authority(complete()))
    assert generate(once) == once
    text = write(Config(authority=once), secrets=True)
    assert generate(authority(text)) == once


def test_removing_a_remote_moves_nobody() -> None:
    text = write(Config(authority=generate(authority(complete()))))
    rem2 = authority(text).router[0].node[0].ipsec_client[0].remote[1]
    made = generate(with_client(text, remote=(rem2,)))
    assert list(devices(made)) == ["lan", "wan", "client1", "rem2"]
    assert address(made, "rem2") == "169.254.129.9"


def test_a_new_remote_takes_the_lowest_free_slot() -> None:
    text = write(Config(authority=generate(authority(complete()))))
    rem2 = authority(text).router[0].node[0].ipsec_client[0].remote[1]
    new = replace(rem2, name="rem3")
    made = generate(with_client(text, remote=(rem2, new)))
    assert (address(made, "rem2"), address(made, "rem3")) == ("169.254.129.9", "169.254.129.5")


def test_the_running_configuration_is_asked_before_the_text() -> None:
    running = generate(authority(complete()))
    rem1, rem2 = authority(complete()).router[0].node[0].ipsec_client[0].remote
    bare = with_client(complete(), remote=(rem2, rem1))
    assert address(generate(bare), "rem2") == "169.254.129.5"
    assert address(generate(bare, running), "rem2") == "169.254.129.9"
    assert address(generate(generate(bare), running), "rem2") == "169.254.129.9"


@pytest.mark.parametrize("change", [{"enabled": False}, {"remote": ()}])
def test_what_stands_for_nothing_any_more_goes(change: dict[str, object]) -> None:
    text = write(Config(authority=generate(authority(complete()))))
    names = list(devices(generate(with_client(text, **change))))
    assert names == ["lan", "wan"] + ([] if "enabled" in change else ["client1"])


def test_plugin_1053_without_a_client_nothing_is_generated_and_nothing_is_wrong() -> None:
    found = authority(complete())
    (router,) = found.router
    (node,) = generate(found).router[0].node
    inactive = replace(
        found,
        router=(replace(router, service_route=(), node=(replace(node, ipsec_client=()),)),),
    )
    assert list(devices(generate(inactive))) == ["lan", "wan"]
    text = write(Config(authority=inactive), secrets=True)
    assert not [item for item in examine(text).findings if item.severity == "error"]
    assert only_generated(generate(inactive)) == Authority()


def test_another_plugin_network_moves_everyone() -> None:
    text = write(Config(authority=generate(authority(complete()))))
    network = authority(client("", client_fields="plugin-network 10.9.8.0/24"))
    changed = network.router[0].node[0].ipsec_client[0].plugin_network
    made = generate(with_client(text, plugin_network=changed))
    assert [address(made, name) for name in ("client1", "rem1", "rem2")] == [
        "10.9.8.1",
        "10.9.8.5",
        "10.9.8.9",
    ]


def test_host_bits_in_the_plugin_network_are_tolerated() -> None:
    made = generate(authority(client("", client_fields="plugin-network 169.254.129.13/27")))
    assert address(made, "client1") == "169.254.129.1"


def sixes(fields: str) -> dict[str, str]:
    """The IPv6 addresses of the generated interfaces with their gateways, by device."""
    return {
        device: f"{item.ip_address}/{item.prefix_length} {item.gateway}"
        for device, interface in devices(generate(authority(client(fields)))).items()
        for item in interface.network_interface[0].address[1:]
    }


def test_ipv6_addresses_are_there_only_where_they_are_needed() -> None:
    egress = "fdb6:dc80:a25f::a9fe:8101/126 fdb6:dc80:a25f::a9fe:8102"
    ingress = "fdb6:dc80:a25f::a9fe:8105/126 fdb6:dc80:a25f::a9fe:8106"
    assert sixes("") == {}
    assert sixes("subnet 2001:db8:7::/48") == {"rem1": ingress}
    assert sixes("local-subnet ::/0") == {"rem1": ingress}
    six = client("").replace("host 172.16.4.3", "host 2001:db8::3")
    made = generate(authority(six))
    assert [str(item.ip_address) for item in devices(made)["client1"].network_interface[0].address] == [
        "169.254.129.1", egress.split("/", maxsplit=1)[0],
    ]  # fmt: skip
    assert len(devices(made)["rem1"].network_interface[0].address) == 1
    assert generate(made) == made
    assert not examine(write(Config(authority=made), secrets=True)).refused


def test_a_remotes_tenant_and_mss_are_those_of_its_interface() -> None:
    made = generate(authority(client("tenant lan\nenforced-mss 1300")))
    interface = devices(made)["rem1"].network_interface[0]
    assert (interface.tenant, interface.enforced_mss) == ("lan", 1300)
    assert devices(made)["client1"].network_interface[0].enforced_mss is None


def test_an_own_interface_is_never_taken_for_a_generated_one() -> None:
    found = authority(complete())
    node = found.router[0].node[0]
    own = replace(node.device_interface[0], type="host", network_namespace="client1")
    changed = replace(node, device_interface=(own,))
    router = replace(found.router[0], node=(changed,))
    assert generate(replace(found, router=(router,))).router[0].node[0].device_interface[0] == own


names = st.permutations([f"rem{number}" for number in range(8)])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(names, st.integers(0, 4)), min_size=1, max_size=6))
def test_whoever_stays_keeps_its_address_through_any_changes(
    commits: list[tuple[list[str], int]],
) -> None:
    running = Authority()
    for order, count in commits:
        remotes = tuple(Remote(name=name) for name in order[:count])
        node = Node(name="n", ipsec_client=(IpsecClient(name="c", remote=remotes),))
        before = {
            device.name: device
            for router in running.router
            for device in router.node[0].device_interface
        }
        running = generate(Authority(router=(Router(name="r", node=(node,)),)), running)
        after = devices(running)
        assert set(after) == {"c", *order[:count]}
        assert all(is_generated(device) for device in after.values())
        assert all(after[name] == before[name] for name in after.keys() & before.keys())
        places = [device.network_interface[0].address[0].ip_address for device in after.values()]
        assert len(set(places)) == len(places)
