"""Laws of files: what was announced is whole at the centre, what was erased is gone, nobody's queue is left over."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from desktop.store import blobs
from desktop.store.schema import blob_copy
from server.store import attachments, hubs
from sync.blobs.seal import Plan, chunk_count, plan_of
from sync.blobs.shelf import verified_offset
from sync.blobs.signals import Want
from sync.replica import tables
from tests.simulation.porters import DeskPorter, whole
from tests.simulation.trace import Broken

if TYPE_CHECKING:
    from tests.simulation.parcels import Parcels
    from tests.simulation.world import World


def hold(world: World) -> None:
    """All of them. Raises Broken."""
    parcels = world.parcels
    if parcels is None:
        return
    left = parcels.waits()
    if left:
        raise Broken("bytes are sent", f"still to travel: {left[:4]}")
    announced_is_whole(world, parcels)
    here_is_here(world)
    bytes_lie_where_they_may(world)
    the_hub_has_bytes_of_its_desks_alone(world, parcels)
    erased_is_gone(world, parcels)


def announced_is_whole(world: World, parcels: Parcels) -> None:
    """Every file whose metadata the centre has, held or not, is there chunk for chunk, each of its name."""
    shelf = parcels.shelf(world.place)
    for blob, plan in parcels.plans().items():
        if verified_offset(shelf, plan) >= plan.sealed:
            world.meet("files whole at the centre")
            continue
        having = [one for one in world.machines if whole(parcels.shelf(one), plan)]
        if any(not one.revoked for one in having):
            raise Broken("announced files come whole", f"the centre lacks {blob[:8]}, {having[0].seat} has it")
        if not having and blob not in parcels.lost:
            raise Broken("no file is lost", f"{blob[:8]} is nowhere whole")


def here_is_here(world: World) -> None:
    """What a desk shows as being here is here, each chunk of its name."""
    assert world.parcels is not None
    for porter in world.parcels.porters.values():
        if isinstance(porter, DeskPorter) and not porter.machine.revoked:
            for blob, plan in porter.machine.look(_here):
                if verified_offset(porter.lane.shelf, plan) < plan.sealed:
                    raise Broken("here is whole", f"{porter.machine.seat} shows {blob[:8]} and has it not")


def bytes_lie_where_they_may(world: World) -> None:
    """A desk keeps chunks of what it may hold (or has still to send), and nothing that no row of its own means."""
    assert world.parcels is not None
    for porter in world.parcels.porters.values():
        if not isinstance(porter, DeskPorter) or porter.machine.revoked:
            continue
        machine = porter.machine
        there = set(porter.lane.shelf.names())
        if machine.look(partial(blobs.left_over, there=there)):
            raise Broken("nothing is left over", f"{machine.seat} keeps chunks that nothing means")
        held = machine.look(_scopes)
        if held - world.place.may_hold(machine.device, machine.told.centre, held):
            raise Broken("bytes lie where they may", f"{machine.seat} keeps a file of a dossier that it may not hold")


def the_hub_has_bytes_of_its_desks_alone(world: World, parcels: Parcels) -> None:
    """It keeps chunks of what its desks may hold, and not one of a dossier that was passed on."""
    hub = world.hub
    if hub is None or not hub.on:
        return
    may = world.place.read(partial(_named_for_hub, of=hub.told.centre))
    stray = set(parcels.shelf(hub.place).names()) - may
    if stray:
        raise Broken("bytes lie where they may", f"the hub keeps {len(stray)} chunks of files of nobody there")


def _named_for_hub(connection: Connection, of: str) -> set[str]:
    """Names of chunks of all files that the hub of this centre may hold."""
    a = tables.records[attachments.KIND].c
    found = [attachments.described(connection, row.id) for row in connection.execute(select(a.id))]
    may = (one for one in found if one is not None and hubs.may_see(connection, one.scope, of))
    return {name for one in may for name in one.plan.chunks}


def erased_is_gone(world: World, parcels: Parcels) -> None:
    """No chunk of an erased file lies at a desk, a hub or the centre."""
    erased = {record for kind, record in world.ledger.erased if kind == attachments.KIND}
    if not erased:
        return
    still = {name for plan in parcels.plans().values() for name in plan.chunks}
    gone: set[str] = set()
    for act in world.ledger.acts.values():
        for body in act.bodies:
            if body.id in erased and "chunks" in body.values:
                plan = plan_of(body.values["bytes"], body.values["chunks"], body.values["chunk_count"])
                assert plan is not None
                gone.update(set(plan.chunks) - still)
    shelves = [(one.seat, parcels.shelf(one)) for one in world.machines if not one.revoked]
    shelves.append(("the centre", parcels.shelf(world.place)))
    if world.hub is not None and world.hub.on:
        shelves.append((world.hub.seat, parcels.shelf(world.hub.place)))
    for seat, shelf in shelves:
        if gone & set(shelf.names()):
            raise Broken("erased stays erased", f"{seat} keeps chunks of an erased file")
    world.meet("files erased")


def _scopes(connection: Connection) -> set[str]:
    c = blob_copy.c
    rows = connection.execute(select(c.scope).where(c.here == 1, c.want != Want.UP.value))
    return {row.scope for row in rows}


def _here(connection: Connection) -> list[tuple[str, Plan]]:
    c = blob_copy.c
    found = []
    for row in connection.execute(select(c.blob, c.size, c.chunks).where(c.here == 1)):
        plan = plan_of(row.size, row.chunks, chunk_count(row.size))
        assert plan is not None
        found.append((row.blob, plan))
    return found
