"""The laws that hold when calm has come: everything is at the centre, everybody has the same, nothing waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, select

from domain.records.fields import Merge
from domain.records.kinds import KINDS, Registry
from server.store import granted, hubs
from sync import chain
from sync.digest import Digest
from sync.operation import Placed, decode_body
from sync.replica import beside, node, scopes, sums, tables
from sync.replica.replica import REVOKED
from sync.replica.rows import state_of
from tests.simulation import custody, file_laws
from tests.simulation.ledger import Expected, Key
from tests.simulation.trace import Broken

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

OF_NOBODY = {"grant", "number_block", "reconciliation", "custody", "review", "wiped"}
"""Kinds that the centre or a desk itself writes: they are not in the book of people's acts."""


def after_calm(world: World) -> None:
    """All of them, the plainest first. Raises Broken."""
    everything_is_sent(world)
    nothing_is_lost(world)
    held = _held(world)
    nothing_waits_for_nothing(world, held)
    digests_are_counted(world)
    everybody_has_the_same(world, held)
    the_hub_has_what_its_desks_may_have(world)
    every_value_stands(world, held)
    chains_are_whole(world)
    custody.hold(world)
    file_laws.hold(world)


def everything_is_sent(world: World) -> None:
    """Outboxes are empty, feeds are read to the end, granted scopes are fetched."""
    hub = world.hub
    if hub is not None and hub.on:
        there = hub.view()
        if there.waiting:
            raise Broken("outbox empty after calm", f"the hub still has {there.waiting}")
        if (there.lineage, there.cursor) != (world.place.centre.lineage, world.place.read(node.feed)):
            raise Broken("feeds are read", f"the hub stands at {there.cursor}")
        if hub.uplink.road.equal is not True:
            raise Broken("equality is shown", "the hub does not say that it is equal")
    for machine in world.machines:
        if machine.revoked:
            continue
        feed = machine.server.read(node.feed)
        if machine.server is not machine.servers[0] and machine.servers[0].up:
            raise Broken("desks come back to the hub", f"{machine.seat} stays away from it")
        view = machine.road.view()
        if view.waiting:
            raise Broken("outbox empty after calm", f"{machine.seat} still has {view.waiting}")
        if view.wipes:
            raise Broken("withdrawn is wiped", f"{machine.seat} has still to wipe {view.wipes}")
        if view.backfills:
            raise Broken("grants are back-filled", f"{machine.seat} still waits for {len(view.backfills)}")
        if view.lineage != machine.server.centre.lineage or view.cursor != feed:
            raise Broken("feeds are read", f"{machine.seat} stands at {view.cursor}, its server at {feed}")


def nothing_is_lost(world: World) -> None:
    """Every act shown as saved is at the centre, whole and once; a revoked desk keeps what it may not send."""
    lines = world.place.read(_bodies)
    there = world.ledger.of(lines)
    kept = world.ledger.of(bytes(row.body) for one in world.machines if one.revoked for row in one.log())
    for stamp, act in world.ledger.acts.items():
        if stamp in there:
            continue
        if act.sure and stamp not in kept:
            raise Broken("nothing acknowledged is lost", f"the act {stamp} is nowhere at the centre")
        if any(line in lines for line in world.ledger.lasting(act)):
            raise Broken("acts are whole", f"the centre has a part of {stamp}")
    forked = {one.device for one in world.machines if one.road.view().incarnation > 1}
    for line, count in lines.items():
        if count < 2 or decode_body(line).kind in OF_NOBODY:
            continue
        if not any(line in act.lines and act.device in forked for act in world.ledger.acts.values()):
            raise Broken("once each", "an operation stands twice in the centre's log")


def nothing_waits_for_nothing(world: World, held: list[Any]) -> None:
    """Held is only what nobody granted yet, and what a revoked device still sent; what was missing has come, so what
    missed it is applied."""
    blind = {line for act in world.ledger.acts.values() if act.blind for line in act.lines}
    revoked = {machine.device for machine in world.machines if machine.revoked}
    for row in held:
        if row.why == REVOKED and row.device in revoked:
            continue  # its last words wait for a person
        if bytes(row.body) not in blind or row.why != "ungranted_scope":
            raise Broken("held is released", f"{row.kind} {row.record} is held: {row.why}")
        if row.scope in world.place.read(partial(scopes.granted, device=row.device)):
            raise Broken("held is released", f"{row.kind} {row.record} is held though it was granted")
    for machine in world.machines:
        waiting = machine.look(lambda c: c.execute(select(tables.waiting.c.why, tables.waiting.c.kind)).all())
        if waiting and not machine.revoked:
            raise Broken("held is released", f"{machine.seat} holds {waiting[0].kind}: {waiting[0].why}")


