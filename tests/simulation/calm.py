"""Whether a simulated world has come to rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.replica import node

if TYPE_CHECKING:
    from tests.simulation.world import World


def settled(world: World) -> bool:
    """Every desk that may speak has sent all, read all and compared equal (unless a word of its own is held)."""
    hub, centre = world.hub, world.place.centre.lineage
    if world.parcels is not None and world.parcels.waits():
        return False
    if hub is not None and hub.on:
        view = hub.view()
        if view.waiting or view.backfills or view.wipes or view.lineage != centre:
            return False
        if view.cursor != world.place.read(node.feed) or hub.uplink.road.equal is not True:
            return False
    for machine in world.machines:
        if machine.revoked:
            continue
        view, server = machine.road.view(), machine.server
        if view.waiting or view.backfills or view.wipes or view.cursor != server.read(node.feed):
            return False
        if view.lineage != server.centre.lineage or (server is not machine.servers[0] and machine.servers[0].up):
            return False
        if machine.engine.road.equal is not True and not world.witness.holds_words_of(machine):
            return False
    return True
