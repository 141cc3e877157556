"""The short ways of a bulk write and answer what the long ways would: records begun, and pages of own words alone."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from domain.records.fields import Merge
from domain.records.kinds import KINDS
from sync.operation import APPEND, CREATE, ERASE, PATCH, RESOLVE, RETRACT, Body, Placed, encode_body
from sync.replica import feed, node, scopes, sql, tables
from sync.replica.changes import Folded
from sync.replica.fold import Fold
from sync.replica.replica import Replica
from sync.replica.sums import one_audience
from tests.conftest import Rounds
from tests.sync.nodes import Node, call, contact

Make = Callable[[], Engine]


def _founded(desk: Node, number: int = 1, **values: object) -> None:
    act = desk.act()
    act.create(scopes.dossier(f"contact-{number}"), contact(number, **values))
    act.create(scopes.centre(desk.centre), call(number, contact_id=f"contact-{number}"))
    desk.write(act)


class Watched(Fold):
    """A fold that counts what went its short way and what the long one, or (`short` False) never goes it."""

    def __init__(self, *, short: bool) -> None:
        super().__init__()
        self._short = short
        self.gone = {"short": 0, "long": 0, "mixed": 0}

    def _begin(self, connection: Connection, decoded: list[Any], result: Folded) -> list[Any]:
        rest = super()._begin(connection, decoded, result) if self._short else decoded
        self.gone["mixed" if 0 < len(rest) < len(decoded) else "long" if rest else "short"] += 1
        return rest


class Writers:
    """Makes operations of every sort upon few records, most of them plain beginnings; numbers and stamps rise."""

    def __init__(self, drawn: random.Random) -> None:
        self._drawn = drawn
        self._n = 0
        self._stamps: list[str] = []

    def batch(self, number: int) -> list[Placed]:
        """What one round folds: records of this round's own names, sometimes of the round before."""
        wild = self._drawn.random() < 0.6
        return [self._placed(self._body(number, wild=wild)) for _ in range(self._drawn.randint(1, 12))]

    def _placed(self, body: bytes) -> Placed:
        self._n += 1
        return Placed("ag01", 1, self._n, self._n, b"salt", body, self._n)

    def _body(self, number: int, *, wild: bool) -> bytes:
        d, n = self._drawn, self._n
        if wild and d.random() < 0.03:
            return b"no operation"
        name = d.choice(["contact", "call", "note", "case"])
        id_ = f"{name}-{number}-{n}"
        action = CREATE
        if wild and d.random() < 0.5:
            name, id_ = "call", f"one-{number - d.randint(0, 1)}"
            action = d.choice([CREATE, CREATE, APPEND, PATCH, PATCH, RETRACT, RESOLVE, "later"])
        kind = KINDS[name]
        few = sorted(kind.fields)[:4] if id_.startswith("one") else sorted(kind.fields)
        fields = d.sample(few, min(len(few), d.randint(1, 5)))
        values = {field: self._value(field) for field in fields if kind.fields[field].merge is not Merge.SET}
        adds = {f: d.sample("abc", 2) for f in fields if kind.fields[f].merge is Merge.SET}
        strange = wild and d.random() < 0.1
        stamp = f"{1_000_000 + n:012x}{0:08x}.abcdef01"
        body = Body(
            kind="stranger" if strange else name,
            id=id_,
            scope="dossier:other" if wild and d.random() < 0.1 else "dossier:1",
            data_class="P2",
            action=ERASE if wild and d.random() < 0.03 else action,
            staff="tvv",
            schema=1,
            stamp=stamp,
            values=values,
            adds=adds,
            bases={f: d.sample(self._stamps[-9:], 1) for f in values if self._stamps and action != CREATE},
            ranks={f: d.randint(-1, 3) for f in values if wild and d.random() < 0.1},
        )
        self._stamps.append(stamp)
        return encode_body(body)

    def _value(self, field: str) -> Any:
        d = self._drawn
        return d.choice(["chữ", 'a"b', 7, True, None, ["x"]]) if d.random() < 0.05 else _fitting(d, field)