def digests_are_counted(world: World) -> None:
    """Running digests say what the rows say, at every node, and for every grant."""
    for seat, running, counted in _figures(world):
        if running != counted:
            raise Broken("digests are counted from rows", f"{seat} counts wrong")
    for machine in world.machines:
        running = world.place.read(partial(granted.running, device=machine.device))
        if running != world.place.read(partial(granted.recount, device=machine.device)):
            raise Broken("digests are counted from rows", f"the centre counts what {machine.seat} was granted wrong")


def _figures(world: World) -> Iterable[tuple[str, Any, Any]]:
    place = world.place
    yield "the centre", place.read(sums.by_scope_and_kind), _counted(place.read(sums.recount))
    if world.hub is not None and world.hub.on:
        hub = world.hub.place
        yield "the hub", hub.read(sums.by_scope_and_kind), _counted(hub.read(sums.recount))
    for one in world.machines:
        counted = one.look(partial(sums.recount, registry=one.registry))
        yield one.seat, one.look(sums.by_scope_and_kind), _counted(counted)


def _counted(found: dict[tuple[str, str], Digest]) -> dict[tuple[str, str], Digest]:
    return {key: one for key, one in found.items() if one.count or one.total}


def everybody_has_the_same(world: World, held: list[Any]) -> None:
    """A desk has what the centre has of the scopes it may hold, and nothing else; and it says so."""
    centre = world.place.read(sums.by_scope_and_kind)
    for machine in world.machines:
        if machine.revoked:
            continue
        aside = {(row.scope, row.kind) for row in held if row.device == machine.device}
        here = {k: v for k, v in machine.look(sums.by_scope_and_kind).items() if k not in aside}
        wanted = {scope for scope, _ in [*centre, *here]}
        mine = world.place.may_hold(machine.device, machine.told.centre, wanted)
        stray = {scope for scope, _ in here} - mine
        if stray:
            raise Broken("no row where it may not be", f"{machine.seat} has {sorted(stray)}")
        there = {key: one for key, one in centre.items() if key[0] in mine and key not in aside}
        if here != there:
            different = sorted({key for key in {*here, *there} if here.get(key) != there.get(key)})
            raise Broken("replicas equal after calm", f"{machine.seat} differs in {different[:3]}")
        if machine.engine.road.equal is not True and not aside:
            raise Broken("equality is shown", f"{machine.seat} is equal and does not say so")


def the_hub_has_what_its_desks_may_have(world: World) -> None:
    """All of it, as the centre has it, and nothing else."""
    hub = world.hub
    if hub is None or not hub.on:
        return
    centre = world.place.read(sums.by_scope_and_kind)
    here = hub.place.read(sums.by_scope_and_kind)
    may = world.place.read(partial(_seen_by_hub, wanted={scope for scope, _ in [*centre, *here]}, of=hub.told.centre))
    there = {key: one for key, one in centre.items() if key[0] in may}
    if here != there:
        different = sorted(key for key in {*here, *there} if here.get(key) != there.get(key))
        raise Broken("replicas equal after calm", f"the hub differs in {different[:3]}")


def _seen_by_hub(connection: Connection, wanted: set[str], of: str) -> set[str]:
    return {scope for scope in wanted if hubs.may_see(connection, scope, of)}


def every_value_stands(world: World, held: list[Any]) -> None:
    """Every value a person wrote is shown, stands beside, or was superseded by one that named it."""
    waiting = world.ledger.of(bytes(row.body) for row in held)
    expected = world.ledger.expected(world.ledger.of(world.place.read(_bodies)) - waiting)
    found = world.place.read(_heads)
    for key in {*expected, *found}:
        heads = expected.get(key, Expected()).heads
        if heads != found.get(key, {}):
            raise Broken("no silent overwrite", f"{key}: {sorted(heads)} became {sorted(found.get(key, {}))}")
    beside = _beside(expected)
    _siblings_stand("the centre", beside, world.place.read(_siblings), None)
    for machine in world.machines:
        if not machine.revoked:
            _siblings_stand(machine.seat, beside, machine.look(_siblings), machine)
    if beside:
        world.meet("conflicts left for a person")


