"""The prober on real sockets: a namespace with a device that comes, goes and comes back."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from ipsec_client.kernel import namespaces
from ipsec_client.probes.icmp import Prober
from ipsec_client.probes.packet import ECHO_REPLY, request
from tests.probes import checksum

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes namespaces: needs root")

Answer = tuple[str, int, float]


def ip(client: str, words: str) -> None:
    subprocess.run(["ip", "-n", client, *words.split()], check=True)


def make_device(client: str) -> None:
    """``tun1`` with a far end, in the namespace beside it, that answers for 10.77.0.1 and fd77::1."""
    ip(client, f"link add tun1 type veth peer name far netns {client}far")
    for where, end, last in ((client, "tun1", 2), (f"{client}far", "far", 1)):
        ip(where, f"address add 10.77.0.{last}/24 dev {end}")
        ip(where, f"address add fd77::{last}/64 dev {end} nodad")
        ip(where, f"link set {end} up")


@pytest.fixture
def client() -> Iterator[str]:
    """A client's namespace with its device."""
    name = f"p{os.getpid()}"
    for made in (name, f"{name}far"):
        namespaces.create(made, lambda: None)
    make_device(name)
    yield name
    for made in (name, f"{name}far"):
        namespaces.delete(made)


def prober(client: str, told: asyncio.Queue[Answer], device: str = "tun1") -> Prober:
    opener = partial(namespaces.open_socket, client)

    def tell(heard: Sequence[Answer]) -> None:
        for answer in heard:
            told.put_nowait(answer)

    return Prober(opener, device, tell)


def await_reply(witness: socket.socket) -> None:
    witness.settimeout(10)
    while witness.recv(128)[20] != ECHO_REPLY:
        pass


@pytest.mark.parametrize("destination", ["10.77.0.1", "fd77::1"])
def test_answers_are_told_across_a_device_that_is_made_anew(client: str, destination: str) -> None:
    async def run() -> None:
        told: asyncio.Queue[Answer] = asyncio.Queue()
        sender = prober(client, told)
        sender.send(destination, 70_001)
        source, sequence, round_trip = await asyncio.wait_for(told.get(), 10)
        assert (source, sequence) == (destination, 70_001)
        assert 0 < round_trip < 10
        ip(client, "link delete tun1")
        with pytest.raises(OSError, match="No such device"):
            sender.send(destination, 70_002)
        make_device(client)
        sender.send(destination, 70_003)
        assert (await asyncio.wait_for(told.get(), 10))[:2] == (destination, 70_003)
        sender.close()

    asyncio.run(run())


def test_answers_that_are_there_together_are_told_together(client: str) -> None:
    async def run() -> None:
        told: asyncio.Queue[int] = asyncio.Queue()
        calls: list[int] = []

        def tell(heard: Sequence[Answer]) -> None:
            calls.append(len(heard))
            for _, sequence, _ in heard:
                told.put_nowait(sequence)

        opener = partial(namespaces.open_socket, client)
        sender = Prober(opener, "tun1", tell)
        with opener(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as witness:
            for sequence in (1, 2, 3):
                sender.send("10.77.0.1", sequence)
            for _ in range(
                3
            ):  # the loop does not run: who hears the third knows that two are there
                await_reply(witness)
        assert [await asyncio.wait_for(told.get(), 10) for _ in range(3)] == [1, 2, 3]
        assert len(calls) <= 2
        sender.close()

    asyncio.run(run())


def test_how_long_an_answer_waits_to_be_heard_is_no_part_of_its_round_trip(client: str) -> None:
    async def run() -> None:
        told: asyncio.Queue[Answer] = asyncio.Queue()
        sender = prober(client, told)
        sender.send("10.77.0.1", 0)
        await asyncio.wait_for(told.get(), 10)
        sender.listen(False)
        for sequence in range(1, 50):  # the kernel begins to stamp when it finds the time
            longest = await left_waiting(client, sender, sequence)
            assert told.empty()
            sender.hear()
            assert told.qsize() == 1
            _, heard, round_trip = told.get_nowait()
            assert heard == sequence
            if 0 < round_trip <= longest:
                break
        else:
            pytest.fail("its round trip includes how long it waited")
        sender.listen(True)
        sender.send("10.77.0.1", 50)
        assert (await asyncio.wait_for(told.get(), 10))[1] == 50
        sender.close()

    asyncio.run(run())


async def left_waiting(client: str, sender: Prober, sequence: int) -> float:
    """Sends a probe and leaves its answer in the socket for a while; the seconds until it came."""
    with namespaces.open_socket(
        client, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP
    ) as witness:
        sent = time.monotonic()
        sender.send("10.77.0.1", sequence)
        await_reply(witness)
        came = time.monotonic()
    while time.monotonic() < came + 0.01:
        await asyncio.sleep(0)
    return came - sent


def test_nothing_leaves_by_another_device(client: str) -> None:
    async def run() -> None:
        told: asyncio.Queue[Answer] = asyncio.Queue()
        sender = prober(client, told, "ipsec9")
        with pytest.raises(OSError, match="No such device"):
            sender.send("10.77.0.1", 1)
        sender.close()

    asyncio.run(run())


def test_two_probers_do_not_hear_each_other(client: str) -> None:
    async def run() -> None:
        one: asyncio.Queue[Answer] = asyncio.Queue()
        two: asyncio.Queue[Answer] = asyncio.Queue()
        first, second = prober(client, one), prober(client, two)
        first.send("10.77.0.1", 1)
        second.send("10.77.0.1", 2)
        assert (await asyncio.wait_for(one.get(), 10))[1] == 1
        assert (await asyncio.wait_for(two.get(), 10))[1] == 2
        first.send("10.77.0.1", 3)
        second.send("10.77.0.1", 4)
        assert (await asyncio.wait_for(two.get(), 10))[1] == 4
        assert (await asyncio.wait_for(one.get(), 10))[1] == 3
        first.close()
        second.close()

    asyncio.run(run())


def test_an_answer_from_the_future_is_not_told(client: str) -> None:
    """Whoever answers writes the time that we read."""

    async def run() -> None:
        told: asyncio.Queue[Answer] = asyncio.Queue()
        sender = prober(client, told)
        sender.send("10.77.0.1", 1)
        await asyncio.wait_for(told.get(), 10)
        forged = bytearray(request(4, sender.identifier, 2, 2**62))
        forged[0] = ECHO_REPLY
        forged[2:4] = bytes(2)
        forged[2:4] = checksum(bytes(forged)).to_bytes(2, "big")
        with namespaces.open_socket(
            f"{client}far", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP
        ) as far:
            far.sendto(bytes(forged), ("10.77.0.2", 0))
        sender.send("10.77.0.1", 3)
        assert (await asyncio.wait_for(told.get(), 10))[1] == 3
        sender.close()

    asyncio.run(run())