def _fitting(drawn: random.Random, field: str) -> Any:
    for name in ("contact", "call", "note", "case"):
        if field in KINDS[name].fields:
            number, text = drawn.randint(0, 9), f"chữ {drawn.randint(0, 9)}"
            return {"text": text, "integer": number, "boolean": True}.get(KINDS[name].fields[field].column.value, {})
    raise AssertionError(field)


def test_any_batch_folds_to_the_same_rows_the_short_way_and_the_long_way(
    fresh_engine: Make, rounds: Rounds
) -> None:
    short, long = Node(fresh_engine()), Node(fresh_engine())
    ways = Watched(short=True), Watched(short=False)
    for node_, way in zip((short, long), ways, strict=True):
        node_.replica = Replica(way, os.urandom, one_audience)
    seed = random.SystemRandom().getrandbits(32)
    writers = Writers(random.Random(seed))
    for number in range(rounds(800)):
        batch = writers.batch(number)
        told = [node_.fold(batch) for node_ in (short, long)]
        assert _said(told[0]) == _said(told[1]), f"seed {seed}, round {number}"
        assert short.fold(batch).held == long.fold(batch).held, f"seed {seed}, round {number} again"
        if number % 20 == 19:
            assert _everything(short) == _everything(long), f"seed {seed}, round {number}"
            for node_ in (short, long):
                node_.run(lambda c: sql.run(c, "DELETE FROM waiting"))  # what waits closes the short way
    assert short.digests() == long.digests(), f"seed {seed}"
    assert min(ways[0].gone.values()) > 5, ways[0].gone
    rows = _everything(short)
    for table in (tables.records["contact"].name, "sibling", "said_by", "parked_record", "erased"):
        assert rows[table], table


def _said(folded: Folded) -> tuple[Any, ...]:
    rows = {(c.kind, c.id): (c.scope, _filled(c.before), _filled(c.after)) for c in folded.changes}
    return len(folded.changes), rows, folded.deltas, folded.held, folded.released, folded.erased


def _filled(row: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (row or {}).items() if value is not None}


def _everything(of: Node) -> dict[str, list[Any]]:
    """All rows of all tables."""

    def rows(connection: Connection) -> dict[str, list[Any]]:
        found = {t.name: connection.execute(t.select()).all() for t in tables.metadata.sorted_tables}
        return {name: sorted(map(repr, lines)) for name, lines in found.items()}

    return of.run(rows)


def test_after_own_words_alone_the_cursor_moves_and_nothing_of_others_is_passed_over(fresh_engine: Make) -> None:
    centre = Node(fresh_engine(), "centre", "ref", serving=True)
    one, other = Node(fresh_engine(), "ag01"), Node(fresh_engine(), "ag02")
    for who, first, last in ((one, 1, 3), (other, 4, 5), (one, 6, 9), (other, 10, 10), (one, 11, 12)):
        before = len(who.outbox())
        for number in range(first, last + 1):
            _founded(who, number)
        who.push_to(centre, who.outbox(before))
    top = centre.run(node.feed)
    told: set[int] = set()
    for asker, incarnation in ((one, 1), (one, 2), (other, 1)):
        me = (asker.device, incarnation)
        mine = {placed.seq for placed in _all(centre) if (placed.device, placed.incarnation) == me}
        for cursor in range(top + 1):
            page = centre.run(partial(_after, cursor=cursor, device=asker.device, incarnation=incarnation))
            seen = [placed.seq for placed in page.placed]
            assert seen == [seq for seq in range(cursor + 1, top + 1) if seq not in mine]
            assert (page.next, page.more) == (top, False)
            told.add(len(seen))
    assert {0, top} <= told


def _after(connection: Connection, *, cursor: int, device: str, incarnation: int) -> feed.Page:
    return feed.after(connection, cursor, device=device, incarnation=incarnation, audiences=["an_giang", "ref"])


def _all(centre: Node) -> list[Placed]:
    return centre.run(partial(_after, cursor=0, device="", incarnation=0)).placed
