"""A hub tells its desks for whom a stick may be sealed: for the centre too, for the day when the hub is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.operations.centre import Centre
from sync import wire
from tests.server.ground import Desk, Running
from tests.server.hub_ground import RunningHub, running_hub, until


@pytest.fixture
def hub(tmp_path: Path, embedded: Running) -> Iterator[RunningHub]:
    with running_hub(tmp_path / "hub", embedded) as one:
        yield one


def key_of(server: Centre) -> str:
    return wire.text64(server.courier_key.public_key().public_bytes_raw())


def test_a_desk_of_a_hub_hears_both_keys_also_while_the_centre_is_out_of_reach(
    embedded: Running, hub: RunningHub, desks: Callable[..., Desk]
) -> None:
    desk = desks(embedded, "AG01")
    desk.pull()
    assert desk.road.couriers == {embedded.centre.lineage: key_of(embedded.centre)}
    until(hub.uplink.refresh, "the hub asked for its desks")
    hub.gate.cut()
    hub.visiting(desk).pull()
    assert desk.road.couriers == {
        hub.centre.lineage: key_of(hub.centre),
        embedded.centre.lineage: key_of(embedded.centre),
    }
    assert key_of(hub.centre) != key_of(embedded.centre)