def _siblings_stand(
    who: str, beside: dict[Key, set[str]], found: dict[Key, set[str]], machine: Machine | None
) -> None:
    registry: Registry = KINDS if machine is None else machine.registry
    for key in {*beside, *found}:
        kind, record, field = key
        if kind not in registry or field not in registry[kind].fields:
            continue  # an older program keeps them and shows them after its upgrade
        if machine is not None and not machine.look(partial(_has, kind=kind, record=record)):
            continue
        if beside.get(key, set()) != found.get(key, set()):
            shown, wanted = len(found.get(key, ())), len(beside.get(key, ()))
            raise Broken("conflicts are shown", f"{who} shows {shown} of {wanted} at {key}")


def _beside(expected: dict[Key, Expected]) -> dict[Key, set[str]]:
    """Values beside the present one, as settled 4, 5 and 7 tell it."""
    found: dict[Key, set[str]] = {}
    for key, one in expected.items():
        spec = KINDS[key[0]].fields.get(key[2])
        if spec is None or spec.merge in (Merge.APPEND, Merge.SET) or len(one.heads) < 2:
            continue
        ranked = spec.merge in (Merge.SAFETY, Merge.RESPONSIBILITY)
        shown = max(one.heads, key=lambda v: (one.heads[v][1] if ranked else min(one.heads[v][1], 0), v))
        value, rank = one.heads[shown]
        others = {_text(v) for v, r in one.heads.values() if not r < 0 <= rank} - {_text(value)}
        if others:
            found[key] = others
    return found


def chains_are_whole(world: World) -> None:
    """Every chain, recomputed from the logs of the centre and of every desk."""
    looks = [("the centre", world.place.read), *((one.seat, one.look) for one in world.machines)]
    if world.hub is not None and world.hub.on:
        looks.append(("the hub", world.hub.place.read))
    for who, look in looks:
        heads: dict[tuple[str, int], bytes] = {}
        for row in look(_logged):
            if bytes(row.hash) == beside.UNCHAINED:
                continue  # a part of a chain that the centre showed a hub
            key = (row.device, row.incarnation)
            one = Placed(row.device, row.incarnation, row.n, row.grp, bytes(row.salt), bytes(row.body or b""))
            heads[key] = chain.advance(heads.get(key, chain.GENESIS), [one])[0]
            if heads[key] != bytes(row.hash):
                raise Broken("chains are whole", f"{who}: {key} breaks at {row.n}")


def _held(world: World) -> list[Any]:
    return world.place.read(lambda c: list(c.execute(select(tables.waiting))))


def _logged(connection: Connection) -> list[Any]:
    log = tables.log
    return list(connection.execute(select(log).order_by(log.c.device, log.c.incarnation, log.c.n)))


def _bodies(connection: Connection) -> Counter[bytes]:
    written = select(tables.log.c.body).where(tables.log.c.body.is_not(None))
    return Counter(bytes(row.body) for row in connection.execute(written))


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _heads(connection: Connection) -> dict[Key, dict[str, tuple[Any, int]]]:
    found: dict[Key, dict[str, tuple[Any, int]]] = {}
    for name, kind in KINDS.items():
        if name in OF_NOBODY:
            continue
        for row in connection.execute(select(tables.records[name])).mappings():
            for field, held in state_of(kind, dict(row)).items():
                if held.heads:
                    found[name, row["id"], field] = {v: (h.value, h.rank) for v, h in held.heads.items()}
    return found


def _siblings(connection: Connection) -> dict[Key, set[str]]:
    found: dict[Key, set[str]] = {}
    for row in connection.execute(select(tables.sibling)):
        found.setdefault((row.kind, row.record, row.field), set()).add(row.value)
    return found


def _has(connection: Connection, kind: str, record: str) -> bool:
    table = tables.records[kind]
    return connection.execute(select(table.c.id).where(table.c.id == record)).first() is not None
