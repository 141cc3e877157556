"""The laws that hold at every moment: looked at while the world goes on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from desktop.background.sync_driver import AFTER_TROUBLE_MS
from domain.clock import MINUTE
from server.store.granted import audiences_of
from sync import engine as core
from sync.digest import NOTHING
from sync.operation import Placed, decode_body
from sync.replica import node, scopes, sums, tables
from sync.replica.changes import Folded, RowChange
from sync.replica.given import withdrawal
from sync.replica.own_chains import INCARNATION, LINEAGE
from sync.replica.rows import state_of
from sync.troubles import Offline
from tests.simulation import mending
from tests.simulation.trace import Broken

if TYPE_CHECKING:
    from tests.simulation.hub import Hub
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

MOST_REQUESTS = 600
"""Requests of one desk in a virtual minute: more is a storm, whatever the line does."""
SAME_WAITS = 4
"""So many waits after as many failures, all equal to the millisecond, are no accident."""


class Witness:
    """Looks on; raises `Broken` at the first promise that does not hold."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._said: dict[str, str] = {}
        self._pulls: dict[str, int] = {}
        self._last: dict[str, Placed] = {}
        self._trouble: dict[str, object] = {}
        self._waits: defaultdict[int, list[int]] = defaultdict(list)
        self._asked: defaultdict[tuple[str, int, int], int] = defaultdict(int)

    # ------------------------------------------------------------ requests

    def asks(self, machine: Machine | Hub, effect: object) -> None:
        """No storm: a desk that cannot get through asks seldom."""
        if isinstance(effect, core.Pull):
            self._pulls[machine.seat] = effect.request
        key = (machine.seat, machine.life, self._world.now // MINUTE)
        self._asked[key] += 1
        if self._asked[key] > MOST_REQUESTS:
            raise Broken("no storm", f"{machine.seat} sends {type(effect).__name__} and no end")

    def rests(self, machine: Machine | Hub, delay: int) -> None:
        """Desks that fail together do not come back together: waits are drawn."""
        failures = machine.engine._failures
        if failures < 4 or delay in (0, AFTER_TROUBLE_MS) or not isinstance(self._trouble.get(machine.seat), Offline):
            return
        waits = self._waits[failures]
        waits.append(delay)
        if len(waits) >= SAME_WAITS and len(set(waits)) == 1:
            raise Broken("waits are drawn", f"after {failures} failures everybody waits {delay} ms")

    # ------------------------------------------------------------ folding

    def arriving(self, machine: Machine, placed: Sequence[Placed]) -> None:
        """No group is split between two transactions (settled 2)."""
        if not placed or machine.steps[-1] != "receive":
            return
        before, first = self._last.get(machine.seat), placed[0]
        self._last[machine.seat] = placed[-1]
        if before is None or first.n <= before.n:
            return
        one = (before.device, before.incarnation, before.group)
        # What was held and came later stands under a later number: only neighbours of the feed were one page.
        if one == (first.device, first.incarnation, first.group) and first.seq - before.seq == first.n - before.n:
            raise Broken("acts are whole", f"{machine.seat} folds a group in two transactions at {first.seq}")

    def folded(self, machine: Machine, folded: Folded) -> None:
        """Nothing is silently replaced, nothing goes back, and nothing comes that may not be here."""
        for change in folded.changes:
            if change.before is not None and change.after is not None:
                self._nothing_vanishes(machine, change, change.before, change.after)
        came = {change.scope for change in folded.changes}
        if machine.steps[-1] == "rebuild":
            # Made anew from what stood here: the desk's own words, which the centre holds until their dossier comes.
            stood = {(change.kind, change.id) for change in folded.changes if change.before is not None}
            came = {change.scope for change in folded.changes if (change.kind, change.id) not in stood}
        if came and not machine.revoked and machine.steps[-1] != "wipe":
            # Its own words written before a grant may be made anew from its own log.
            own = {scope for one, scope in self._world.blind if one.device == machine.device}
            wrong = came - own
            lineage = machine.look(lambda c: node.get(c, LINEAGE))
            for place in (self._world.place, machine.server):  # a hub may know what the centre does not know yet
                # An answer read before the server was put back is judged by what the server was then.
                wrong -= place.may_hold(machine.device, machine.told.centre, wrong, lineage)
            # What was read before the withdrawal may still be under way until the desk has given the dossier up.
            once = self._world.place.withdrawn(machine.device) if wrong else set()
            wrong -= once - machine.look(_given_up)
            if wrong:
                raise Broken("no row where it may not be", f"{machine.seat} folds {sorted(wrong)}")
        if folded.released:
            self._world.meet("held operations released at a desk")

    def _nothing_vanishes(
        self, machine: Machine, change: RowChange, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        kind = machine.registry[change.kind]
        old, new = state_of(kind, before), state_of(kind, after)
        for field, held in old.items():
            now = new.get(field)
            still = set() if now is None else {*now.heads, *now.gone}
            if not {*held.heads, *held.gone} <= still:
                raise Broken("nothing is silently replaced", f"{machine.seat} {change.kind} {change.id} {field}")
            if now is not None and held.gone & now.heads.keys():
                raise Broken("reads go forward", f"{machine.seat} {change.kind} {change.id} {field}")

    # ------------------------------------------------------------ what the engine believes

    def stepped(self, machine: Machine, event: core.Event, steps: Sequence[str]) -> None:
        """An acknowledgement is believed only where it is true, and equality only where it was counted."""
        world = self._world
        self._trouble[machine.seat] = event.trouble if isinstance(event, core.Failed) else None
        self.heard(machine, event)
        if "meet" in steps:
            world.meet("a lineage met")
        if "receive_scope" in steps:
            world.meet("back-fills")
        for step in steps:
            if step in ("behind", "receive"):
                world.meet(f"steps: {step}")
        if not {"settle", "behind", "meet"}.isdisjoint(steps):
            self._acknowledged_truly(machine)
        if "mended" in steps:
            world.meet("differences looked into")
        if "correct" in steps:
            raise Broken("digests are counted from rows", f"{machine.seat} had to count its figures anew")
        if "rebuild" in steps:
            mending.nothing_was_lost(machine)
        if "compared" in steps and machine.engine.road.equal:
            world.meet("compared equal")
            if world.trace.met["compared equal"] % 4 == 1:  # counting anew costs more than all the rest
                self._equal_truly(machine)

    def heard(self, machine: Machine, event: core.Event) -> None:
        """A server's digest is one that the desk may compare itself with, also when its disk is full just then."""
        if isinstance(event, core.PullAnswered | core.Carried) and self._taken(machine, event):
            assert event.head is not None
            self._said[machine.seat] = event.head.digest

    def _taken(self, machine: Machine, event: core.PullAnswered | core.Carried) -> bool:
        """Whether the digest in an answer is one that the desk compares itself with: an answer to a request that was
        given up meanwhile is put aside, and so is a letter that does not join on."""
        head = event.head
        if head is None or not head.digest:
            return False
        if isinstance(event, core.PullAnswered):
            return event.request == self._pulls.get(machine.seat)
        view = machine.road.view()
        return not event.scope and (head.lineage, head.next) == (view.lineage, view.cursor)

    def _acknowledged_truly(self, machine: Machine) -> None:
        view, place = machine.road.view(), self._world.place
        if view.lineage != place.centre.lineage:
            return
        n, _ = machine.look(lambda c: machine.replica.head(c, machine.road.identity(c)))
        acked = n - view.waiting
        has = place.head(machine.device, view.incarnation)
        if acked > has:
            raise Broken("acknowledged is at the centre", f"{machine.seat} believes {acked}, the centre has {has}")

    def _equal_truly(self, machine: Machine) -> None:
        total = NOTHING
        for one in machine.look(lambda c: sums.recount(c, machine.registry)).values():
            total = total.plus(one)
        if total.text() != self._said.get(machine.seat):
            raise Broken("equal was counted", f"{machine.seat} says equal and its own rows say otherwise")

    # ------------------------------------------------------------ after a crash

    def starting(self, machine: Machine) -> None:
        """The cursor on the disk is never ahead of the rows on it."""
        self._last.pop(machine.seat, None)
        lineage, cursor, incarnation = machine.look(_stand)
        place = self._world.place
        if lineage != place.centre.lineage or not cursor:
            return
        here = machine.look(_marks)
        device = machine.device
        mine = place.read(lambda c: audiences_of(c, device, machine.told.centre))
        for row in place.read(lambda c: _applied(c, cursor, mine)):
            body = decode_body(bytes(row.body))
            own = (row.device, row.incarnation) == (machine.device, incarnation)
            if own or not (body.values or body.adds):
                continue
            if body.stamp not in here.get((body.kind, body.id), ""):
                raise Broken("no cursor ahead of rows", f"{machine.seat} at {cursor} lacks {row.seq} {body.kind}")

    def holds_words_of(self, machine: Machine) -> bool:
        """Whether the centre holds an operation of this device and shows it as held."""
        w = tables.waiting.c
        wanted = select(w.n).where(w.device == machine.device).limit(1)
        return any(place.read(lambda c: c.execute(wanted).first()) is not None for place in machine.servers)


def _stand(connection: Connection) -> tuple[str, int, int]:
    known = node.everything(connection)
    lineage = known.get("lineage", "")
    return lineage, int(known.get(f"cursor:{lineage}", "0")), int(known.get(INCARNATION, "1"))


def _applied(connection: Connection, cursor: int, audiences: Sequence[str]) -> list[Any]:
    log, home = tables.log.c, scopes.scope_home.c
    wanted = (
        select(log.seq, log.device, log.incarnation, log.body)
        .select_from(tables.log.join(scopes.scope_home, home.scope == log.scope))
        .where(log.seq <= cursor, log.held.is_(None), log.body.is_not(None), home.audience.in_(audiences))
        .where(log.scope.not_in(select(tables.records["custody"].c.scope)))  # comes by a back-fill of its own
    )
    return list(connection.execute(wanted))


def _given_up(connection: Connection) -> set[str]:
    """Scopes that this desk was told to give up and has wiped."""
    told = select(tables.records["grant"].c.granted_scope).where(tables.records["grant"].c.withdrawn_at.is_not(None))
    return {str(row.granted_scope) for row in connection.execute(told)} - {
        str(row.scope) for row in connection.execute(select(withdrawal.c.scope))
    }


def _marks(connection: Connection) -> dict[tuple[str, str], str]:
    """Everything that says which versions a record knows, by kind and id."""
    found: dict[tuple[str, str], str] = {}
    for kind, table in tables.records.items():
        for row in connection.execute(select(table.c.id, table.c.versions, table.c.parked)):
            found[kind, row.id] = f"{row.versions}{row.parked or ''}"
    for row in connection.execute(select(tables.parked_record)):
        found[row.kind, row.id] = row.state
    return found
