"""What outlives the agent: flaps as ages, holds and pauses as time left; garbage is as if it had never been."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_client.agent.shelf import Shelf
from ipsec_client.base.clock import Now
from ipsec_client.health.memory import from_memory, to_memory
from ipsec_client.health.mending import Mending, Past
from ipsec_client.health.types import (
    Client,
    Intended,
    KniLink,
    Lower,
    OperatorRestart,
    PlutoState,
    Raise,
    SecurityAssociations,
    Tunnel,
)
from ipsec_client.health.wanted import Target, TunnelIntent
from tests.health.world import EPOCH, Gateway, World, world

KEPT = Client(
    tunnels=(
        Tunnel(
            TunnelIntent("rem1"),
            past=Past(flaps=(700.0, 900.0, 990.0), seized=(950.0,), hold_until=1050.0),
            mending=Mending(repairs=3, not_before=1020.0, last_restart_wall=EPOCH),
        ),
    )
)
SAVED = Now(1000.0, EPOCH + 1000.0)


def test_instants_are_kept_over_a_boot_as_ages_and_times_left() -> None:
    kept = json.loads(json.dumps(to_memory(KEPT, SAVED)))
    booted = Now(5.0, SAVED.wall + 20.0)
    tunnel = from_memory(kept, booted).tunnel("rem1")
    assert tunnel.past == Past(flaps=(-315.0, -115.0, -25.0), seized=(-65.0,), hold_until=35.0)
    assert tunnel.mending == Mending(repairs=3, not_before=5.0, last_restart_wall=EPOCH)


def test_what_is_long_ago_is_forgotten() -> None:
    later = Now(5.0, SAVED.wall + 550.0)
    assert from_memory(to_memory(KEPT, SAVED), later).tunnel("rem1").past.flaps == (-555.0,)


def test_a_wall_clock_set_back_makes_nothing_younger() -> None:
    earlier = Now(1000.0, SAVED.wall - 86400.0)
    assert from_memory(to_memory(KEPT, SAVED), earlier).tunnel("rem1").past.flaps == (
        700.0,
        900.0,
        990.0,
    )


def test_a_held_tunnel_waits_only_the_rest_of_its_time() -> None:
    before = world(remotes=2)
    for _ in range(3):
        before.run(before.time + 1)
        before.put(SecurityAssociations("rem1", 0, 0), SecurityAssociations("rem1", 1, 1))
    assert before.tunnel().carrying.until == before.time + 20
    before.run(before.time + 15)

    there = World({"rem1": Gateway(), "rem2": Gateway()}, time=before.time)
    there.client = from_memory(to_memory(before.client, before.now), there.now)
    there.put(
        Intended((TunnelIntent("rem1"), TunnelIntent("rem2"))),
        KniLink("rem1", False),
        KniLink("rem2", True),
        SecurityAssociations("rem1", 1, 1),
        SecurityAssociations("rem2", 1, 1),
    )
    assert there.tunnel().carrying.state == "held"
    there.run(there.time + 10)
    assert there.times(Raise) == [round(before.time + 5, 3)]
    assert not there.times(Lower)


def test_a_warm_client_leaves_as_found_and_a_cold_one_does_not() -> None:
    kept = to_memory(KEPT, SAVED)
    warm, cold = from_memory(kept, SAVED), from_memory(kept, SAVED, cold=True)
    assert not warm.tunnel("rem1").carrying.decided
    assert warm.tunnel("rem1").proving_until is None
    assert cold.tunnel("rem1").carrying.decided
    assert cold.tunnel("rem1").proving_until == SAVED.mono + 30


def test_an_operators_restart_clears_what_is_remembered() -> None:
    there = World({"rem1": Gateway()}, client=from_memory(to_memory(KEPT, SAVED), SAVED))
    there.time = SAVED.mono
    there.put(OperatorRestart("rem1", "1"))
    assert there.tunnel().flaps == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(JSON)
def test_garbage_is_a_new_client(data: object) -> None:
    assert from_memory(data, SAVED) == Client(started=SAVED.mono, cold=False)


FIELDS = sorted(to_memory(KEPT, SAVED)["tunnels"]["rem1"])


@given(field=st.sampled_from([*FIELDS, "saved", "tunnels", "rem1"]), value=JSON)
def test_half_garbage_is_never_an_error(field: str, value: object) -> None:
    kept = to_memory(KEPT, SAVED)
    holder = {"saved": kept, "tunnels": kept, "rem1": kept["tunnels"]}
    holder.get(field, kept["tunnels"]["rem1"])[field] = value
    there = World({"rem1": Gateway()}, client=from_memory(kept, SAVED), time=SAVED.mono)
    there.put(Intended((TunnelIntent("rem1"),)), SecurityAssociations("rem1", 1, 1))
    there.run(SAVED.mono + 301)
    assert there.tunnel().carrying.state == "raised"


@pytest.mark.parametrize("format_", [0, 2, "1", None])
def test_another_format_is_not_read(format_: object) -> None:
    kept = to_memory(KEPT, SAVED)
    kept["format"] = format_
    assert from_memory(kept, SAVED).tunnels == ()


def test_nothing_else_is_kept() -> None:
    """Evidence is never remembered: only what was promised."""
    proven = replace(KEPT.tunnels[0], inbound=1, outbound=1, kni_up=True)
    restored = from_memory(to_memory(Client(tunnels=(proven,)), SAVED), SAVED).tunnel("rem1")
    assert (restored.inbound, restored.outbound, restored.kni_up) == (None, None, None)


def test_plugin_1807_the_state_of_monitors_survives_a_reboot(tmp_path: Path) -> None:
    """Through the file that the agent keeps: when a destination was last asked, and what it owes since it failed."""
    monitored = Target("web", recover_threshold=5)
    before = world(monitored, obedient=False, gateways=[Gateway(silent_from=0)])
    before.run(30)
    shelf = Shelf(tmp_path)
    shelf.write("health", to_memory(before.client, before.now), durable=True).result()
    shelf.close()

    booted = Now(3.0, before.now.wall + 60)
    after = Shelf(tmp_path)
    client = from_memory(after.read("health"), booted, cold=True)
    after.close()
    there = World({"rem1": Gateway()}, client=client, time=booted.mono)
    there.put(Intended((TunnelIntent("rem1", (monitored,)),)), PlutoState(True))
    test = there.tunnel().tests[0]
    assert test.last_attempt_wall == before.tunnel().tests[0].last_attempt_wall
    assert there.tunnel().last_restart_wall == before.tunnel().last_restart_wall is not None
    assert (test.owed, test.status) == (5, "unknown")
    there.put(SecurityAssociations("rem1", 1, 1))
    there.run(10)
    assert len(there.times(Raise)) == 1
    answered = [at for at in there.answers["rem1"] if at <= there.times(Raise)[0] + 0.001]
    assert len(answered) == 5
