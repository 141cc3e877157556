"""Named faults planted into the production code for one world: each is what a tired programmer might write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, NamedTuple
from unittest.mock import patch

from sqlalchemy import Connection

from sync import wire
from sync.engine import Effect, Engine, Now, Push, View
from sync.merge import FieldState, Head
from sync.operation import Placed
from sync.replica import feed, node, own_chains, tables
from sync.replica.desk_road import DeskRoad
from sync.replica.feed import Page
from sync.replica.fold import Fold
from sync.replica.own_chains import LINEAGE, acked_key
from sync.replica.replica import Replica
from sync.troubles import Trouble
from tests.simulation import dossier_faults, errand_faults, file_faults, hub_faults
from tests.simulation.ledger import stamp_of
from tests.simulation.place import Place


class Mutant(NamedTuple):
    """`plant` puts the fault in for the length of a context. `met_in` names misfortunes without which it hardly
    shows (see weather.py): seeds that bring them are tried first."""

    plant: Callable[[], AbstractContextManager[Any]]
    met_in: frozenset[str] = frozenset()


def _cursor_before_rows() -> AbstractContextManager[Any]:
    real = DeskRoad.receive

    def receive(self: DeskRoad, placed: Sequence[Placed], cursor: int) -> None:
        def first(connection: Connection) -> None:
            node.put_key(connection, self._cursor_key(connection), str(cursor))

        self._run(first)
        real(self, placed, cursor)

    return patch.object(DeskRoad, "receive", receive)


def _ack_of_another_lineage() -> AbstractContextManager[Any]:
    def meet(self: DeskRoad, lineage: str) -> None:
        def work(connection: Connection) -> None:
            me = self.identity(connection).incarnation
            acked = node.get(connection, acked_key(node.get(connection, LINEAGE), me), "0")
            node.put(connection, **{LINEAGE: lineage})
            node.put_key(connection, acked_key(lineage, me), acked)
            own_chains.read_anew(connection)

        self._run(work)

    return patch.object(DeskRoad, "meet", meet)


def _fork_taken_for_done() -> AbstractContextManager[Any]:
    def fork(self: DeskRoad, _n: int) -> None:
        def work(connection: Connection) -> None:
            n, _ = self._replica.head(connection, self.identity(connection))
            me = self.identity(connection).incarnation
            node.put_key(connection, acked_key(node.get(connection, LINEAGE), me), str(n))
            own_chains.read_anew(connection)

        self._run(work)

    return patch.object(DeskRoad, "fork", fork)


def _fork_keeps_the_cursor() -> AbstractContextManager[Any]:
    real = DeskRoad.fork

    def fork(self: DeskRoad, n: int) -> None:
        before = self.view().cursor
        real(self, n)

        def back(connection: Connection) -> None:
            node.put_key(connection, self._cursor_key(connection), str(before))

        self._run(back)

    return patch.object(DeskRoad, "fork", fork)


def _twin_ahead_not_seen() -> AbstractContextManager[Any]:
    return patch.object(DeskRoad, "noted", lambda _self, _head: False)


def _outbox_trimmed_on_push() -> AbstractContextManager[Any]:
    real = Engine._pushes

    def pushes(self: Engine, view: View, now: Now) -> list[Effect]:
        effects = real(self, view, now)
        for effect in effects:
            if isinstance(effect, Push):
                self.store.behind(wire.decode_push(effect.data)[1][-1].n)
        return effects

    return patch.object(Engine, "_pushes", pushes)


def _back_fill_forgotten() -> AbstractContextManager[Any]:
    return patch.object(DeskRoad, "_note_grants", lambda *_given: None)


def _waiter_after_read() -> AbstractContextManager[Any]:
    return patch.object(Place, "registers_first", new=False)


def _retry_never() -> AbstractContextManager[Any]:
    real = Engine._work

    def work(self: Engine, view: View, now: Now) -> list[Effect]:
        return [] if now.mono < self._retry_at else real(self, view, now)

    return patch.object(Engine, "_work", work)


def _retry_without_jitter() -> AbstractContextManager[Any]:
    real = Engine._failed

    def failed(self: Engine, trouble: Trouble, now: Now) -> None:
        drawn, self.random = self.random, lambda: 0.999
        real(self, trouble, now)
        self.random = drawn

    return patch.object(Engine, "_failed", failed)


def _retry_at_once() -> AbstractContextManager[Any]:
    real = Engine._failed

    def failed(self: Engine, trouble: Trouble, now: Now) -> None:
        real(self, trouble, now)
        self._retry_at = now.mono

    return patch.object(Engine, "_failed", failed)


def _digest_of_the_server_believed() -> AbstractContextManager[Any]:
    def compare(self: Engine, view: View, now: Now) -> None:
        head = self._uncompared
        if head is None or view.waiting or view.cursor != head.next:
            return
        self._uncompared = None
        self.store.compared(equal=True, wall_ms=now.wall)
        self.road = replace(self.road, equal=True, equal_at=now.wall)

    return patch.object(Engine, "_compare", compare)


def _own_words_left_out_by_device() -> AbstractContextManager[Any]:
    real = feed.after

    def after(connection: Connection, cursor: int, **given: Any) -> Page:
        page = real(connection, cursor, **given)
        return page._replace(placed=[one for one in page.placed if one.device != given["device"]])

    return patch.object(feed, "after", after)


def _clock_as_cursor() -> AbstractContextManager[Any]:
    real, newest = feed.after, dict[str, str]()

    def after(connection: Connection, cursor: int, **given: Any) -> Page:
        page = real(connection, cursor, **given)
        past = newest.get(given["device"], "")
        kept = [one for one in page.placed if stamp_of(one.body) >= past]
        newest[given["device"]] = max([past, *(stamp_of(one.body) for one in kept)])
        return page._replace(placed=kept)

    return patch.object(feed, "after", after)


def _everybody_sees_everything() -> AbstractContextManager[Any]:
    real = feed.after

    def after(connection: Connection, cursor: int, **given: Any) -> Page:
        return real(connection, cursor, **{**given, "audiences": ["an_giang", "hanoi", *given["audiences"]]})

    return patch.object(feed, "after", after)


def _group_split_on_a_page() -> AbstractContextManager[Any]:
    def cut(rows: Sequence[Any], limit: int, _max_bytes: int) -> int:
        return min(len(rows), limit)

    return patch.object(feed, "_cut", cut)


def _group_split_while_folding() -> AbstractContextManager[Any]:
    def chunks(placed: Sequence[Placed], size: int) -> list[tuple[Sequence[Placed], bool]]:
        starts = range(0, max(1, len(placed)), size)
        return [(placed[start : start + size], start + size >= len(placed)) for start in starts]

    return patch("sync.engine.in_chunks", chunks)


def _last_writer_wins() -> AbstractContextManager[Any]:
    def put(self: FieldState, version: str, head: Head) -> None:
        if version not in self.gone and version > max(self.heads, default=""):
            self.heads = {version: head}

    return patch.object(FieldState, "put", put)


def _conflict_not_shown() -> AbstractContextManager[Any]:
    return patch.object(Fold, "_siblings", lambda *_given: [])


def _told_twice_said_twice() -> AbstractContextManager[Any]:
    def put(self: FieldState, version: str, head: Head) -> None:
        self.heads[version] = head

    return patch.object(FieldState, "put", put)


def _held_never_released() -> AbstractContextManager[Any]:
    return patch.object(Fold, "_released", lambda *_given: [])


def _late_grant_releases_nothing() -> AbstractContextManager[Any]:
    return patch.object(Replica, "_retry_granted", lambda *_given: None)


def _released_keep_their_number() -> AbstractContextManager[Any]:
    def number(_self: Replica, connection: Connection, released: Sequence[Placed]) -> int:
        log = tables.log.c
        for one in released:
            connection.execute(
                tables.log.update()
                .where(log.device == one.device, log.incarnation == one.incarnation, log.n == one.n)
                .values(held=None)
            )
        return 0

    return patch.object(Replica, "_number_anew", number)


def _rights_not_asked() -> AbstractContextManager[Any]:
    real = Replica.accept

    def accept(self: Replica, connection: Connection, peer: Any, *given: Any, **named: Any) -> Any:
        return real(self, connection, replace(peer, authority=True), *given, **named)

    return patch.object(Replica, "accept", accept)


MUTANTS: Mapping[str, Mutant] = {
    "cursor saved before rows": Mutant(_cursor_before_rows, frozenset({"crash"})),
    "acknowledgement of another lineage believed": Mutant(_ack_of_another_lineage, frozenset({"centre restored"})),
    "fork taken for done": Mutant(_fork_taken_for_done, frozenset({"cloned"})),
    "fork keeps the cursor": Mutant(_fork_keeps_the_cursor, frozenset({"cloned"})),
    "twin ahead not seen": Mutant(_twin_ahead_not_seen, frozenset({"cloned"})),
    "outbox trimmed on push": Mutant(_outbox_trimmed_on_push),
    "back-fill forgotten": Mutant(_back_fill_forgotten, frozenset({"granted"})),
    "waiter after read": Mutant(_waiter_after_read),
    "retry never": Mutant(_retry_never),
    "retry without jitter": Mutant(_retry_without_jitter, frozenset({"line cut"})),
    "retry at once": Mutant(_retry_at_once, frozenset({"line cut"})),
    "digest of the server believed": Mutant(_digest_of_the_server_believed),
    "own words left out by device": Mutant(_own_words_left_out_by_device, frozenset({"cloned"})),
    "clock used as cursor": Mutant(_clock_as_cursor, frozenset({"clock steps"})),
    "everybody sees everything": Mutant(_everybody_sees_everything, frozenset({"granted"})),
    "group split on a page": Mutant(_group_split_on_a_page),
    "group split while folding": Mutant(_group_split_while_folding),
    "last writer wins": Mutant(_last_writer_wins),
    "conflict not shown": Mutant(_conflict_not_shown),
    "told twice, said twice": Mutant(_told_twice_said_twice, frozenset({"cloned"})),
    "held never released": Mutant(_held_never_released, frozenset({"centre restored"})),
    "late grant releases nothing": Mutant(_late_grant_releases_nothing, frozenset({"told by telephone"})),
    "released keep their number": Mutant(_released_keep_their_number, frozenset({"told by telephone"})),
    "rights not asked": Mutant(_rights_not_asked, frozenset({"told by telephone"})),
    "given up but kept": Mutant(dossier_faults.given_up_but_kept, frozenset({"passes on"})),
    "given up without a word": Mutant(dossier_faults.given_up_without_a_word, frozenset({"passes on"})),
    "never given up": Mutant(dossier_faults.never_given_up, frozenset({"passes on"})),
    "late words not flagged": Mutant(dossier_faults.late_words_not_flagged, frozenset({"writes on"})),
    "late words held for ever": Mutant(dossier_faults.late_words_held_for_ever, frozenset({"writes on"})),
    "passed on without a grant": Mutant(dossier_faults.passed_on_without_a_grant, frozenset({"passes on"})),
    "review not counted": Mutant(dossier_faults.review_not_counted, frozenset({"writes on"})),
    "erased comes back": Mutant(dossier_faults.erased_comes_back, frozenset({"centre erases"})),
    "erased stays in the log": Mutant(dossier_faults.erased_stays_in_the_log, frozenset({"centre erases"})),
    "taken by the hub, said to be at the centre": Mutant(
        hub_faults.taken_for_arrived, frozenset({"hub dies for good"})
    ),
    "the hub passes nothing on": Mutant(hub_faults.never_passed_on, frozenset({"hub"})),
    "moved without meeting": Mutant(hub_faults.moved_without_meeting, frozenset({"hub"})),
    "a dead hub is never left": Mutant(hub_faults.dead_hub_never_left, frozenset({"hub dies for good"})),
    "never back to the hub": Mutant(hub_faults.never_back_to_the_hub, frozenset({"hub"})),
    "the hub does not hear whose a dossier is": Mutant(hub_faults.grants_believed_by_guess, frozenset({"hub"})),
    "withdrawn stays at the hub": Mutant(hub_faults.wiped_at_the_hub_no_more, frozenset({"hub", "passes on"})),
    "named by a stick counts as come": Mutant(
        errand_faults.named_by_a_stick_counts_as_come, frozenset({"writes a stick"})
    ),
    "audited from the beginning": Mutant(errand_faults.audited_from_the_beginning, frozenset({"audited"})),
    "the hub passes over a page": Mutant(hub_faults.page_passed_over, frozenset({"hub"})),
    "a file let go of when the hub has it": Mutant(
        file_faults.let_go_when_the_hub_has_it, frozenset({"files", "hub"})
    ),
    "a file sent is a file arrived": Mutant(file_faults.sent_is_arrived, frozenset({"files"})),
    "files not offered to a restored centre": Mutant(
        file_faults.restored_centre_not_offered_anew, frozenset({"files", "centre restored"})
    ),
    "an erased file's chunks stay at the desk": Mutant(
        file_faults.erased_chunks_left_at_the_desk, frozenset({"files", "centre erases"})
    ),
    "an erased file's chunks stay at the centre": Mutant(
        file_faults.erased_chunks_left_at_the_centre, frozenset({"files", "centre erases"})
    ),
    "a file given up stays at the hub": Mutant(
        file_faults.given_up_chunks_left_at_the_hub, frozenset({"files", "hub", "passes on"})
    ),
    "a file given up stays at the desk": Mutant(
        file_faults.given_up_copies_kept, frozenset({"files", "passes on"})
    ),
}
"""Every one must be killed within 300 seeds; `killed.json` keeps the seeds that did."""
